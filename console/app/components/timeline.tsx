import type { ReactNode } from "react";
import type { NodeLog } from "../api/schemas.ts";
import { useText } from "../i18n/use-text.ts";
import type { LiveNode } from "../run/live-nodes.ts";
import { RunStatus } from "./badge.tsx";
import { Code } from "./code.tsx";
import { Duration, Moment } from "./moment.tsx";

interface Stretch {
  readonly start: number;
  readonly length: number;
}

/** Where each node's time lies within the run's, in hundredths of the whole. */
function stretches(nodes: readonly Pick<NodeLog, "started_at" | "duration_ms">[]): Stretch[] {
  const starts = nodes.map((node) => new Date(node.started_at).getTime());
  const first = Math.min(...starts);
  const last = Math.max(...nodes.map((node, index) => (starts[index] ?? first) + node.duration_ms));
  const whole = Math.max(last - first, 1);
  return nodes.map((node, index) => {
    const start = (((starts[index] ?? first) - first) / whole) * 100;
    return { start: Math.min(start, 99), length: Math.max((node.duration_ms / whole) * 100, 1) };
  });
}

interface TimelineProps {
  readonly nodes: readonly NodeLog[];
  /** Nodes that have begun and not ended. */
  readonly live: readonly LiveNode[];
  /** What can be done from a node on. */
  readonly buttons: (nodeId: string) => ReactNode;
}

/** The nodes of a run in the order they started; each unfolds to what went in and what came out. Those under way come last. */
export function Timeline({ nodes, live, buttons }: TimelineProps) {
  const bars = stretches(nodes);
  return (
    <ol className="divide-y divide-line overflow-hidden rounded-2xl border border-line bg-surface">
      {nodes.map((node, index) => (
        <li key={node.seq}>
          <Step node={node} bar={bars[index] ?? { start: 0, length: 100 }} buttons={buttons(node.node_id)} />
        </li>
      ))}
      {live.map((node) => (
        <li key={node.id}>
          <LiveStep node={node} />
        </li>
      ))}
    </ol>
  );
}

const BARS: Readonly<Record<NodeLog["status"], string>> = {
  completed: "fill-accent",
  failed: "fill-danger",
  skipped: "fill-line-strong",
  cancelled: "fill-line-strong",
};

interface StepProps {
  readonly node: NodeLog;
  readonly bar: Stretch;
  readonly buttons: ReactNode;
}

function Step({ node, bar, buttons }: StepProps) {
  const text = useText();
  const tokens = node.input_tokens + node.output_tokens;
  return (
    <details className="group" open={node.status === "failed"}>
      <summary className="grid list-none grid-cols-[1fr_auto] items-center gap-x-4 gap-y-2 px-4 py-3 -outline-offset-2 hover:bg-sunken/50 sm:grid-cols-[minmax(9rem,14rem)_1fr_auto_5rem]">
        <span className="flex min-w-0 items-center gap-2">
          <svg aria-hidden="true" viewBox="0 0 16 16" className="size-4 flex-none text-ink-soft transition-transform group-open:rotate-90">
            <path d="m6 4 4 4-4 4" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" />
          </svg>
          <span className="min-w-0">
            <span className="block truncate font-mono text-sm font-medium">{node.node_id}</span>
            <span className="block truncate text-xs text-ink-soft">{node.node_type}</span>
          </span>
        </span>
        <svg
          aria-hidden="true"
          viewBox="0 0 100 8"
          preserveAspectRatio="none"
          className="order-last col-span-2 h-2 w-full sm:order-none sm:col-span-1"
        >
          <rect x="0" y="3" width="100" height="2" className="fill-sunken" />
          <rect x={bar.start} y="0" width={Math.min(bar.length, 100 - bar.start)} height="8" className={BARS[node.status]} />
        </svg>
        <RunStatus status={node.status} />
        <span className="hidden text-end text-sm text-ink-soft sm:block">
          <Duration milliseconds={node.duration_ms} />
        </span>
      </summary>
      <div className="flex flex-col gap-4 border-t border-line px-4 py-4">
        <p className="flex flex-wrap gap-x-4 text-sm text-ink-soft">
          <span>{text.runs.attempts(node.attempts)}</span>
          {node.port === null ? null : <span>{text.runs.port(node.port)}</span>}
          <Duration milliseconds={node.duration_ms} />
          {tokens > 0 ? <span>{text.runs.tokenSplit(node.input_tokens, node.output_tokens)}</span> : null}
        </p>
        {node.error ? (
          <p className="rounded-xl bg-danger-soft px-4 py-3 text-sm">
            <code className="font-mono font-medium text-danger">{node.error.code}</code> {node.error.message}
          </p>
        ) : null}
        <div className="grid gap-4 *:min-w-0 lg:grid-cols-2">
          <Value title={text.runs.inputs} value={node.inputs} />
          <Value title={text.runs.outputs} value={node.outputs} />
        </div>
        {buttons}
      </div>
    </details>
  );
}

/** A node that is under way, with what it has streamed so far. */
function LiveStep({ node }: { readonly node: LiveNode }) {
  const text = useText();
  return (
    <div aria-busy="true" className="flex flex-col gap-3 px-4 py-3">
      <div className="flex items-center justify-between gap-4">
        <span className="min-w-0 ps-6">
          <span className="block truncate font-mono text-sm font-medium">{node.id}</span>
          <span className="block truncate text-xs text-ink-soft">{node.type}</span>
        </span>
        <RunStatus status={node.until === null ? "running" : "waiting"} />
      </div>
      {node.until === null ? null : (
        <p className="ps-6 text-sm text-ink-soft">
          {text.runs.until} <Moment at={node.until} />
        </p>
      )}
      {node.text === "" ? null : <Code label={text.runs.outputs} value={node.text} />}
    </div>
  );
}

function Value({ title, value }: { readonly title: string; readonly value: unknown }) {
  return (
    <div>
      <h3 className="mb-1.5 text-xs font-medium text-ink-soft">{title}</h3>
      <Code label={title} value={value ?? null} />
    </div>
  );
}
