import { Link } from "react-router";
import { readPage } from "../api/client.server.ts";
import { type RunSummary, runSummarySchema } from "../api/schemas.ts";
import { RunStatus } from "../components/badge.tsx";
import { Count, Duration, Moment } from "../components/moment.tsx";
import { Empty, Title } from "../components/page.tsx";
import { Pager, pageQuery } from "../components/pager.tsx";
import { type Column, Rows } from "../components/rows.tsx";
import { useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/runs.ts";
import { useApp } from "./app.tsx";

export function loader({ params, context }: Route.LoaderArgs) {
  const visit = context.get(visitContext);
  return readPage(visit, `/apps/${encodeURIComponent(params.appId)}/runs${pageQuery(visit.url)}`, runSummarySchema);
}

export default function Runs({ loaderData: page }: Route.ComponentProps) {
  const text = useText();
  const app = useApp();
  const columns: Column<RunSummary>[] = [
    {
      header: text.runs.started,
      kind: "title",
      cell: (run) => (
        <Link to={paths.run(app.workspace_id, app.id, run.id)} className="hover:text-accent hover:underline">
          <Moment at={run.started_at} />
        </Link>
      ),
    },
    { header: text.runs.status, cell: (run) => <RunStatus status={run.status} /> },
    { header: text.runs.trigger, cell: (run) => text.trigger[run.trigger] },
    {
      header: text.runs.duration,
      kind: "number",
      cell: (run) => (run.duration_ms === null ? text.none : <Duration milliseconds={run.duration_ms} />),
    },
    { header: text.runs.tokens, kind: "number", cell: (run) => <Count value={run.usage.total_tokens} /> },
  ];
  return (
    <div className="flex flex-col gap-4">
      <Title>{[text.runs.title, app.name]}</Title>
      {page.data.length === 0 ? (
        <Empty title={text.runs.empty} lead={text.runs.emptyLead} />
      ) : (
        <Rows label={text.runs.title} columns={columns} items={page.data} keyOf={({ id }) => id} />
      )}
      <Pager next={page.next_cursor} />
    </div>
  );
}
