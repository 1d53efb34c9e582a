import { useLocation } from "react-router";
import type { Run } from "../api/schemas.ts";
import { GOING } from "../api/words.ts";
import { ButtonLink } from "../components/button.tsx";
import { Confirm } from "../components/dialog.tsx";
import { useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { useApp } from "../routes/app.tsx";
import { useWorkspace } from "../routes/workspace.tsx";

/** Stops a run that goes on. */
export function CancelButton({ run }: { readonly run: Run }) {
  const text = useText();
  const app = useApp();
  const { may } = useWorkspace();
  const { pathname, search } = useLocation();
  if (!may("runs:manage") || !GOING.includes(run.status)) return null;
  return (
    <Confirm
      trigger={text.runs.cancel}
      look="danger"
      title={text.runs.cancelTitle}
      body={text.runs.cancelBody}
      confirm={text.runs.cancel}
      intent="cancel"
      action={paths.run(app.workspace_id, app.id, run.id)}
      danger
    >
      <input type="hidden" name="next" value={`${pathname}${search}`} />
    </Confirm>
  );
}

/** Makes a run once more, as it was. */
export function ReplayButton({ run }: { readonly run: Run }) {
  const text = useText();
  const { may } = useWorkspace();
  if (!may("runs:create") || GOING.includes(run.status)) return null;
  return (
    <Confirm
      trigger={text.runs.replay}
      title={text.runs.replayTitle}
      body={text.runs.replayBody}
      confirm={text.runs.replay}
      intent="replay"
    />
  );
}

interface NodeButtonsProps {
  readonly run: Run;
  readonly nodeId: string;
  /** Whether the run can be repeated from here by a form of this page. */
  readonly replayable?: boolean;
}

/** Ways to run again from a node, or the node alone. Nodes within loops and other apps have none: a run cannot begin there. */
export function NodeButtons({ run, nodeId, replayable }: NodeButtonsProps) {
  const text = useText();
  const app = useApp();
  const { may } = useWorkspace();
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(nodeId) || GOING.includes(run.status)) return null;
  const test = (what: string) =>
    `${paths.test(app.workspace_id, app.id)}?${new URLSearchParams({ based: run.id, what: `${what}:${nodeId}` })}`;
  return (
    <div className="flex flex-wrap gap-2">
      {replayable && may("runs:create") ? (
        <Confirm
          trigger={text.runs.replayFrom}
          title={text.runs.replayFromTitle(nodeId)}
          body={text.runs.replayFromBody}
          confirm={text.runs.replayFrom}
          intent="replay"
          row={nodeId}
        />
      ) : null}
      {may("apps:edit") ? (
        <>
          <ButtonLink to={test("from")}>{text.runs.testFrom}</ButtonLink>
          <ButtonLink to={test("only")}>{text.runs.testOnly}</ButtonLink>
        </>
      ) : null}
    </div>
  );
}
