import { z } from "zod";
import { signingSecret } from "#app";
import { getRun } from "#execution";
import type { Context } from "#platform/context";
import { errorCode, errorMessage } from "#platform/errors";
import { guardedFetch } from "#platform/outgoing/fetch";
import { outgoingPolicy } from "#platform/outgoing/policy";
import { webhookHeaders } from "#platform/standard-webhooks";
import type { Attempted } from "./deliver.ts";
import type { DeliveryRow } from "./deliveries.ts";

/** Milliseconds that the far side has to answer. */
const TIMEOUT = 15_000;
/** Milliseconds of rest that the far side may ask for. */
const MAX_REST = 86_400_000;

/** Statuses below 500 that pass by themselves. */
const PASSING: ReadonlySet<number> = new Set([408, 409, 425, 429]);

const payloadSchema = z.object({ url: z.string() });

/** The request, and where it goes. */
interface Prepared {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Tells a callback address how a run has ended: signed as Standard Webhooks says, under the same id at every attempt. */
export async function sendCallback(ctx: Context, row: DeliveryRow): Promise<Attempted> {
  const signal = AbortSignal.timeout(TIMEOUT);
  try {
    const { url, ...request } = await prepare(ctx, row);
    const init = { method: "POST", ...request, signal };
    const response = await guardedFetch(outgoingPolicy(ctx.env), (address, options) => fetch(address, options), url, init, {
      maxRedirects: 0,
    });
    await response.body?.cancel();
    return judged(response, ctx.clock.now());
  } catch (error) {
    return failed(ctx, row, error, signal.aborted);
  }
}

async function prepare(ctx: Context, row: DeliveryRow): Promise<Prepared> {
  const { url } = payloadSchema.parse(row.payload);
  const [body, secret] = await Promise.all([bodyOf(ctx, row), signingSecret(ctx, row.workspaceId, row.appId)]);
  const signed = await webhookHeaders(secret, row.id, ctx.clock.now(), body);
  return { url, body, headers: { "Content-Type": "application/json", "User-Agent": "AgentFlow", ...signed } };
}

async function bodyOf(ctx: Context, { workspaceId, executionId }: DeliveryRow): Promise<string> {
  const run = await getRun(ctx, workspaceId, executionId ?? "");
  const { status, outputs, error, usage, finished_at } = run;
  const data = { run_id: run.id, app_id: run.app_id, status, outputs, ...(error === null ? {} : { error }), usage };
  return JSON.stringify({ type: `run.${status}`, timestamp: finished_at, data });
}

function judged({ ok, status, headers }: Response, now: number): Attempted {
  if (ok) return { ok: true, status };
  const permanent = status < 500 && !PASSING.has(status);
  const rest = restOf(headers.get("Retry-After"), now);
  return { ok: false, permanent, status, error: `The address answered with status ${status}.`, ...(rest && { retryAfterMs: rest }) };
}

/** Milliseconds of a `Retry-After`: seconds, or a date (RFC 9110, 10.2.3). */
function restOf(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const asked = /^\d+$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - now;
  return Number.isFinite(asked) && asked > 0 ? Math.min(MAX_REST, asked) : undefined;
}

function failed(ctx: Context, { id }: DeliveryRow, error: unknown, timedOut: boolean): Attempted {
  const code = errorCode(error);
  if (timedOut) return { ok: false, permanent: false, error: `No answer within ${TIMEOUT / 1_000} s.` };
  if (code === undefined) ctx.log.error("a callback could not be sent", error, { delivery_id: id });
  // An address that may not be called will not be allowed tomorrow.
  const permanent = code === "validation_failed" || code === "not_found";
  return { ok: false, permanent, error: code === undefined ? "The callback could not be sent." : errorMessage(error) };
}
