import type { AppRoute } from "#app";
import type { Context } from "#platform/context";
import { corsHeaders, preflightResponse, resolveRoute } from "#runtime";
import { problemResponse } from "../problem.ts";
import { answerForm } from "./accepts.ts";
import { visitorErrorPage } from "./error-page.ts";
import { uploadFiles } from "./files.ts";
import { appPage } from "./page.ts";
import { runEvents } from "./run-events.ts";
import { showRun, startRun } from "./runs.ts";
import { appSchema } from "./schema.ts";
import { addressOf, type Endpoint, endpointOf, requireMethod, type VisitorTarget } from "./target.ts";
import { receive, type Visit } from "./visit.ts";

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
  }
}

function failure(error: unknown, request: Request, ctx: Context, route: AppRoute): Response | Promise<Response> {
  if (answerForm(request) === "html") return visitorErrorPage(error, request, ctx, route);
  return problemResponse(error, ctx.requestId, ctx.log);
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
 * which pages of other origins may read them. Throws `not_found` for an address that is no app's.
 */
export async function handleVisitor(request: Request, ctx: Context, target: VisitorTarget): Promise<Response> {
  const endpoint = endpointOf(target.rest);
  const route = await resolveRoute(ctx, addressOf(target));
  if (request.method === "OPTIONS") return preflightResponse(route, request, endpoint.methods);
  const response = await receive(ctx, request, target, route)
    .then((visit) => answer(ctx, endpoint, visit))
    .catch((error: unknown) => failure(error, request, ctx, route));
  return withCors(response, route, request);
}
