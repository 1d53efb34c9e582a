import type { Context } from "#platform/context";
import { AppError, type Fault } from "#platform/errors";
import {
  answerOf,
  appView,
  earlierTurns,
  hasEnded,
  loadVersion,
  type PageState,
  renderAppPage,
  type ServedVersion,
  type VisitorRun,
  type VisitorSession,
} from "#runtime";
import { problemOf, problemResponse } from "../problem.ts";
import type { AskedRun } from "./ask-run.ts";
import { beginRun } from "./begin-run.ts";
import { answerHeaders, awaitRun, runPath } from "./run-answer.ts";
import { appPageHeaders, enter, pageSetting, sessionHeaders, type Visit } from "./visit.ts";

/** Seconds after which the page of a run that goes on looks again. */
const LOOK_AGAIN_SECONDS = 4;

interface Outcome {
  readonly state: PageState;
  readonly status: number;
  readonly headers: Headers;
}

/** What is wrong with single fields, by input name. */
function faultsOf(error: unknown): ReadonlyMap<string, Fault> {
  const faults = error instanceof AppError ? error.faults : [];
  return new Map(faults.map((fault) => [fault.path.replace(/^inputs\./, ""), fault]));
}

function stateOf(run: VisitorRun | null, token: string): PageState {
  return run !== null && hasEnded(run) ? { kind: "answered", answer: answerOf(run, token), inputs: run.inputs } : { kind: "going" };
}

/** The page shows how the run ended, or loads anew until it can: it works without scripts. */
function lookAgain(headers: Headers, state: PageState, path: string): void {
  if (state.kind === "going") headers.set("Refresh", `${LOOK_AGAIN_SECONDS}; url=${path}`);
}

async function outcomeOf(ctx: Context, asked: AskedRun): Promise<Outcome> {
  try {
    const begun = await beginRun(ctx, asked);
    const headers = answerHeaders(asked, begun);
    if (begun.kind === "answered") {
      return { state: { kind: "answered", answer: begun.answer, inputs: begun.inputs }, status: 200, headers };
    }
    const state = stateOf(await awaitRun(ctx, asked, begun), asked.session.token);
    lookAgain(headers, state, runPath(asked, begun.runId));
    return { state, status: state.kind === "going" ? 202 : 200, headers };
  } catch (error) {
    // The page tells what went wrong at the form, so that nothing of what was typed is lost.
    const { status, headers } = problemResponse(error, ctx.requestId, ctx.log);
    return { state: { kind: "refused", code: problemOf(error, ctx.requestId).code, faults: faultsOf(error) }, status, headers };
  }
}

interface Shown {
  readonly visit: Visit;
  readonly version: ServedVersion;
  readonly session: VisitorSession;
  /** What was typed, by input name. */
  readonly values: Readonly<Record<string, string>>;
}

async function render(ctx: Context, { visit, version, session, values }: Shown, { state, status, headers }: Outcome): Promise<Response> {
  const setting = { ...pageSetting(ctx, visit), conversation: await earlierTurns(ctx, visit.route, version, session) };
  const view = await appView(visit.route, version, setting, state, values);
  const page = { ...(await appPageHeaders(ctx, visit.route)), ...sessionHeaders(visit, session), "Cache-Control": "no-store" };
  for (const [name, value] of Object.entries(page)) headers.set(name, value);
  return new Response(renderAppPage(view), { status, headers });
}

/** Answers a form that was sent without scripts: the app's page again, with the result or with what has to be changed. */
export async function runPage(ctx: Context, asked: AskedRun): Promise<Response> {
  const { body } = asked;
  const values = body.kind === "form" ? body.inputs : {};
  return render(ctx, { ...asked, values }, await outcomeOf(ctx, asked));
}

/** The app's page with a run that was made before, for the browser that made it. */
export async function shownRunPage(ctx: Context, visit: Visit, session: VisitorSession, run: VisitorRun): Promise<Response> {
  await enter(ctx, visit, "page");
  const version = await loadVersion(ctx, visit.route);
  const state = stateOf(run, session.token);
  const headers = new Headers();
  lookAgain(headers, state, runPath({ visit }, run.id));
  return render(ctx, { visit, version, session, values: {} }, { state, status: 200, headers });
}
