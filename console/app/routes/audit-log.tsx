import { Form, useSearchParams } from "react-router";
import { readPage } from "../api/client.server.ts";
import { type AuditLog, auditLogSchema } from "../api/schemas.ts";
import { auditQuery } from "../audit-query.ts";
import { Button, ButtonLink } from "../components/button.tsx";
import { TextField } from "../components/field.tsx";
import { Moment } from "../components/moment.tsx";
import { Empty, Heading, Title } from "../components/page.tsx";
import { Pager, pageQuery } from "../components/pager.tsx";
import { type Column, Rows } from "../components/rows.tsx";
import { useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/audit-log.ts";
import { useWorkspace } from "./workspace.tsx";

export async function loader({ params, context }: Route.LoaderArgs) {
  const visit = context.get(visitContext);
  const query = auditQuery(visit.url.searchParams).toString();
  const path = `/workspaces/${encodeURIComponent(params.workspaceId)}/audit-logs${pageQuery(visit.url)}`;
  const page = await readPage(visit, query === "" ? path : `${path}&${query}`, auditLogSchema);
  return { page, query };
}

export default function AuditLogPage({ loaderData: { page, query } }: Route.ComponentProps) {
  const text = useText();
  const { workspace } = useWorkspace();
  const empty =
    query === ""
      ? { title: text.audit.empty, lead: text.audit.emptyLead }
      : { title: text.audit.emptyFiltered, lead: text.audit.emptyFilteredLead };
  return (
    <div className="flex flex-col gap-6">
      <Title>{[text.audit.title, workspace.name]}</Title>
      <Heading title={text.audit.title} lead={text.audit.lead}>
        <Download format="csv" label={text.audit.csv} />
        <Download format="ndjson" label={text.audit.ndjson} />
      </Heading>
      <Filter key={query} filtered={query !== ""} />
      {page.data.length === 0 ? <Empty {...empty} /> : <Entries entries={page.data} />}
      <Pager next={page.next_cursor} />
    </div>
  );
}

/** What is shown, whole, as a file. */
function Download({ format, label }: { readonly format: string; readonly label: string }) {
  const { workspace } = useWorkspace();
  const [search] = useSearchParams();
  const query = new URLSearchParams(search);
  query.delete("cursor");
  query.set("format", format);
  return (
    <ButtonLink to={`${paths.audit(workspace.id)}/download?${query}`} reloadDocument>
      {label}
    </ButtonLink>
  );
}

/** Asks by the page's address, so that what is found can be handed on. */
function Filter({ filtered }: { readonly filtered: boolean }) {
  const text = useText();
  const [search] = useSearchParams();
  const field = (name: string) => ({ name, defaultValue: search.get(name) ?? "" });
  return (
    <Form method="get" className="grid gap-3 sm:grid-cols-3 lg:grid-cols-6 lg:items-end" aria-label={text.audit.filter}>
      <TextField label={text.audit.who} placeholder="usr_…" {...field("actor")} />
      <TextField label={text.audit.action} placeholder="app.published" {...field("action")} />
      <TextField label={text.audit.target} placeholder="app" {...field("target_type")} />
      <TextField label={text.audit.targetId} placeholder="app_…" {...field("target_id")} />
      <TextField label={text.audit.from} type="date" {...field("from")} />
      <TextField label={text.audit.to} type="date" {...field("to")} />
      <div className="flex flex-wrap gap-2 sm:col-span-3 lg:col-span-6">
        <Button type="submit">{text.audit.filter}</Button>
        {filtered ? <ButtonLink to="?">{text.audit.clear}</ButtonLink> : null}
      </div>
    </Form>
  );
}

function Entries({ entries }: { readonly entries: readonly AuditLog[] }) {
  const text = useText();
  const columns: Column<AuditLog>[] = [
    { header: text.audit.when, kind: "title", cell: (entry) => <Moment at={entry.created_at} /> },
    {
      header: text.audit.who,
      cell: (entry) => <Named name={entry.actor_name ?? text.audit.actors[entry.actor_type]} id={entry.actor_id} />,
    },
    { header: text.audit.action, cell: (entry) => <span className="font-mono text-xs">{entry.action}</span> },
    { header: text.audit.target, cell: (entry) => <Named name={entry.target_type} id={entry.target_id} /> },
    { header: text.audit.change, cell: (entry) => <Change entry={entry} /> },
  ];
  return <Rows label={text.audit.title} columns={columns} items={entries} keyOf={({ id }) => id} />;
}

function Named({ name, id }: { readonly name: string; readonly id: string | null }) {
  return (
    <>
      <span className="block">{name}</span>
      {id === null ? null : <code className="block font-mono text-xs break-all text-ink-soft">{id}</code>}
    </>
  );
}

function Change({ entry: { before, after } }: { readonly entry: AuditLog }) {
  const text = useText();
  const parts = [
    { label: text.audit.before, value: before },
    { label: text.audit.after, value: after },
  ].filter(({ value }) => value !== null && value !== undefined);
  if (parts.length === 0) return text.none;
  return (
    <details>
      <summary className="cursor-pointer text-accent">{text.audit.show}</summary>
      {parts.map(({ label, value }) => (
        <div key={label} className="mt-2">
          <span className="text-xs text-ink-soft">{label}</span>
          <pre className="max-w-md overflow-x-auto rounded-lg bg-sunken p-2 font-mono text-xs">{JSON.stringify(value, null, 2)}</pre>
        </div>
      ))}
    </details>
  );
}
