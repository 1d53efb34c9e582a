import type { AppRoute } from "#app";
import type { Context } from "#platform/context";
import { corsHeaders, preflightResponse } from "#runtime";
import { problemResponse } from "../problem.ts";
import { answerForm } from "./accepts.ts";
import { endOwnSession } from "./end-session.ts";
import { visitorErrorPage } from "./error-page.ts";
import { uploadFiles } from "./files.ts";
import { clientIp } from "./limits.ts";
import { appPage } from "./page.ts";
import { givePassword } from "./password.ts";
import { runEvents } from "./run-events.ts";
import { showRun, startRun } from "./runs.ts";
import { appSchema } from "./schema.ts";
import { callback, signIn, signOut } from "./sign-in.ts";
import { type Endpoint, endpointOf, requireMethod, routeOf, type VisitorTarget } from "./target.ts";
import { type Arrival, receive, type Visit } from "./visit.ts";
import { wayIn } from "./way-in.ts";

async function answer(ctx: Context, endpoint: Endpoint, visit: Visit): Promise<Response> {
  requireMethod(endpoint, visit.request.method);
  switch (endpoint.name) {
    case "page":
      return appPage(ctx, visit);
    case "schema":
      return appSchema(ctx, visit);
    case "runs":
      return startRun(ctx, visit);
    case "run":
      return showRun(ctx, visit, endpoint.runId);
    case "run_events":
      return runEvents(ctx, visit, endpoint.runId);
    case "files":
      return uploadFiles(ctx, visit);
    case "sign_in":
      return signIn(ctx, visit);
    case "callback":
      return callback(ctx, visit);
    case "password":
      return givePassword(ctx, visit);
    case "sign_out":
      return signOut(ctx, visit);
    case "end_session":
      return endOwnSession(ctx, visit);
  }
}

async function failure(error: unknown, ctx: Context, arrival: Arrival): Promise<Response> {
  const { request, route, target } = arrival;
  if (answerForm(request) !== "html") return problemResponse(error, ctx.requestId, ctx.log);
  return (await wayIn(ctx, arrival, error)) ?? visitorErrorPage(error, request, ctx, { route, base: target.base });
}

/** Adds what an answer says to pages of other origins; errors say it too, or a page could not read why it was refused. */
function withCors(response: Response, route: AppRoute, request: Request): Response {
  if (response.webSocket) return response;
  for (const [name, value] of Object.entries(corsHeaders(route, request))) {
    if (name === "Vary") response.headers.append(name, value);
    else response.headers.set(name, value);
  }
  return response;
}

/**
 * Answers a visitor's request for an app. Failures are answered here too, once the app is known, since its policy says
 * which pages of other origins may read them. Throws `not_found` for an address that is no app's,
 * and `rate_limited` for too many of those.
 */
export async function handleVisitor(request: Request, ctx: Context, target: VisitorTarget): Promise<Response> {
  const endpoint = endpointOf(target.rest);
  const route = await routeOf(ctx, target, clientIp(request));
  if (request.method === "OPTIONS") return preflightResponse(route, request, endpoint.methods);
  const response = await receive(ctx, request, target, route)
    .then((visit) => answer(ctx, endpoint, visit))
    .catch((error: unknown) => failure(error, ctx, { request, target, route }));
  return withCors(response, route, request);
}
