import { data } from "react-router";
import { z } from "zod";
import { readIfAllowed, readPage, writeOnly } from "../api/client.server.ts";
import { memberSchema, type Version, versionSchema } from "../api/schemas.ts";
import { Badge } from "../components/badge.tsx";
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
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/versions.ts";
import { useApp } from "./app.tsx";
import { useWorkspace } from "./workspace.tsx";

const entries = z.object({ row: entry });

export async function loader({ params, context }: Route.LoaderArgs) {
  const visit = context.get(visitContext);
  const [page, members] = await Promise.all([
    readPage(visit, `/apps/${encodeURIComponent(params.appId)}/versions${pageQuery(visit.url)}`, versionSchema),
    readIfAllowed(visit, `/workspaces/${encodeURIComponent(params.workspaceId)}/members?limit=100`, memberSchema),
  ]);
  return { page, names: Object.fromEntries(members.map(({ user_id, name }) => [user_id, name])) };
}

export async function action({ params, request, context }: Route.ActionArgs) {
  const visit = context.get(visitContext);
  const { row } = entries.parse(await readForm(request));
  const path = `/apps/${encodeURIComponent(params.appId)}/rollback`;
  const outcome = await writeOnly(visit, { method: "POST", path, body: { version_id: row } });
  if (outcome.ok) return redirectWithFlash(visit, paths.versions(params.workspaceId, params.appId), "rolled_back");
  return data(outcome.problem, { status: outcome.problem.status });
}

export default function Versions({ loaderData: { page, names }, actionData }: Route.ComponentProps) {
  const text = useText();
  const app = useApp();
  const { may } = useWorkspace();
  const columns: Column<Version>[] = [
    {
      header: text.versions.number,
      kind: "title",
      cell: (version) => (
        <span className="flex items-center gap-3">
          {text.apps.versionNumber(version.number)}
          {version.is_current && app.status === "published" ? <Badge tone="ok">{text.versions.live}</Badge> : null}
        </span>
      ),
    },
    {
      header: text.versions.changelog,
      cell: ({ changelog }) => (
        <span className={changelog === "" ? "text-ink-soft" : "whitespace-pre-line"}>{changelog || text.versions.noChangelog}</span>
      ),
    },
    { header: text.versions.by, cell: ({ created_by }) => (created_by === null ? text.none : (names[created_by] ?? text.none)) },
    { header: text.versions.created, cell: ({ created_at }) => <Moment at={created_at} /> },
    {
      header: text.app.more,
      kind: "actions",
      cell: (version) => (
        <span className="flex flex-wrap justify-end gap-2">
          <a
            href={paths.versionDownload(app.workspace_id, app.id, version.id)}
            download
            className="inline-flex min-h-9 items-center rounded-lg px-3 text-sm font-medium text-ink-soft hover:bg-sunken hover:text-ink"
          >
            {text.actions.download}
          </a>
          {may("apps:publish") && !version.is_current && app.status === "published" ? (
            <Confirm
              trigger={text.versions.rollback}
              title={text.versions.rollbackTo(version.number)}
              body={text.versions.rollbackBody}
              confirm={text.versions.rollback}
              intent="rollback"
              row={version.id}
            />
          ) : null}
        </span>
      ),
    },
  ];
  return (
    <div className="flex flex-col gap-4">
      <Title>{[text.versions.title, app.name]}</Title>
      {actionData ? <ProblemNote problem={actionData} /> : null}
      {page.data.length === 0 ? (
        <Empty title={text.versions.empty} lead={text.versions.emptyLead} />
      ) : (
        <Rows label={text.versions.title} columns={columns} items={page.data} keyOf={({ id }) => id} />
      )}
      <Pager next={page.next_cursor} />
    </div>
  );
}
