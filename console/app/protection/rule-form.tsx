import { Form } from "react-router";
import { faultAt, type Problem } from "../api/problem.ts";
import { RULE_KINDS, RULE_MATCHES } from "../api/words.ts";
import { Submit } from "../components/button.tsx";
import { Card } from "../components/card.tsx";
import { SelectField, TextField } from "../components/field.tsx";
import { useText } from "../i18n/use-text.ts";

/** A form for a new rule about visitors. What was typed stays when it is refused. */
export function RuleForm({ problem }: { readonly problem: Problem | null }) {
  const { protection: text } = useText();
  return (
    <Card title={text.add}>
      <Form method="post" className="grid gap-4 sm:grid-cols-2">
        <SelectField label={text.kind} name="kind">
          {RULE_KINDS.map((kind) => (
            <option key={kind} value={kind}>
              {text.kinds[kind]}
            </option>
          ))}
        </SelectField>
        <SelectField label={text.scope} name="scope">
          <option value="app">{text.thisApp}</option>
          <option value="workspace">{text.allApps}</option>
        </SelectField>
        <SelectField label={text.matchType} name="match_type">
          {RULE_MATCHES.map((match) => (
            <option key={match} value={match}>
              {text.matches[match]}
            </option>
          ))}
        </SelectField>
        <TextField
          label={text.value}
          hint={text.valueHint}
          error={faultAt(problem, "match")}
          name="value"
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
        />
        <TextField label={text.reason} error={faultAt(problem, "reason")} name="reason" maxLength={200} />
        <TextField
          label={text.hours}
          hint={text.hoursHint}
          error={faultAt(problem, "expires_at")}
          name="hours"
          type="number"
          min={1}
          step={1}
          inputMode="numeric"
        />
        <div className="sm:col-span-2">
          <Submit intent="add">{text.addSubmit}</Submit>
        </div>
      </Form>
    </Card>
  );
}
