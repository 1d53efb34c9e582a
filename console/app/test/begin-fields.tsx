import { useState } from "react";
import { Link } from "react-router";
import { faultAt, type Problem } from "../api/problem.ts";
import type { NodeLog } from "../api/schemas.ts";
import { SelectField, TextArea } from "../components/field.tsx";
import { useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { useApp } from "../routes/app.tsx";
import type { TestedDraft } from "./draft.server.ts";
import { earlierOutputs, readWhat } from "./what.ts";

interface BeginFieldsProps {
  readonly draft: TestedDraft;
  /** What the fields begin with. */
  readonly what: string;
  readonly pinned: string | undefined;
  /** The run that earlier outputs come from. */
  readonly based: { readonly id: string; readonly nodes: readonly NodeLog[] } | null;
  readonly problem: Problem | undefined;
}

/** Where a test begins, and what is taken for done already. */
export function BeginFields({ draft, what: initial, pinned, based, problem }: BeginFieldsProps) {
  const text = useText();
  const [what, setWhat] = useState(initial);
  // Until somebody writes something else, it is what the run gave before the chosen step.
  const [written, setWritten] = useState(pinned);
  const earlier = based === null ? {} : earlierOutputs(readWhat(what), draft, based.nodes);
  const filled = Object.keys(earlier).length === 0 ? "" : JSON.stringify(earlier, null, 2);
  const nodes = draft.nodes.filter(({ type }) => type !== "start");
  return (
    <>
      <SelectField
        label={text.test.what}
        error={faultAt(problem, "from_node") ?? faultAt(problem, "only_node")}
        name="what"
        value={what}
        onChange={(event) => setWhat(event.currentTarget.value)}
      >
        <option value="">{text.test.whole}</option>
        <optgroup label={text.test.from}>
          {nodes.map(({ id, type }) => (
            <option key={id} value={`from:${id}`}>
              {text.test.fromNode(id, type)}
            </option>
          ))}
        </optgroup>
        <optgroup label={text.test.only}>
          {nodes
            .filter(({ type }) => type !== "end")
            .map(({ id, type }) => (
              <option key={id} value={`only:${id}`}>
                {text.test.onlyNode(id, type)}
              </option>
            ))}
        </optgroup>
      </SelectField>
      <details open={what !== "" || Boolean(pinned)}>
        <summary className="text-sm font-medium text-ink-soft hover:text-ink">{text.test.earlier}</summary>
        <div className="mt-3 flex flex-col gap-2">
          <TextArea
            label={text.test.earlier}
            hideLabel
            hint={text.test.earlierHint}
            error={pinnedFaults(problem)}
            name="pinned"
            rows={10}
            code
            value={written ?? filled}
            onChange={(event) => setWritten(event.currentTarget.value)}
          />
          {based === null ? null : <BasedOn runId={based.id} />}
        </div>
      </details>
    </>
  );
}

/** All that is wrong with the given outputs: each has its node, none a field of its own. */
function pinnedFaults(problem: Problem | undefined): string | undefined {
  const faults = problem?.faults.filter(({ path }) => path === "pinned" || path.startsWith("pinned.")) ?? [];
  return faults.length === 0
    ? undefined
    : faults.map(({ path, message }) => `${path.replace(/^pinned\.?/, "")} ${message}`.trim()).join("\n");
}

function BasedOn({ runId }: { readonly runId: string }) {
  const text = useText();
  const app = useApp();
  return (
    <p className="text-sm text-ink-soft">
      <input type="hidden" name="based" value={runId} />
      {text.test.basedOn}{" "}
      <Link to={paths.run(app.workspace_id, app.id, runId)} className="text-accent underline underline-offset-4">
        {text.test.earlierRun}
      </Link>
    </p>
  );
}
