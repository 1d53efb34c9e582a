import { type ReactNode, useEffect } from "react";
import { data, Link, useRevalidator } from "react-router";
import { readOne, readPage } from "../api/client.server.ts";
import { nodeLogSchema, type Run, type RunError, runSchema } from "../api/schemas.ts";
import { RunStatus } from "../components/badge.tsx";
import { Code } from "../components/code.tsx";
import { Count, Duration, Moment } from "../components/moment.tsx";
import { Title } from "../components/page.tsx";
import { Timeline } from "../components/timeline.tsx";
import { useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/run.ts";
import { useApp } from "./app.tsx";

export async function loader({ params, context }: Route.LoaderArgs) {
  const visit = context.get(visitContext);
  const path = `/runs/${encodeURIComponent(params.runId)}`;
  const [run, nodes] = await Promise.all([readOne(visit, path, runSchema), readPage(visit, `${path}/nodes?limit=100`, nodeLogSchema)]);
  if (run.app_id !== params.appId) throw data({ code: "not_found", requestId: "" }, { status: 404 });
  return { run, nodes: nodes.data };
}

const GOING = ["queued", "running", "waiting"];

/** Looks again every two seconds while the run goes on and somebody is looking. */
function useRefresh(run: Run): boolean {
  const { revalidate } = useRevalidator();
  const going = GOING.includes(run.status);
  useEffect(() => {
    if (!going) return;
    const timer = setInterval(() => document.visibilityState === "visible" && void revalidate(), 2000);
    return () => clearInterval(timer);
  }, [going, revalidate]);
  return going;
}

export default function RunPage({ loaderData: { run, nodes } }: Route.ComponentProps) {
  const text = useText();
  const app = useApp();
  const going = useRefresh(run);
  return (
    <div className="flex flex-col gap-6">
      <Title>{[text.runs.run, app.name]}</Title>
      <div>
        <Link to={paths.runs(app.workspace_id, app.id)} className="text-sm text-ink-soft hover:text-ink hover:underline">
          ← {text.runs.all}
        </Link>
        <h2 className="mt-2 flex flex-wrap items-center gap-x-3 gap-y-1 font-mono text-sm break-all">
          {run.id}
          <span className="font-sans" role="status">
            <RunStatus status={run.status} />
          </span>
        </h2>
        {going ? <p className="mt-1 text-sm text-ink-soft">{text.runs.refreshing}</p> : null}
      </div>
      <Facts run={run} />
      {run.error ? <Failure error={run.error} /> : null}
      <div className="grid gap-6 *:min-w-0 lg:grid-cols-2">
        <Part title={text.runs.inputs}>
          <Code label={text.runs.inputs} value={run.inputs ?? null} />
        </Part>
        <Part title={text.runs.outputs}>
          <Code label={text.runs.outputs} value={run.outputs ?? null} />
        </Part>
      </div>
      <Part title={text.runs.nodes} lead={text.runs.nodesLead}>
        {nodes.length === 0 ? <p className="text-sm text-ink-soft">{text.runs.noNodes}</p> : <Timeline nodes={nodes} />}
      </Part>
    </div>
  );
}

function Part({ title, lead, children }: { readonly title: string; readonly lead?: string; readonly children: ReactNode }) {
  return (
    <section>
      <h2 className="text-base font-semibold">{title}</h2>
      {lead ? <p className="text-sm text-ink-soft">{lead}</p> : null}
      <div className="mt-3">{children}</div>
    </section>
  );
}

function Facts({ run }: { readonly run: Run }) {
  const text = useText();
  const facts: readonly (readonly [string, ReactNode])[] = [
    [text.runs.started, <Moment key="started" at={run.started_at} />],
    [text.runs.duration, run.duration_ms === null ? text.none : <Duration key="duration" milliseconds={run.duration_ms} />],
    [text.runs.trigger, text.trigger[run.trigger]],
    [
      text.runs.tokens,
      <span key="tokens">
        <Count value={run.usage.total_tokens} />
        <span className="block text-xs text-ink-soft">{text.runs.tokenSplit(run.usage.input_tokens, run.usage.output_tokens)}</span>
      </span>,
    ],
  ];
  return (
    <dl className="grid grid-cols-2 gap-px overflow-hidden rounded-2xl border border-line bg-line sm:grid-cols-4">
      {facts.map(([name, value]) => (
        <div key={name} className="bg-surface px-4 py-3">
          <dt className="text-xs text-ink-soft">{name}</dt>
          <dd className="mt-0.5 text-sm font-medium">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Failure({ error }: { readonly error: NonNullable<RunError> }) {
  const text = useText();
  return (
    <div className="rounded-xl border border-danger/40 bg-danger-soft px-4 py-3 text-sm">
      <p className="font-medium text-danger">
        {text.runs.error}: <code className="font-mono">{error.code}</code>
        {error.node_id ? (
          <>
            {" · "}
            {text.runs.node} <code className="font-mono">{error.node_id}</code>
          </>
        ) : null}
      </p>
      <p className="mt-1">{error.message}</p>
    </div>
  );
}
