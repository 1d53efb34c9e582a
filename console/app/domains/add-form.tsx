import { Form } from "react-router";
import { faultAt, type Problem } from "../api/problem.ts";
import { CERTIFICATE_METHODS } from "../api/words.ts";
import { Submit } from "../components/button.tsx";
import { Card } from "../components/card.tsx";
import { Choice, TextField } from "../components/field.tsx";
import { useText } from "../i18n/use-text.ts";

interface AddFormProps {
  readonly problem: Problem | null;
  readonly entered: { readonly hostname: string; readonly www: boolean; readonly certificate_method: string };
}

/** The form of a new claim. Only the name is needed; the rest is folded away. */
export function AddForm({ problem, entered }: AddFormProps) {
  const text = useText();
  return (
    <Card title={text.domains.add}>
      <Form method="post" className="flex max-w-xl flex-col gap-5">
        <TextField
          label={text.domains.hostname}
          hint={text.domains.addHint}
          error={faultAt(problem, "hostname")}
          name="hostname"
          required
          maxLength={253}
          placeholder="shop.example.com"
          inputMode="url"
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
          defaultValue={entered.hostname}
        />
        <Choice type="checkbox" name="www" label={text.domains.www} about={text.domains.wwwAbout} defaultChecked={entered.www} />
        <details {...(entered.certificate_method === "http" ? {} : { open: true })}>
          <summary className="text-sm font-medium">{text.domains.method}</summary>
          <div className="mt-3">
            <MethodChoices chosen={entered.certificate_method} />
          </div>
        </details>
        <div>
          <Submit intent="add">{text.domains.addSubmit}</Submit>
        </div>
      </Form>
    </Card>
  );
}

export function MethodChoices({ chosen }: { readonly chosen: string }) {
  const text = useText();
  return (
    <div role="radiogroup" aria-label={text.domains.method} className="grid gap-2">
      {CERTIFICATE_METHODS.map((method) => (
        <Choice
          key={method}
          type="radio"
          name="certificate_method"
          value={method}
          defaultChecked={method === chosen}
          label={text.domains.methods[method].name}
          about={text.domains.methods[method].about}
        />
      ))}
    </div>
  );
}
