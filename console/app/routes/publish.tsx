import { data, Form, Link } from "react-router";
import { z } from "zod";
import { writeOnly } from "../api/client.server.ts";
import { Submit } from "../components/button.tsx";
import { Card } from "../components/card.tsx";
import { TextArea } from "../components/field.tsx";
import { Title } from "../components/page.tsx";
import { ProblemNote } from "../components/problem.tsx";
import { PlanSteps } from "../components/schema-plan.tsx";
import { redirectWithFlash } from "../flash.ts";
import { entry, readForm } from "../form.ts";
import { useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/publish.ts";
import { useApp } from "./app.tsx";

const entries = z.object({ changelog: entry, once: entry, confirm: entry });

export function loader() {
  return { once: crypto.randomUUID() };
}

export async function action({ params, request, context }: Route.ActionArgs) {
  const visit = context.get(visitContext);
  const { changelog, once, confirm } = entries.parse(await readForm(request));
  const path = `/apps/${encodeURIComponent(params.appId)}/publish`;
  const body = { ...(changelog !== "" && { changelog }), ...(confirm !== "" && { confirm }) };
  const published = await writeOnly(visit, { method: "POST", path, body, idempotencyKey: once });
  if (published.ok) return redirectWithFlash(visit, paths.app(params.workspaceId, params.appId), "published");
  return data({ problem: published.problem, changelog, once: crypto.randomUUID() }, { status: published.problem.status });
}

export default function Publish({ loaderData, actionData }: Route.ComponentProps) {
  const text = useText();
  const plan = actionData?.problem.plan;
  const app = useApp();
  const editor = paths.app(app.workspace_id, app.id);
  return (
    <div className="max-w-2xl">
      <Title>{[text.publish.title, app.name]}</Title>
      <Card title={text.publish.title} lead={text.publish.lead}>
        <Form method="post" className="flex flex-col gap-5">
          <input type="hidden" name="once" value={actionData?.once ?? loaderData.once} />
          {actionData && plan ? (
            <>
              <input type="hidden" name="confirm" value={plan.hash} />
              <ProblemNote problem={actionData.problem}>
                <p className="mt-1">{text.plan.lead}</p>
              </ProblemNote>
              <PlanSteps plan={plan} />
            </>
          ) : null}
          {actionData && !plan ? (
            <ProblemNote problem={actionData.problem}>
              {actionData.problem.faults.length === 0 ? undefined : (
                <p className="mt-1">
                  <Link to={editor} className="font-medium text-accent underline underline-offset-4">
                    {text.publish.fix}
                  </Link>
                </p>
              )}
            </ProblemNote>
          ) : null}
          <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-1 text-sm">
            <dt className="text-ink-soft">{text.publish.revision}</dt>
            <dd className="tabular-nums">{app.draft_revision}</dd>
            <dt className="text-ink-soft">{text.publish.current}</dt>
            <dd>{app.current_version ? text.apps.versionNumber(app.current_version.number) : text.none}</dd>
          </dl>
          <TextArea
            label={text.publish.changelog}
            hint={text.publish.changelogHint}
            name="changelog"
            rows={3}
            maxLength={2000}
            defaultValue={actionData?.changelog}
          />
          <div>
            <Submit intent="publish" look={plan ? "danger" : "primary"}>
              {plan ? text.plan.submit : text.publish.submit}
            </Submit>
          </div>
        </Form>
      </Card>
    </div>
  );
}
