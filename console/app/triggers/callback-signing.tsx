import { Form } from "react-router";
import { Submit } from "../components/button.tsx";
import { Card } from "../components/card.tsx";
import { CopyField } from "../components/code.tsx";
import { Confirm } from "../components/dialog.tsx";
import { useText } from "../i18n/use-text.ts";

/** The secret that signs an app's callbacks: not on the page until somebody asks for it. */
export function CallbackSigning({ secret }: { readonly secret: string | null }) {
  const text = useText();
  return (
    <Card title={text.signing.title} lead={text.signing.lead}>
      <div className="flex flex-col gap-4">
        {secret === null ? null : (
          <div role="status">
            <p className="mb-2 text-sm">{text.signing.secretLead}</p>
            <CopyField label={text.signing.secretTitle} value={secret} />
          </div>
        )}
        <div className="flex flex-wrap gap-2">
          {secret === null ? (
            <Form method="post">
              <Submit intent="show" look="secondary">
                {text.signing.show}
              </Submit>
            </Form>
          ) : null}
          <Confirm
            trigger={text.signing.rotate}
            title={text.signing.rotateTitle}
            body={text.signing.rotateBody}
            confirm={text.signing.rotate}
            intent="rotate"
            danger
          />
        </div>
      </div>
    </Card>
  );
}
