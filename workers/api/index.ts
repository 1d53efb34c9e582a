import { type Context, withSource } from "#platform/context";
import { sourceOf } from "#platform/request-source";
import { placeOf } from "#runtime";
import { resolveActor } from "../context.ts";
import { problemResponse } from "../problem.ts";
import { accessPolicyRouter } from "./access-policy.ts";
import { apiKeysRouter } from "./api-keys.ts";
import { appsRouter } from "./apps.ts";
import { auditLogsRouter } from "./audit-logs.ts";
import { authHandler } from "./auth.ts";
import { billingRouter } from "./billing.ts";
import { readBody } from "./body.ts";
import { budgetsRouter } from "./budgets.ts";
import { refuseForeignOrigin } from "./csrf.ts";
import { databaseRouter } from "./database.ts";
import { databaseBackupsRouter } from "./database-backups.ts";
import { databaseFilesRouter, isImport } from "./database-files.ts";
import { databaseQueryRouter } from "./database-query.ts";
import { databaseRestoresRouter } from "./database-restores.ts";
import { databaseTablesRouter } from "./database-tables.ts";
import { deadLettersRouter } from "./dead-letters.ts";
import { domainActionsRouter } from "./domain-actions.ts";
import { domainsRouter } from "./domains.ts";
import { draftsRouter } from "./drafts.ts";
import { describeHookPath, describePaymentsHook } from "./hook-path.ts";
import { idempotencyKeyOf, once } from "./idempotency.ts";
import { invitationsRouter } from "./invitations.ts";
import { invoicesRouter } from "./invoices.ts";
import { membersRouter } from "./members.ts";
import { unroutable } from "./methods.ts";
import { nodeValuesRouter } from "./node-values.ts";
import { describeApi, describeSecurity } from "./openapi.ts";
import { rolesRouter } from "./roles.ts";
import { createRouter } from "./router.ts";
import { runDebuggingRouter } from "./run-debugging.ts";
import { runEventsRouter } from "./run-events.ts";
import { runPreviewRouter } from "./run-preview.ts";
import { runSignalsRouter } from "./run-signals.ts";
import { runsRouter } from "./runs.ts";
import { secretsRouter } from "./secrets.ts";
import { sessionsRouter } from "./sessions.ts";
import { triggersRouter } from "./triggers.ts";
import { usageRouter } from "./usage.ts";
import { versionsRouter } from "./versions.ts";
import { describeVisitorPaths } from "./visitor-paths.ts";
import { visitorRulesRouter } from "./visitor-rules.ts";
import { workspacesRouter } from "./workspaces.ts";

const AUTH_PREFIX = "/api/auth/";

/** The members' API, one router a resource. */
const api = createRouter();

api.use(async (c, next) => {
  c.set("ctx", c.env.ctx);
  await next();
});

for (const router of [
  workspacesRouter,
  membersRouter,
  rolesRouter,
  invitationsRouter,
  apiKeysRouter,
  secretsRouter,
  auditLogsRouter,
  appsRouter,
  draftsRouter,
  versionsRouter,
  accessPolicyRouter,
  runsRouter,
  sessionsRouter,
  nodeValuesRouter,
  runEventsRouter,
  runDebuggingRouter,
  runSignalsRouter,
  runPreviewRouter,
  triggersRouter,
  deadLettersRouter,
  databaseRouter,
  databaseTablesRouter,
  databaseQueryRouter,
  databaseFilesRouter,
  databaseBackupsRouter,
  databaseRestoresRouter,
  domainsRouter,
  domainActionsRouter,
  visitorRulesRouter,
  usageRouter,
  billingRouter,
  invoicesRouter,
  budgetsRouter,
])
  api.route("/api/v1", router);

describeSecurity(api);
describeVisitorPaths(api);
describeHookPath(api);
describePaymentsHook(api);
api.get("/openapi.json", (c) => c.json(describeApi(api, c.env.ctx.env)));
api.notFound((c) => problemOf(unroutable(api.routes, c.req.method, c.req.path), c.env.ctx));
api.onError((error, c) => problemOf(error, c.env.ctx));

function problemOf(error: unknown, ctx: Context): Response {
  return problemResponse(error, ctx.requestId, ctx.log);
}

/** Answers everything under `/api` and `/openapi.json`. It never throws: every failure is a problem (RFC 9457). */
export async function handleApi(request: Request, ctx: Context): Promise<Response> {
  try {
    return stamp(await answer(request, ctx), ctx.requestId);
  } catch (error) {
    return problemOf(error, ctx);
  }
}

async function answer(original: Request, from: Context): Promise<Response> {
  refuseForeignOrigin(original, from.env);
  const ctx = withSource(from, await sourceOf(from.env, original));
  // A file is read while it arrives: neither its size nor a repetition is looked at here.
  if (isImport(original)) return dispatch(await resolveActor(ctx, original), original, original);
  const { request, body } = await readBody(original);
  if (new URL(request.url).pathname.startsWith(AUTH_PREFIX)) return authHandler(ctx, request);
  const asCaller = await resolveActor(ctx, request);
  const run = async () => dispatch(asCaller, original, request);
  const key = idempotencyKeyOf(request);
  return key === undefined ? run() : once(asCaller, request, { key, body }, run);
}

function dispatch(ctx: Context, original: Request, request: Request): Response | Promise<Response> {
  return api.fetch(request, { ctx, place: placeOf(original.cf?.["colo"]) });
}

/** What members are answered is theirs alone, so no cache keeps it unless the answer itself says otherwise. */
function stamp(response: Response, requestId: string): Response {
  if (response.webSocket) return response;
  const stamped = new Response(response.body, response);
  stamped.headers.set("X-Request-Id", requestId);
  if (!stamped.headers.has("Cache-Control")) stamped.headers.set("Cache-Control", "no-store");
  return stamped;
}
