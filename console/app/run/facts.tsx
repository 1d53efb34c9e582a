import type { ReactNode } from "react";
import { Link } from "react-router";
import type { Run } from "../api/schemas.ts";
import { Count, Duration, Moment } from "../components/moment.tsx";
import { useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { useApp } from "../routes/app.tsx";

/** When a run was, for how long, by what, and for how much. */
export function Facts({ run }: { readonly run: Run }) {
  const text = useText();
  const app = useApp();
  const facts: readonly (readonly [string, ReactNode])[] = [
    [text.runs.started, <Moment key="started" at={run.started_at} />],
    [text.runs.duration, run.duration_ms === null ? text.none : <Duration key="duration" milliseconds={run.duration_ms} />],
    [
      text.runs.trigger,
      // Of a run that another app's end started, the parent is that app's.
      <span key="trigger">
        {text.trigger[run.trigger]}
        {run.parent_id === null || run.trigger === "app" ? null : (
          <Link
            to={paths.run(app.workspace_id, app.id, run.parent_id)}
            className="block text-xs font-normal text-accent underline underline-offset-4"
          >
            {text.runs.parentRun}
          </Link>
        )}
      </span>,
    ],
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

/** Why a run failed, and at which node. That one was cancelled, its status says. */
export function Failure({ run: { status, error } }: { readonly run: Pick<Run, "status" | "error"> }) {
  const text = useText();
  if (error === null || status === "cancelled") return null;
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
      <p className="mt-1 wrap-anywhere">{error.message}</p>
    </div>
  );
}
