import { data, Form } from "react-router";
import { z } from "zod";
import { writeOnly } from "../api/client.server.ts";
import { Submit } from "../components/button.tsx";
import { Card } from "../components/card.tsx";
import { TextField } from "../components/field.tsx";
import { Moment } from "../components/moment.tsx";
import { Heading, Title } from "../components/page.tsx";
import { ProblemNote } from "../components/problem.tsx";
import { redirectWithFlash } from "../flash.ts";
import { entry, readForm } from "../form.ts";
import { useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/settings.ts";
import { useWorkspace } from "./workspace.tsx";

const entries = z.object({ name: entry });

export async function action({ params, request, context }: Route.ActionArgs) {
  const visit = context.get(visitContext);
  const { name } = entries.parse(await readForm(request));
  const path = `/workspaces/${encodeURIComponent(params.workspaceId)}`;
  const saved = await writeOnly(visit, { method: "PATCH", path, body: { name } });
  if (saved.ok) return redirectWithFlash(visit, paths.settings(params.workspaceId), "workspace_saved");
  return data(saved.problem, { status: saved.problem.status });
}

export default function Settings({ actionData }: Route.ComponentProps) {
  const text = useText();
  const { workspace, may } = useWorkspace();
  return (
    <div className="flex max-w-2xl flex-col gap-6">
      <Title>{[text.settings.title, workspace.name]}</Title>
      <Heading title={text.settings.title} />
      <Card title={text.settings.workspace}>
        <Form method="post">
          <fieldset disabled={!may("workspace:update")} className="flex flex-col gap-5">
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
            {may("workspace:update") ? (
              <div>
                <Submit intent="save">{text.settings.save}</Submit>
              </div>
            ) : null}
          </fieldset>
        </Form>
      </Card>
    </div>
  );
}
