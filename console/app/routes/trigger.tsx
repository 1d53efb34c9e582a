import { data, Form, Link } from "react-router";
import { readOne, write, writeOnly } from "../api/client.server.ts";
import type { Problem } from "../api/problem.ts";
import { newTriggerSchema, type Trigger, triggerSchema } from "../api/trigger-schemas.ts";
import { Submit } from "../components/button.tsx";
import { Card } from "../components/card.tsx";
import { CopyField } from "../components/code.tsx";
import { Confirm } from "../components/dialog.tsx";
import { Title } from "../components/page.tsx";
import { ProblemNote } from "../components/problem.tsx";
import { redirectWithFlash } from "../flash.ts";
import { sentForm } from "../form.ts";
import { catalogue } from "../i18n/locale.ts";
import { useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { readOffers } from "../triggers/offers.server.ts";
import { readTriggerForm, type TriggerEntries } from "../triggers/read-trigger-form.ts";
import { TRIGGER_PATHS, TriggerFields } from "../triggers/trigger-fields.tsx";
import { WebhookSecret } from "../triggers/webhook-secret.tsx";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/trigger.ts";
import { useApp } from "./app.tsx";
import { useWorkspace } from "./workspace.tsx";

function triggerPath({ appId, triggerId }: { readonly appId: string; readonly triggerId: string }): string {
  return `/apps/${encodeURIComponent(appId)}/triggers/${encodeURIComponent(triggerId)}`;
}

export async function loader({ params, context }: Route.LoaderArgs) {
  const visit = context.get(visitContext);
  const trigger = await readOne(visit, triggerPath(params), triggerSchema);
  return { trigger, offers: await readOffers(visit, trigger.type, params.workspaceId, params.appId) };
}

export async function action({ params, request, context }: Route.ActionArgs) {
  const visit = context.get(visitContext);
  const path = triggerPath(params);
  const list = paths.triggers(params.workspaceId, params.appId);
  const form = await sentForm(request);
  const intent = form.get("intent");
  if (intent === "delete") {
    const deleted = await writeOnly(visit, { method: "DELETE", path });
    return deleted.ok ? redirectWithFlash(visit, list, "trigger_deleted") : refused(deleted.problem);
  }
  if (intent === "rotate") {
    const made = await write(visit, { method: "POST", path: `${path}/rotate-secret`, body: {} }, newTriggerSchema);
    return made.ok ? data({ problem: null, entered: undefined, secret: made.data.secret ?? null }) : refused(made.problem);
  }
  const { type } = await readOne(visit, path, triggerSchema);
  const read = readTriggerForm(type, form, catalogue(visit.locale));
  if (!read.ok) return refused(read.problem, read.entered);
  const saved = await writeOnly(visit, { method: "PATCH", path, body: read.body });
  return saved.ok ? redirectWithFlash(visit, list, "trigger_saved") : refused(saved.problem, read.entered);
}

function refused(problem: Problem, entered?: TriggerEntries) {
  return data({ problem, entered, secret: null }, { status: problem.status });
}

/** A trigger as its form shows it. */
function entriesOf({ name, enabled, config: { inputs, ...config } }: Trigger): TriggerEntries {
  const given = inputs === undefined || Object.keys(inputs).length === 0 ? "" : JSON.stringify(inputs, null, 2);
  return { name, enabled, inputs: given, ...config };
}

export default function TriggerPage({ loaderData: { trigger, offers }, actionData }: Route.ComponentProps) {
  const text = useText();
  const app = useApp();
  const { may } = useWorkspace();
  const title = trigger.name || text.triggers.types[trigger.type].name;
  return (
    <div className="flex max-w-3xl flex-col gap-6">
      <Title>{[title, app.name]}</Title>
      <Link to={paths.triggers(app.workspace_id, app.id)} className="self-start text-sm text-ink-soft hover:text-ink hover:underline">
        ← {text.triggers.all}
      </Link>
      {actionData?.secret && trigger.url ? <WebhookSecret url={trigger.url} secret={actionData.secret} /> : null}
      {trigger.url ? <Address url={trigger.url} /> : null}
      <Card title={title} lead={text.triggers.types[trigger.type].about}>
        <Form method="post">
          <fieldset disabled={!may("apps:edit")} className="flex flex-col gap-5">
            {actionData?.problem ? <ProblemNote problem={actionData.problem} fields={TRIGGER_PATHS} /> : null}
            <TriggerFields
              type={trigger.type}
              offers={offers}
              entered={actionData?.entered ?? entriesOf(trigger)}
              problem={actionData?.problem ?? undefined}
            />
            {may("apps:edit") ? (
              <div>
                <Submit intent="save">{text.triggers.save}</Submit>
              </div>
            ) : null}
          </fieldset>
        </Form>
      </Card>
    </div>
  );
}

function Address({ url }: { readonly url: string }) {
  const text = useText();
  const { may } = useWorkspace();
  return (
    <Card title={text.triggers.address} lead={text.triggers.addressLead}>
      <div className="flex flex-col gap-4">
        <CopyField label={text.triggers.address} value={url} />
        {may("apps:edit") ? (
          <div>
            <Confirm
              trigger={text.triggers.rotate}
              title={text.triggers.rotateTitle}
              body={text.triggers.rotateBody}
              confirm={text.triggers.rotate}
              intent="rotate"
              danger
            />
          </div>
        ) : null}
      </div>
    </Card>
  );
}
