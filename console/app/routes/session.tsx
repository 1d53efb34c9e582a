import { data, Link } from "react-router";
import { readOne, readPage, writeOnly } from "../api/client.server.ts";
import { type RunSummary, runSummarySchema } from "../api/schemas.ts";
import { sessionDetailSchema } from "../api/session-schemas.ts";
import { RunStatus } from "../components/badge.tsx";
import { Card } from "../components/card.tsx";
import { Confirm } from "../components/dialog.tsx";
import { Count, Moment } from "../components/moment.tsx";
import { Title } from "../components/page.tsx";
import { Pager, pageQuery } from "../components/pager.tsx";
import { ProblemNote } from "../components/problem.tsx";
import { type Column, Rows } from "../components/rows.tsx";
import { redirectWithFlash } from "../flash.ts";
import { useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { ConversationView } from "../session/conversation.tsx";
import { SessionState } from "../session/state.tsx";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/session.ts";
import { useApp } from "./app.tsx";
import { useWorkspace } from "./workspace.tsx";

function pathOf({ appId, sessionId }: Route.LoaderArgs["params"]): string {
  return `/apps/${encodeURIComponent(appId)}/sessions/${encodeURIComponent(sessionId)}`;
}

export async function loader({ params, context }: Route.LoaderArgs) {
  const visit = context.get(visitContext);
  const ofSession = `${pageQuery(visit.url)}&session_id=${encodeURIComponent(params.sessionId)}`;
  const [session, runs] = await Promise.all([
    readOne(visit, pathOf(params), sessionDetailSchema),
    readPage(visit, `/apps/${encodeURIComponent(params.appId)}/runs${ofSession}`, runSummarySchema),
  ]);
  return { session, runs };
}

export async function action({ params, context }: Route.ActionArgs) {
  const visit = context.get(visitContext);
  const ended = await writeOnly(visit, { method: "POST", path: `${pathOf(params)}/end` });
  if (ended.ok) return redirectWithFlash(visit, paths.session(params.workspaceId, params.appId, params.sessionId), "session_ended");
  return data(ended.problem, { status: ended.problem.status });
}

export default function Session({ loaderData: { session, runs }, actionData }: Route.ComponentProps) {
  const text = useText();
  const app = useApp();
  const { may } = useWorkspace();
  return (
    <div className="flex flex-col gap-6">
      <Title>{[text.sessions.session, app.name]}</Title>
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-0">
          <Link to={paths.sessions(app.workspace_id, app.id)} className="text-sm text-ink-soft hover:text-ink hover:underline">
            ← {text.sessions.all}
          </Link>
          <h2 className="mt-2 flex flex-wrap items-center gap-x-3 gap-y-1 font-mono text-sm break-all">
            {session.id}
            <span className="font-sans">
              <SessionState session={session} />
            </span>
          </h2>
        </div>
        {may("runs:manage") && session.ended_at === null ? (
          <Confirm
            trigger={text.sessions.end}
            look="danger"
            title={text.sessions.endTitle}
            body={text.sessions.endBody}
            confirm={text.sessions.end}
            intent="end"
            danger
          />
        ) : null}
      </div>
      {actionData ? <ProblemNote problem={actionData} /> : null}
      <Card title={text.sessions.conversation} lead={text.sessions.conversationLead}>
        <ConversationView conversation={session.conversation} />
      </Card>
      <SessionRuns runs={runs.data} />
      <Pager next={runs.next_cursor} />
    </div>
  );
}

function SessionRuns({ runs }: { readonly runs: readonly RunSummary[] }) {
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
    { header: text.runs.tokens, kind: "number", cell: (run) => <Count value={run.usage.total_tokens} /> },
  ];
  return (
    <section className="flex flex-col gap-3">
      <h2 className="text-base font-semibold">{text.sessions.runs}</h2>
      <Rows label={text.sessions.runs} columns={columns} items={runs} keyOf={({ id }) => id} />
    </section>
  );
}
