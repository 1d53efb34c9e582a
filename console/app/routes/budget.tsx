import { data, Form } from "react-router";
import { z } from "zod";
import { readOne, writeOnly } from "../api/client.server.ts";
import { budgetSchema } from "../api/schemas.ts";
import { Submit } from "../components/button.tsx";
import { Card } from "../components/card.tsx";
import { TextField } from "../components/field.tsx";
import { MeterBar } from "../components/meter-bar.tsx";
import { Moment } from "../components/moment.tsx";
import { Title } from "../components/page.tsx";
import { ProblemNote, Warning } from "../components/problem.tsx";
import { redirectWithFlash } from "../flash.ts";
import { entry, readForm } from "../form.ts";
import { useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/budget.ts";
import { useApp } from "./app.tsx";
import { useWorkspace } from "./workspace.tsx";

const budgetPath = (appId: string) => `/apps/${encodeURIComponent(appId)}/budget`;

/** Empty is no limit. */
const units = entry.transform((text) => (text === "" ? null : Number(text))).pipe(z.int().min(0).nullable());
const entries = z.object({ requests: units, tokens: units });

export function loader({ params, context }: Route.LoaderArgs) {
  return readOne(context.get(visitContext), budgetPath(params.appId), budgetSchema);
}

export async function action({ params, request, context }: Route.ActionArgs) {
  const visit = context.get(visitContext);
  const entered = entries.safeParse(await readForm(request));
  if (!entered.success) return data({ problem: null }, { status: 422 });
  const saved = await writeOnly(visit, { method: "PUT", path: budgetPath(params.appId), body: entered.data });
  if (saved.ok) return redirectWithFlash(visit, paths.budget(params.workspaceId, params.appId), "budget_saved");
  return data({ problem: saved.problem }, { status: saved.problem.status });
}

export default function Budget({ loaderData: budget, actionData }: Route.ComponentProps) {
  const text = useText();
  const app = useApp();
  const { may } = useWorkspace();
  const fixed = !may("billing:manage");
  return (
    <div className="flex max-w-3xl flex-col gap-6">
      <Title>{[text.budget.title, app.name]}</Title>
      <Card title={text.budget.title} lead={text.budget.lead}>
        <Form method="post">
          <fieldset disabled={fixed} className="flex flex-col gap-5">
            {actionData?.problem ? <ProblemNote problem={actionData.problem} /> : null}
            {actionData?.problem === null ? <Warning>{text.budget.incomplete}</Warning> : null}
            <div className="grid gap-4 sm:grid-cols-2">
              <Units name="requests" label={text.budget.requests} limit={budget.requests} />
              <Units name="tokens" label={text.budget.tokens} limit={budget.tokens} />
            </div>
            {fixed ? null : (
              <div>
                <Submit intent="save">{text.budget.save}</Submit>
              </div>
            )}
          </fieldset>
        </Form>
      </Card>
      <Card title={text.budget.used}>
        {budget.meters === null ? (
          <p className="text-sm text-ink-soft">{text.budget.none}</p>
        ) : (
          <>
            <p className="mb-4 text-sm text-ink-soft">
              <Moment at={budget.period_start} day /> – <Moment at={budget.period_end} day />
            </p>
            <ul className="flex flex-col gap-6">
              <li>
                <MeterBar meter="requests" {...budget.meters.requests} />
              </li>
              <li>
                <MeterBar meter="tokens" {...budget.meters.tokens} />
              </li>
            </ul>
          </>
        )}
      </Card>
    </div>
  );
}

function Units({ name, label, limit }: { readonly name: string; readonly label: string; readonly limit: number | null }) {
  const text = useText();
  const number = { type: "number", min: 0, step: 1, inputMode: "numeric" } as const;
  return <TextField label={label} hint={text.budget.hint} name={name} {...number} defaultValue={limit ?? ""} />;
}
