import { data, Form } from "react-router";
import { z } from "zod";
import { type Write, writeOnly } from "../api/client.server.ts";
import { Submit } from "../components/button.tsx";
import { Card } from "../components/card.tsx";
import { Confirm } from "../components/dialog.tsx";
import { TextField } from "../components/field.tsx";
import { Moment } from "../components/moment.tsx";
import { Heading, Title } from "../components/page.tsx";
import { ProblemNote } from "../components/problem.tsx";
import { type FlashKey, redirectWithFlash } from "../flash.ts";
import { entry, readForm } from "../form.ts";
import { useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/settings.ts";
import { useWorkspace } from "./workspace.tsx";

const entries = z.discriminatedUnion("intent", [
  z.object({ intent: z.literal("save"), name: entry }),
  z.object({ intent: z.literal("delete") }),
  z.object({ intent: z.literal("restore") }),
]);

/** What each intent asks of the API, and what is said once it is done. */
function changeOf(form: z.infer<typeof entries>): { readonly change: Pick<Write, "method" | "body">; readonly done: FlashKey } {
  switch (form.intent) {
    case "save":
      return { change: { method: "PATCH", body: { name: form.name } }, done: "workspace_saved" };
    case "delete":
      return { change: { method: "DELETE" }, done: "workspace_closed" };
    case "restore":
      return { change: { method: "PATCH", body: { status: "active" } }, done: "workspace_restored" };
  }
}

export async function action({ params, request, context }: Route.ActionArgs) {
  const visit = context.get(visitContext);
  const { change, done } = changeOf(entries.parse(await readForm(request)));
  const outcome = await writeOnly(visit, { ...change, path: `/workspaces/${encodeURIComponent(params.workspaceId)}` });
  if (outcome.ok) return redirectWithFlash(visit, paths.settings(params.workspaceId), done);
  return data(outcome.problem, { status: outcome.problem.status });
}

export default function Settings({ actionData }: Route.ComponentProps) {
  const text = useText();
  const { workspace, may } = useWorkspace();
  const isClosed = workspace.status === "deleting";
  return (
    <div className="flex max-w-2xl flex-col gap-6">
      <Title>{[text.settings.title, workspace.name]}</Title>
      <Heading title={text.settings.title} />
      <Card title={text.settings.workspace}>
        <Form method="post">
          <fieldset disabled={!may("workspace:update") || isClosed} className="flex flex-col gap-5">
            {actionData ? <ProblemNote problem={actionData} /> : null}
            <TextField key={workspace.id} label={text.settings.name} name="name" required maxLength={100} defaultValue={workspace.name} />
            <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-2 text-sm">
              <dt className="text-ink-soft">{text.settings.id}</dt>
              <dd className="min-w-0">
                <code className="font-mono break-all">{workspace.id}</code>
                <span className="block text-ink-soft">{text.settings.idHint}</span>
              </dd>
              <dt className="text-ink-soft">{text.settings.slug}</dt>
              <dd className="min-w-0">
                <code className="font-mono break-all">{workspace.slug}</code>
                <span className="block text-ink-soft">{text.settings.slugHint}</span>
              </dd>
              <dt className="text-ink-soft">{text.settings.region}</dt>
              <dd>{workspace.region}</dd>
              <dt className="text-ink-soft">{text.settings.created}</dt>
              <dd>
                <Moment at={workspace.created_at} day />
              </dd>
            </dl>
            {may("workspace:update") && !isClosed ? (
              <div>
                <Submit intent="save">{text.settings.save}</Submit>
              </div>
            ) : null}
          </fieldset>
        </Form>
      </Card>
      {may("workspace:delete") && !isClosed ? (
        <Card title={text.settings.deletion} lead={text.settings.deletionLead}>
          <Confirm
            trigger={text.settings.delete}
            look="danger"
            title={text.settings.deleteTitle(workspace.name)}
            body={text.settings.deleteBody}
            confirm={text.settings.delete}
            danger
            intent="delete"
          />
        </Card>
      ) : null}
    </div>
  );
}
