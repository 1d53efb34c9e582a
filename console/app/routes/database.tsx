import { data, Form, Link } from "react-router";
import { z } from "zod";
import { readIfThere, readPage, writeOnly } from "../api/client.server.ts";
import { DATABASE_PROVIDERS, type Database, type DatabaseTable, databaseSchema, databaseTableSchema } from "../api/schemas.ts";
import { Badge } from "../components/badge.tsx";
import { Submit } from "../components/button.tsx";
import { Card } from "../components/card.tsx";
import { Confirm } from "../components/dialog.tsx";
import { SelectField } from "../components/field.tsx";
import { Moment } from "../components/moment.tsx";
import { Empty, Heading, Title } from "../components/page.tsx";
import { ProblemNote } from "../components/problem.tsx";
import { type Column, Rows } from "../components/rows.tsx";
import { redirectWithFlash } from "../flash.ts";
import { entry, readForm } from "../form.ts";
import { formatBytes } from "../i18n/format-bytes.ts";
import { useLocale, useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/database.ts";
import { useWorkspace } from "./workspace.tsx";

const entries = z.discriminatedUnion("intent", [
  z.object({ intent: z.literal("make"), provider: entry.optional() }),
  z.object({ intent: z.literal("rotate") }),
]);

const databasePath = (workspaceId: string) => `/workspaces/${encodeURIComponent(workspaceId)}/database`;

export async function loader({ params, context }: Route.LoaderArgs) {
  const visit = context.get(visitContext);
  const path = databasePath(params.workspaceId);
  const database = await readIfThere(visit, path, databaseSchema);
  const tables = database?.status === "ready" ? (await readPage(visit, `${path}/tables`, databaseTableSchema)).data : [];
  return { database, tables };
}

export async function action({ params, request, context }: Route.ActionArgs) {
  const visit = context.get(visitContext);
  const form = entries.parse(await readForm(request));
  const path = databasePath(params.workspaceId);
  const page = paths.database(params.workspaceId);
  if (form.intent === "rotate") {
    const rotated = await writeOnly(visit, { method: "POST", path: `${path}/rotate-credentials`, body: {} });
    return rotated.ok ? redirectWithFlash(visit, page, "credentials_rotated") : data(rotated.problem, { status: rotated.problem.status });
  }
  const made = await writeOnly(visit, { method: "POST", path, body: form.provider ? { provider: form.provider } : {} });
  return made.ok ? redirectWithFlash(visit, page, "database_made") : data(made.problem, { status: made.problem.status });
}

export default function DatabasePage({ loaderData: { database, tables }, actionData }: Route.ComponentProps) {
  const text = useText();
  const { workspace, may } = useWorkspace();
  return (
    <div className="flex flex-col gap-6">
      <Title>{[text.database.title, workspace.name]}</Title>
      <Heading title={text.database.title} lead={text.database.lead}>
        {database?.status === "ready" && may("database:manage") ? (
          <Confirm
            trigger={text.database.rotate}
            title={text.database.rotateTitle}
            body={text.database.rotateBody}
            confirm={text.database.rotate}
            intent="rotate"
          />
        ) : null}
      </Heading>
      {actionData ? <ProblemNote problem={actionData} /> : null}
      {database ? <Facts database={database} /> : <NoDatabase />}
      {database?.status === "ready" ? <Tables tables={tables} /> : null}
    </div>
  );
}

function NoDatabase() {
  const text = useText();
  const { may } = useWorkspace();
  return (
    <Empty title={text.database.none} lead={text.database.noneLead}>
      {may("database:manage") ? (
        <Form method="post" className="mx-auto flex max-w-sm flex-col gap-4 text-start">
          <SelectField label={text.database.provider} name="provider">
            <option value="">{text.database.standard}</option>
            {DATABASE_PROVIDERS.map((provider) => (
              <option key={provider} value={provider}>
                {text.database.providers[provider]}
              </option>
            ))}
          </SelectField>
          <Submit intent="make">{text.database.make}</Submit>
        </Form>
      ) : null}
    </Empty>
  );
}

const TONES = { provisioning: "accent", ready: "ok", failed: "danger", suspended: "warn", deleted: "neutral" } as const;

function Facts({ database }: { readonly database: Database }) {
  const text = useText();
  const { may } = useWorkspace();
  const { status, step, storage } = database;
  return (
    <Card>
      <dl className="grid grid-cols-[auto_1fr] items-baseline gap-x-6 gap-y-2 text-sm">
        <dt className="text-ink-soft">{text.database.status}</dt>
        <dd className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <Badge tone={TONES[status]}>{text.database.statuses[status]}</Badge>
          {status === "provisioning" && step ? <span className="text-ink-soft">{text.database.steps[step]}</span> : null}
          {database.error ? <span className="text-danger wrap-anywhere">{database.error}</span> : null}
        </dd>
        <dt className="text-ink-soft">{text.database.provider}</dt>
        <dd>{text.database.providers[database.provider]}</dd>
        <dt className="text-ink-soft">{text.database.name}</dt>
        <dd className="min-w-0">
          <code className="font-mono break-all">{database.name}</code>
        </dd>
        <dt className="text-ink-soft">{text.database.region}</dt>
        <dd>{database.region}</dd>
        <dt className="text-ink-soft">{text.database.storage}</dt>
        <dd>
          <Storage {...storage} />
        </dd>
        <dt className="text-ink-soft">{text.database.created}</dt>
        <dd>
          <Moment at={database.created_at} />
        </dd>
      </dl>
      {status === "failed" && may("database:manage") ? (
        <Form method="post" className="mt-5">
          <Submit intent="make">{text.database.retry}</Submit>
        </Form>
      ) : null}
    </Card>
  );
}

function Storage({ bytes, limit }: Database["storage"]) {
  const text = useText();
  const locale = useLocale();
  if (bytes === null) return <span className="text-ink-soft">{text.database.unmeasured}</span>;
  const used = formatBytes(bytes, locale);
  return <span className="tabular-nums">{limit === null ? used : text.database.of(used, formatBytes(limit, locale))}</span>;
}

function Tables({ tables }: { readonly tables: readonly DatabaseTable[] }) {
  const text = useText();
  const locale = useLocale();
  const { workspace } = useWorkspace();
  const columns: Column<DatabaseTable>[] = [
    {
      header: text.database.table,
      kind: "title",
      cell: ({ name }) => (
        <Link to={paths.databaseTable(workspace.id, name)} className="font-mono break-all hover:underline">
          {name}
        </Link>
      ),
    },
    { header: text.database.columns, kind: "number", cell: (table) => table.columns.length },
    {
      header: text.database.rows,
      kind: "number",
      cell: ({ approximate_rows }) => text.database.about(new Intl.NumberFormat(locale).format(approximate_rows)),
    },
    { header: text.database.size, kind: "number", cell: ({ bytes }) => formatBytes(bytes, locale) },
  ];
  return (
    <section>
      <h2 className="mb-3 text-base font-semibold">{text.database.tables}</h2>
      {tables.length === 0 ? (
        <p className="text-sm text-ink-soft">{text.database.noTables}</p>
      ) : (
        <Rows label={text.database.tables} columns={columns} items={tables} keyOf={({ name }) => name} />
      )}
    </section>
  );
}
