import { Link } from "react-router";
import { readPage } from "../api/client.server.ts";
import { type RunSummary, runSummarySchema } from "../api/schemas.ts";
import { RUN_STATUSES, type RunStatusWord } from "../api/words.ts";
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

export async function loader({ params, context }: Route.LoaderArgs) {
  const visit = context.get(visitContext);
  const status = RUN_STATUSES.find((each) => each === visit.url.searchParams.get("status")) ?? null;
  const filter = status === null ? "" : `&status=${status}`;
  const page = await readPage(visit, `/apps/${encodeURIComponent(params.appId)}/runs${pageQuery(visit.url)}${filter}`, runSummarySchema);
  return { page, status };
}

export default function Runs({ loaderData: { page, status } }: Route.ComponentProps) {
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
  const empty =
    status === null
      ? { title: text.runs.empty, lead: text.runs.emptyLead }
      : { title: text.runs.emptyFiltered, lead: text.runs.emptyFilteredLead };
  return (
    <div className="flex flex-col gap-4">
      <Title>{[text.runs.title, app.name]}</Title>
      <Filter chosen={status} />
      {page.data.length === 0 ? (
        <Empty {...empty} />
      ) : (
        <Rows label={text.runs.title} columns={columns} items={page.data} keyOf={({ id }) => id} />
      )}
      <Pager next={page.next_cursor} />
    </div>
  );
}

/** Links, so that each choice has an address. */
function Filter({ chosen }: { readonly chosen: RunStatusWord | null }) {
  const text = useText();
  return (
    <nav aria-label={text.runs.filter}>
      <ul className="flex flex-wrap gap-1">
        {[null, ...RUN_STATUSES].map((status) => (
          <li key={status}>
            <Link
              to={status === null ? "?" : `?status=${status}`}
              aria-current={status === chosen ? "true" : undefined}
              className="inline-flex min-h-8 items-center rounded-full px-3 text-sm text-ink-soft hover:bg-sunken hover:text-ink aria-[current]:bg-accent-soft aria-[current]:font-medium aria-[current]:text-accent-strong"
            >
              {status === null ? text.runs.any : text.runStatus[status]}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
