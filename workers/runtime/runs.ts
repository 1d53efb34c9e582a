import type { AppRoute } from "#app";
import { parseInputs } from "#execution";
import type { Context } from "#platform/context";
import { AppError, validationFailed } from "#platform/errors";
import { admit, loadVersion, openSession, placeOf, readRun, requireOrigin, runNow, streamRun } from "#runtime";
import { loadSecrets } from "#workspace";
import { answerForm } from "./accepts.ts";
import { readRunBody } from "./body.ts";
import { identifyCaller } from "./caller.ts";
import { type AdmittedRun, type AskedRun, runPage } from "./run-page.ts";
import { enter, renew, sessionHeaders, type Visit } from "./visit.ts";

async function ask(ctx: Context, visit: Visit): Promise<AskedRun> {
  const entered = await enter(ctx, visit, "run");
  requireOrigin(visit.route, visit.request);
  const body = await readRunBody(visit.request);
  const renewed = await renew(ctx, visit);
  const unchanged = renewed.route.epoch === visit.route.epoch;
  const { apiKeyId } = unchanged ? entered : await enter(ctx, renewed, "run");
  const { route, request } = renewed;
  const [version, session] = await Promise.all([loadVersion(ctx, route), openSession(ctx, route.appId, request.headers)]);
  return { visit: renewed, version, session, body, apiKeyId };
}

function checkedInputs({ version, body }: AskedRun): Record<string, unknown> {
  const parsed = parseInputs(version.inputs, body.inputs, { coerce: body.kind === "form" });
  if (!parsed.ok) throw validationFailed(parsed.faults);
  return parsed.inputs;
}

function refusal(reason: "rate_limited" | "quota_exceeded", retryAfter: number, headers: Readonly<Record<string, string>>): AppError {
  const message = reason === "rate_limited" ? "Too many requests in a short time." : "The quota of this app's workspace is used up.";
  return new AppError(reason, message, { retryAfter, headers });
}

/**
 * Validates first and admits second: a request that cannot run takes nothing from limits or quota, and costs us no more
 * than parsing 256 KiB without leaving the isolate, like any other garbage.
 */
async function admitRun(ctx: Context, asked: AskedRun): Promise<AdmittedRun> {
  const inputs = checkedInputs(asked);
  const { visit, version, session, apiKeyId } = asked;
  const { route, request } = visit;
  const ip = request.headers.get("CF-Connecting-IP") ?? "unknown";
  const admission = await admit(ctx, route, { ip, sessionId: session.id });
  if (!admission.ok) throw refusal(admission.reason, admission.retryAfter, admission.headers);
  const order = {
    route,
    version,
    inputs,
    session,
    apiKeyId,
    place: placeOf(request.cf?.["colo"]),
    loadSecrets: () => loadSecrets(ctx, route.workspaceId),
    refund: admission.refund,
  };
  return { order, headers: admission.headers };
}

/** `POST …/runs`: a stream of events, a page, or the run's answer, as the caller asks. */
export async function startRun(ctx: Context, visit: Visit): Promise<Response> {
  const asked = await ask(ctx, visit);
  const form = answerForm(visit.request);
  if (form === "html") return runPage(ctx, asked, () => admitRun(ctx, asked));
  const { order, headers: limits } = await admitRun(ctx, asked);
  const headers = { ...limits, ...sessionHeaders(asked.visit, asked.session) };
  if (form === "events") {
    return new Response(await streamRun(ctx, order), {
      headers: {
        ...headers,
        "Content-Type": "text/event-stream; charset=utf-8",
        "Cache-Control": "no-store, no-transform",
        "X-Accel-Buffering": "no",
      },
    });
  }
  return Response.json({ data: await runNow(ctx, order) }, { headers: { ...headers, "Cache-Control": "no-store" } });
}

/** `GET …/runs/:id`, for whoever made the run, whatever has become of the app since. */
export async function showRun(ctx: Context, visit: Visit, runId: string): Promise<Response> {
  const { request, route } = visit;
  const [session, caller] = await Promise.all([openSession(ctx, route.appId, request.headers), readerOf(ctx, request, route)]);
  const data = await readRun(ctx, route, runId, { session, apiKeyId: caller });
  return Response.json({ data }, { headers: { ...sessionHeaders(visit, session), "Cache-Control": "no-store" } });
}

/** Membership gives no right to a visitor's run, so only a key is looked at. */
async function readerOf(ctx: Context, request: Request, route: AppRoute): Promise<string | null> {
  return request.headers.has("Authorization") ? (await identifyCaller(ctx, request, route)).apiKeyId : null;
}
