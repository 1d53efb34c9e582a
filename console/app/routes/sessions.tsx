import { Link } from "react-router";
import { readPage } from "../api/client.server.ts";
import { type SessionSummary, sessionSummarySchema } from "../api/session-schemas.ts";
import { Count, Moment } from "../components/moment.tsx";
import { Empty, Title } from "../components/page.tsx";
import { Pager, pageQuery } from "../components/pager.tsx";
import { type Column, Rows } from "../components/rows.tsx";
import { useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { SessionState } from "../session/state.tsx";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/sessions.ts";
import { useApp } from "./app.tsx";

export async function loader({ params, context }: Route.LoaderArgs) {
  const visit = context.get(visitContext);
  return { page: await readPage(visit, `/apps/${encodeURIComponent(params.appId)}/sessions${pageQuery(visit.url)}`, sessionSummarySchema) };
}

export default function Sessions({ loaderData: { page } }: Route.ComponentProps) {
  const text = useText();
  const app = useApp();
  const columns: Column<SessionSummary>[] = [
    {
      header: text.sessions.session,
      kind: "title",
      cell: ({ id }) => (
        <Link to={paths.session(app.workspace_id, app.id, id)} className="font-mono text-xs break-all hover:text-accent hover:underline">
          {id}
        </Link>
      ),
    },
    { header: text.sessions.started, cell: ({ started_at }) => <Moment at={started_at} /> },
    { header: text.sessions.lastSeen, cell: ({ last_seen_at }) => <Moment at={last_seen_at} /> },
    { header: text.sessions.state, cell: (session) => <SessionState session={session} /> },
    { header: text.sessions.runs, kind: "number", cell: ({ runs }) => <Count value={runs} /> },
  ];
  return (
    <div className="flex flex-col gap-4">
      <Title>{[text.sessions.title, app.name]}</Title>
      {page.data.length === 0 ? (
        <Empty title={text.sessions.empty} lead={text.sessions.emptyLead} />
      ) : (
        <Rows label={text.sessions.title} columns={columns} items={page.data} keyOf={({ id }) => id} />
      )}
      <Pager next={page.next_cursor} />
    </div>
  );
}
