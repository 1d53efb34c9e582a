import { useEffect, useRef } from "react";
import { Link } from "react-router";
import { GOING } from "../api/words.ts";
import { RunStatus } from "../components/badge.tsx";
import { Code } from "../components/code.tsx";
import { Timeline } from "../components/timeline.tsx";
import { useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { useApp } from "../routes/app.tsx";
import { Failure } from "../run/facts.tsx";
import { underWay } from "../run/live-nodes.ts";
import { Questions } from "../run/questions.tsx";
import type { ShownRun } from "../run/read-run.server.ts";
import { CancelButton, NodeButtons } from "../run/run-buttons.tsx";
import { useLiveRun } from "../run/use-live-run.ts";

/** A test beside its form: how far it is, what it gave, and what each step did. */
export function TestResult({ run, nodes, asked }: ShownRun) {
  const text = useText();
  const app = useApp();
  const heard = useLiveRun(run);
  const going = GOING.includes(run.status);
  const live = going ? underWay(heard, nodes) : [];
  const top = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // On a phone it is below the form. Newer browsers answer with a promise, which must not become the effect's clean-up.
    top.current?.scrollIntoView({ block: "nearest" });
  }, []);
  return (
    <div className="flex flex-col gap-5">
      <div ref={top} className="flex scroll-my-6 flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <h2 className="flex items-center gap-3 text-base font-semibold">
          {text.test.result}
          <span role="status">
            <RunStatus status={run.status} />
          </span>
        </h2>
        <div className="flex flex-wrap items-center gap-3">
          <CancelButton run={run} />
          <Link to={paths.run(app.workspace_id, app.id, run.id)} className="text-sm text-accent underline underline-offset-4">
            {text.test.open}
          </Link>
        </div>
      </div>
      {going ? <p className="text-sm text-ink-soft">{text.runs.live}</p> : null}
      <Questions run={run} workspaceId={app.workspace_id} asked={asked} acted={undefined} />
      <Failure run={run} />
      {run.outputs ? <Code label={text.runs.outputs} value={run.outputs} /> : null}
      {nodes.length + live.length === 0 ? null : (
        <section>
          <h3 className="mb-2 text-sm font-semibold">{text.runs.nodes}</h3>
          <Timeline nodes={nodes} live={live} buttons={(node) => <NodeButtons run={run} nodeId={node} />} />
        </section>
      )}
    </div>
  );
}
