import { Form } from "react-router";
import { faultAt } from "../api/problem.ts";
import { Submit } from "../components/button.tsx";
import { Card } from "../components/card.tsx";
import { Code } from "../components/code.tsx";
import { TextArea } from "../components/field.tsx";
import { ProblemNote } from "../components/problem.tsx";
import { useText } from "../i18n/use-text.ts";
import type { RunActed } from "./act-on-run.server.ts";

/** Tries an expression against what a run knows. */
export function PreviewBox({ acted }: { readonly acted: RunActed | undefined }) {
  const text = useText();
  const tried = acted?.about === "preview" ? acted : undefined;
  const fault = faultAt(tried?.problem, "value");
  return (
    <Card title={text.preview.title} lead={text.preview.lead}>
      <Form method="post" preventScrollReset className="flex flex-col gap-4">
        {tried?.problem && fault === undefined ? <ProblemNote problem={tried.problem} /> : null}
        <TextArea
          label={text.preview.value}
          hint={text.preview.hint}
          error={fault}
          name="value"
          required
          rows={2}
          code
          defaultValue={tried?.value}
        />
        <div>
          <Submit intent="preview" look="secondary">
            {text.preview.submit}
          </Submit>
        </div>
        {tried?.preview ? (
          <div role="status">
            <p className="mb-1.5 flex flex-wrap gap-x-3 text-sm">
              <span className="font-medium">{text.preview.result}</span>
              <span className="text-ink-soft">{text.preview.type(tried.preview.type)}</span>
            </p>
            <Code label={text.preview.result} value={tried.preview.value ?? null} />
          </div>
        ) : null}
      </Form>
    </Card>
  );
}
