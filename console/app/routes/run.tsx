import type { ReactNode } from "react";
import { data, Link } from "react-router";
import { readIfAllowed } from "../api/client.server.ts";
import { callbackSchema } from "../api/trigger-schemas.ts";
import { GOING } from "../api/words.ts";
import { RunStatus } from "../components/badge.tsx";
import { Code } from "../components/code.tsx";
import { Title } from "../components/page.tsx";
import { ProblemNote } from "../components/problem.tsx";
import { Timeline } from "../components/timeline.tsx";
import { readForm } from "../form.ts";
import { useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { actOnRun, statusOf } from "../run/act-on-run.server.ts";
import { Callbacks } from "../run/callbacks.tsx";
import { Facts, Failure } from "../run/facts.tsx";
import { underWay } from "../run/live-nodes.ts";
import { PreviewBox } from "../run/preview-box.tsx";
import { Questions } from "../run/questions.tsx";
import { readRun, runPath } from "../run/read-run.server.ts";
import { CancelButton, NodeButtons, ReplayButton } from "../run/run-buttons.tsx";
import { useLiveRun } from "../run/use-live-run.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/run.ts";
import { useApp } from "./app.tsx";

export async function loader({ params, context }: Route.LoaderArgs) {
  const visit = context.get(visitContext);
  const [shown, callbacks] = await Promise.all([
    readRun(visit, params, params.runId),
    readIfAllowed(visit, `${runPath(params.runId)}/callbacks`, callbackSchema),
  ]);
  return { ...shown, callbacks };
}

export async function action({ params, request, context }: Route.ActionArgs) {
  const acted = await actOnRun(context.get(visitContext), params, await readForm(request));
  return acted instanceof Response ? acted : data(acted, { status: statusOf(acted) });
}

export default function RunPage({ loaderData, actionData }: Route.ComponentProps) {
  // What the page has heard is of one run only.
  return <OneRun key={loaderData.run.id} {...loaderData} acted={actionData} />;
}

type OneRunProps = Route.ComponentProps["loaderData"] & { readonly acted: Route.ComponentProps["actionData"] };

function OneRun({ run, nodes, callbacks, asked, acted }: OneRunProps) {
  const text = useText();
  const app = useApp();
  const live = underWay(useLiveRun(run), nodes);
  const going = GOING.includes(run.status);
  return (
    <div className="flex flex-col gap-6">
      <Title>{[text.runs.run, app.name]}</Title>
      <div className="flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
        <div className="min-w-0">
          <Link to={paths.runs(app.workspace_id, app.id)} className="text-sm text-ink-soft hover:text-ink hover:underline">
            ← {text.runs.all}
          </Link>
          <h2 className="mt-2 flex flex-wrap items-center gap-x-3 gap-y-1 font-mono text-sm break-all">
            {run.id}
            <span className="font-sans" role="status">
              <RunStatus status={run.status} />
            </span>
          </h2>
          {going ? <p className="mt-1 text-sm text-ink-soft">{text.runs.live}</p> : null}
        </div>
        <div className="flex flex-wrap gap-2">
          <CancelButton run={run} />
          <ReplayButton run={run} />
        </div>
      </div>
      {acted?.about === "run" ? <ProblemNote problem={acted.problem} /> : null}
      <Questions run={run} workspaceId={app.workspace_id} asked={asked} acted={acted} />
      <Facts run={run} />
      <Failure run={run} />
      <div className="grid gap-6 *:min-w-0 lg:grid-cols-2">
        <Part title={text.runs.inputs}>
          <Code label={text.runs.inputs} value={run.inputs ?? null} />
        </Part>
        <Part title={text.runs.outputs}>
          <Code label={text.runs.outputs} value={run.outputs ?? null} />
        </Part>
      </div>
      <Part title={text.runs.nodes} lead={text.runs.nodesLead}>
        {nodes.length + live.length === 0 ? (
          <p className="text-sm text-ink-soft">{text.runs.noNodes}</p>
        ) : (
          <Timeline nodes={nodes} live={going ? live : []} buttons={(node) => <NodeButtons run={run} nodeId={node} replayable />} />
        )}
      </Part>
      <Callbacks callbacks={callbacks} />
      <PreviewBox acted={acted} />
    </div>
  );
}

interface PartProps {
  readonly title: string;
  readonly lead?: string;
  readonly children: ReactNode;
}

function Part({ title, lead, children }: PartProps) {
  return (
    <section>
      <h2 className="text-base font-semibold">{title}</h2>
      {lead ? <p className="text-sm text-ink-soft">{lead}</p> : null}
      <div className="mt-3">{children}</div>
    </section>
  );
}
