import type { Context } from "#platform/context";
import { AppError, type Fault } from "#platform/errors";
import {
  appView,
  frameAncestors,
  type PageState,
  pageHeaders,
  type RunOrder,
  renderAppPage,
  runNow,
  type ServedVersion,
  type VisitorSession,
} from "#runtime";
import { problemOf, problemResponse } from "../problem.ts";
import type { RunBody } from "./body.ts";
import { pageSetting, sessionHeaders, type Visit } from "./visit.ts";

/** A run that has been read and let in, but neither validated nor admitted. */
export interface AskedRun {
  readonly visit: Visit;
  readonly version: ServedVersion;
  readonly session: VisitorSession;
  readonly body: RunBody;
  readonly apiKeyId: string | null;
}

/** A run that may begin, and the headers that tell its caller what is left of the limits. */
export interface AdmittedRun {
  readonly order: RunOrder;
  readonly headers: Readonly<Record<string, string>>;
}

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

async function outcomeOf(ctx: Context, admit: () => Promise<AdmittedRun>): Promise<Outcome> {
  try {
    const { order, headers } = await admit();
    const answer = await runNow(ctx, order);
    return { state: { kind: "answered", answer, inputs: order.inputs }, status: 200, headers: new Headers(headers) };
  } catch (error) {
    // The page tells what went wrong at the form, so that nothing of what was typed is lost.
    const { status, headers } = problemResponse(error, ctx.requestId, ctx.log);
    return { state: { kind: "refused", code: problemOf(error, ctx.requestId).code, faults: faultsOf(error) }, status, headers };
  }
}

/** Answers a form that was sent without scripts: the app's page again, with the result or with what has to be changed. */
export async function runPage(ctx: Context, asked: AskedRun, admit: () => Promise<AdmittedRun>): Promise<Response> {
  const { visit, version, session, body } = asked;
  const { state, status, headers } = await outcomeOf(ctx, admit);
  const values = body.kind === "form" ? body.inputs : {};
  const view = await appView(visit.route, version, pageSetting(ctx, visit), state, values);
  const page = { ...(await pageHeaders(frameAncestors(visit.route))), ...sessionHeaders(visit, session), "Cache-Control": "no-store" };
  for (const [name, value] of Object.entries(page)) headers.set(name, value);
  return new Response(renderAppPage(view), { status, headers });
}
