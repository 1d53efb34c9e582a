import { z } from "zod";
import { readOne, write, writeOnly } from "../api/client.server.ts";
import type { Problem } from "../api/problem.ts";
import { type Preview, previewSchema, runSchema } from "../api/schemas.ts";
import { type FlashKey, redirectWithFlash } from "../flash.ts";
import { ownPath } from "../own-path.ts";
import { paths } from "../paths.ts";
import type { Visit } from "../visit.ts";
import { answerFields, DECISIONS, type Decision } from "./answer-form.ts";
import { runPath } from "./read-run.server.ts";

/** What a page shows of something that was asked of a run and did not lead to another page. */
export type RunActed =
  | { readonly about: "run"; readonly problem: Problem }
  | { readonly about: "question"; readonly node: string; readonly problem: Problem; readonly entered: Readonly<Record<string, string>> }
  | { readonly about: "preview"; readonly value: string; readonly problem: Problem | null; readonly preview: Preview | null };

const intents = z.object({ intent: z.enum([...DECISIONS, "cancel", "replay", "preview"]), row: z.string().optional() });

/** The run that is meant, and where the forms of its page lead on to. */
interface Place {
  readonly workspaceId: string;
  readonly appId: string;
  readonly runId: string;
}

/** Does what a form about a run says: answers a question, cancels, runs it again, tries an expression. */
export function actOnRun(visit: Visit, place: Place, form: Readonly<Record<string, string>>): Promise<Response | RunActed> {
  const { intent, row } = intents.parse(form);
  switch (intent) {
    case "cancel":
      return cancel(visit, place, form);
    case "replay":
      return replay(visit, place, row);
    case "preview":
      return preview(visit, place, form["value"] ?? "");
    case "approved":
    case "rejected":
      return answer(visit, place, { decision: intent, node: row ?? "", form });
  }
}

/** Back to where the form was, which may be another page of ours that shows the run. */
function back(visit: Visit, { workspaceId, appId, runId }: Place, next: string | undefined, key: FlashKey): Response {
  return redirectWithFlash(visit, ownPath(next, paths.run(workspaceId, appId, runId)), key);
}

async function cancel(visit: Visit, place: Place, { next }: Readonly<Record<string, string>>): Promise<Response | RunActed> {
  const cancelled = await writeOnly(visit, { method: "POST", path: `${runPath(place.runId)}/cancel`, body: {} });
  return cancelled.ok ? back(visit, place, next, "run_cancelled") : { about: "run", problem: cancelled.problem };
}

async function replay(visit: Visit, place: Place, node: string | undefined): Promise<Response | RunActed> {
  const body = node ? { from_node: node } : {};
  const made = await write(visit, { method: "POST", path: `${runPath(place.runId)}/replay`, body }, z.object({ id: z.string() }));
  if (!made.ok) return { about: "run", problem: made.problem };
  return redirectWithFlash(visit, paths.run(place.workspaceId, place.appId, made.data.id), "run_replayed");
}

interface Answer {
  readonly decision: Decision;
  readonly node: string;
  readonly form: Readonly<Record<string, string>>;
}

async function answer(visit: Visit, place: Place, { decision, node, form }: Answer): Promise<Response | RunActed> {
  const { waiting } = await readOne(visit, runPath(place.runId), runSchema);
  const question = waiting?.find(({ node_id }) => node_id === node);
  const path = `${runPath(place.runId)}/signals/${encodeURIComponent(node)}`;
  const fields = question ? answerFields(question, form) : {};
  const given = await writeOnly(visit, { method: "POST", path, body: { decision, fields } });
  if (given.ok) return back(visit, place, form["next"], "answered");
  // Once answered, the question is gone from the page, and with it the place at which a refusal would be shown.
  return question ? { about: "question", node, problem: given.problem, entered: form } : { about: "run", problem: given.problem };
}

async function preview(visit: Visit, place: Place, value: string): Promise<RunActed> {
  const tried = await write(visit, { method: "POST", path: `${runPath(place.runId)}/preview`, body: { value } }, previewSchema);
  if (tried.ok) return { about: "preview", value, problem: null, preview: tried.data };
  return { about: "preview", value, problem: tried.problem, preview: null };
}

/** The status that an answer with this has. */
export function statusOf(acted: RunActed): number {
  return acted.problem?.status ?? 200;
}
