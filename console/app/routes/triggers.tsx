import { data, Form, Link } from "react-router";
import { z } from "zod";
import { readOne, readPage, write, writeOnly } from "../api/client.server.ts";
import { signingSecretSchema, type Trigger, triggerSchema } from "../api/trigger-schemas.ts";
import { TRIGGER_TYPES } from "../api/words.ts";
import { ButtonLink, Switch } from "../components/button.tsx";
import { Confirm } from "../components/dialog.tsx";
import { Moment } from "../components/moment.tsx";
import { Empty, Title } from "../components/page.tsx";
import { Pager, pageQuery } from "../components/pager.tsx";
import { ProblemNote } from "../components/problem.tsx";
import { type Column, Rows } from "../components/rows.tsx";
import { redirectWithFlash } from "../flash.ts";
import { entry, readForm } from "../form.ts";
import { useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { CallbackSigning } from "../triggers/callback-signing.tsx";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/triggers.ts";
import { useApp } from "./app.tsx";
import { useWorkspace } from "./workspace.tsx";

const entries = z.object({ intent: z.enum(["switch", "delete", "show", "rotate"]), row: entry, to: entry });

export function loader({ params, context }: Route.LoaderArgs) {
  const visit = context.get(visitContext);
  return readPage(visit, `/apps/${encodeURIComponent(params.appId)}/triggers${pageQuery(visit.url)}`, triggerSchema);
}

export async function action({ params, request, context }: Route.ActionArgs) {
  const visit = context.get(visitContext);
  const { intent, row, to } = entries.parse(await readForm(request));
  const app = `/apps/${encodeURIComponent(params.appId)}`;
  const list = paths.triggers(params.workspaceId, params.appId);
  if (intent === "show") {
    const { secret } = await readOne(visit, `${app}/signing-secret`, signingSecretSchema);
    return data({ problem: null, secret });
  }
  if (intent === "rotate") {
    const made = await write(visit, { method: "POST", path: `${app}/signing-secret/rotate`, body: {} }, signingSecretSchema);
    return made.ok
      ? data({ problem: null, secret: made.data.secret })
      : data({ problem: made.problem, secret: null }, { status: made.problem.status });
  }
  const path = `${app}/triggers/${encodeURIComponent(row)}`;
  const done =
    intent === "delete"
      ? await writeOnly(visit, { method: "DELETE", path })
      : await writeOnly(visit, { method: "PATCH", path, body: { enabled: to === "on" } });
  if (done.ok) return redirectWithFlash(visit, list, intent === "delete" ? "trigger_deleted" : "trigger_saved");
  return data({ problem: done.problem, secret: null }, { status: done.problem.status });
}

export default function Triggers({ loaderData: page, actionData }: Route.ComponentProps) {
  const text = useText();
  const app = useApp();
  const { may } = useWorkspace();
  const add = may("apps:edit") ? <NewTriggers /> : null;
  return (
    <div className="flex flex-col gap-6">
      <Title>{[text.triggers.title, app.name]}</Title>
      {actionData?.problem ? <ProblemNote problem={actionData.problem} /> : null}
      {page.data.length === 0 ? (
        <Empty title={text.triggers.empty} lead={text.triggers.emptyLead}>
          {add}
        </Empty>
      ) : (
        <>
          <p className="text-sm text-ink-soft">{text.triggers.lead}</p>
          <TriggerRows triggers={page.data} />
          {add}
        </>
      )}
      <Pager next={page.next_cursor} />
      {may("apps:edit") ? <CallbackSigning secret={actionData?.secret ?? null} /> : null}
    </div>
  );
}

/** The ways to start an app, as links to their forms. */
function NewTriggers() {
  const text = useText();
  const app = useApp();
  return (
    <ul className="mx-auto grid w-full max-w-3xl gap-3 text-start sm:grid-cols-3">
      {TRIGGER_TYPES.map((type) => (
        <li key={type}>
          <Link
            to={paths.newTrigger(app.workspace_id, app.id, type)}
            className="block h-full rounded-xl border border-line bg-surface p-4 hover:border-accent"
          >
            <span className="block text-sm font-medium">{text.triggers.newTitle[type]}</span>
            <span className="mt-1 block text-sm text-ink-soft">{text.triggers.types[type].about}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function TriggerRows({ triggers }: { readonly triggers: readonly Trigger[] }) {
  const text = useText();
  const app = useApp();
  const { may } = useWorkspace();
  const nameOf = (trigger: Trigger) => trigger.name || text.triggers.types[trigger.type].name;
  const columns: Column<Trigger>[] = [
    {
      header: text.triggers.name,
      kind: "title",
      cell: (trigger) => (
        <>
          <Link to={paths.trigger(app.workspace_id, app.id, trigger.id)} className="hover:text-accent hover:underline">
            {nameOf(trigger)}
          </Link>
          {trigger.name ? <span className="block text-sm font-normal text-ink-soft">{text.triggers.types[trigger.type].name}</span> : null}
        </>
      ),
    },
    { header: text.triggers.what, cell: (trigger) => <What trigger={trigger} /> },
    {
      header: text.triggers.next,
      cell: ({ next_fire_at, ...trigger }) =>
        next_fire_at === null ? (
          text.none
        ) : (
          <Moment at={next_fire_at} {...(trigger.type === "schedule" ? { zone: trigger.config.timezone } : {})} />
        ),
    },
    {
      header: text.triggers.last,
      cell: ({ last_fired_at }) => (last_fired_at === null ? text.triggers.never : <Moment at={last_fired_at} />),
    },
    { header: text.triggers.on, cell: (trigger) => <OnOff trigger={trigger} name={nameOf(trigger)} /> },
    {
      header: text.app.more,
      kind: "actions",
      cell: (trigger) =>
        may("apps:edit") ? (
          <span className="flex flex-wrap justify-end gap-1">
            <ButtonLink look="quiet" to={paths.trigger(app.workspace_id, app.id, trigger.id)}>
              {text.triggers.edit}
            </ButtonLink>
            <Confirm
              trigger={text.triggers.delete}
              look="quiet"
              title={text.triggers.deleteTitle(nameOf(trigger))}
              body={text.triggers.deleteBody}
              confirm={text.triggers.delete}
              intent="delete"
              row={trigger.id}
              danger
            />
          </span>
        ) : null,
    },
  ];
  return <Rows label={text.triggers.title} columns={columns} items={triggers} keyOf={({ id }) => id} />;
}

function What({ trigger }: { readonly trigger: Trigger }) {
  const text = useText();
  switch (trigger.type) {
    case "schedule":
      return text.triggers.schedule(trigger.config.cron, trigger.config.timezone);
    case "webhook":
      return text.triggers.modes[trigger.config.mode].name;
    case "app":
      return text.triggers.follows(trigger.config.app, trigger.config.on.map((status) => text.triggers.statuses[status]).join(", "));
  }
}

/** A form of one switch, so that it works without scripts. */
function OnOff({ trigger, name }: { readonly trigger: Trigger; readonly name: string }) {
  const text = useText();
  const { may } = useWorkspace();
  return (
    <Form method="post" className="inline-flex">
      <input type="hidden" name="row" value={trigger.id} />
      <input type="hidden" name="to" value={trigger.enabled ? "off" : "on"} />
      <Switch
        intent="switch"
        on={trigger.enabled}
        disabled={!may("apps:edit")}
        label={trigger.enabled ? text.triggers.switchOff(name) : text.triggers.switchOn(name)}
      />
    </Form>
  );
}
