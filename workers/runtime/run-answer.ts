import type { Context } from "#platform/context";
import { acceptedRun, answerOf, findRun, hasEnded, patienceOf, type RunAnswer, type VisitorRun } from "#runtime";
import type { AskedRun } from "./ask-run.ts";
import type { BegunRun, GoingRun } from "./begin-run.ts";
import { sessionHeaders } from "./visit.ts";

function patience({ version, preferences }: AskedRun): number {
  return patienceOf(preferences, version.content.config.timeout_ms);
}

/** The run as far as its caller waits for it, or `null` when nothing is known but that it was accepted. */
export async function awaitRun(ctx: Context, asked: AskedRun, { runId, repeated }: GoingRun): Promise<VisitorRun | null> {
  const { visit, session, apiKeyId, version } = asked;
  const waitMs = patience(asked);
  const isNew = !repeated && version.content.config.concurrency === undefined;
  if (waitMs === 0 && isNew) return null;
  try {
    return (await findRun(ctx, visit.route, runId, { session, apiKeyId }, waitMs)).run;
  } catch (error) {
    // It was accepted, so its answer cannot fail any more: it tells where the run can be read later.
    ctx.log.error("an accepted run could not be read", error, { run_id: runId });
    return null;
  }
}

/** The headers of every answer to a run that was asked for. */
export function answerHeaders({ visit, session, preferences }: AskedRun, begun: BegunRun): Headers {
  const headers = new Headers({ ...begun.headers, ...sessionHeaders(visit, session), "Cache-Control": "no-store" });
  if (preferences.async) headers.set("Preference-Applied", "respond-async");
  if (begun.kind === "going" && begun.repeated) headers.set("Idempotency-Replayed", "true");
  return headers;
}

/** Where a run can be read, as a path. */
export function runPath({ visit }: Pick<AskedRun, "visit">, runId: string): string {
  return `${visit.target.base}/runs/${runId}`;
}

/** The answer in JSON: the run once it has ended, else what is known of it and where to look again. */
export async function runAnswer(ctx: Context, asked: AskedRun, begun: BegunRun): Promise<Response> {
  const headers = answerHeaders(asked, begun);
  const answered = (data: RunAnswer, status: number) => Response.json({ data }, { status, headers });
  if (begun.kind === "answered") return answered(begun.answer, 200);
  const run = (await awaitRun(ctx, asked, begun)) ?? acceptedRun(begun.runId);
  const data = answerOf(run, asked.session.token);
  // Whoever did not want to wait is always told where to look, though the run may have ended long ago.
  if (hasEnded(run) && patience(asked) > 0) return answered(data, 200);
  headers.set("Location", runPath(asked, begun.runId));
  return answered(data, 202);
}
