import type { Context } from "#platform/context";
import { answerOf, findRun, streamRun, watchRun } from "#runtime";
import { answerForm } from "./accepts.ts";
import { type AskedRun, askRun } from "./ask-run.ts";
import { beginRun, beginWatchedRun } from "./begin-run.ts";
import { answerHeaders, runAnswer } from "./run-answer.ts";
import { watchingOf } from "./run-events.ts";
import { runPage, shownRunPage } from "./run-page.ts";
import { openReader, sessionHeaders, type Visit } from "./visit.ts";

/** The run's events. A repetition tells them from the start, or from where its caller has left off. */
async function eventsAnswer(ctx: Context, asked: AskedRun): Promise<Response> {
  const going = await beginWatchedRun(ctx, asked);
  const { visit, session, apiKeyId } = asked;
  const { runId, repeated } = going;
  const watching = { ...watchingOf(visit.request), webSocket: false };
  const stream = repeated
    ? await watchRun(ctx, visit.route, runId, { session, apiKeyId }, watching)
    : await streamRun(ctx, runId, session.token, { ...watching, lastEventId: null });
  const headers = answerHeaders(asked, going);
  for (const [name, value] of stream.headers) headers.set(name, value);
  return new Response(stream.body, { status: stream.status, headers });
}

/** `POST …/runs`: a stream of events, a page, or the run's answer, as the caller asks. */
export async function startRun(ctx: Context, visit: Visit): Promise<Response> {
  const asked = await askRun(ctx, visit);
  switch (answerForm(visit.request)) {
    case "html":
      return runPage(ctx, asked);
    case "events":
      return eventsAnswer(ctx, asked);
    case "json":
      return runAnswer(ctx, asked, await beginRun(ctx, asked));
  }
}

/** `GET …/runs/:id`, for whoever made the run, whatever has become of the app since. */
export async function showRun(ctx: Context, visit: Visit, runId: string): Promise<Response> {
  const reader = await openReader(ctx, visit);
  const { run } = await findRun(ctx, visit.route, runId, reader);
  if (answerForm(visit.request) === "html") return shownRunPage(ctx, visit, reader.session, run);
  const headers = { ...sessionHeaders(visit, reader.session), "Cache-Control": "no-store" };
  return Response.json({ data: answerOf(run, reader.session.token) }, { headers });
}
