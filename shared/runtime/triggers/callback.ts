import { Webhook } from "standardwebhooks";
import { z } from "zod";
import { signingSecret } from "#app";
import { getRun } from "#execution";
import type { Context } from "#platform/context";
import { errorCode, errorMessage } from "#platform/errors";
import { guardedFetch } from "#platform/outgoing/fetch";
import { outgoingPolicy } from "#platform/outgoing/policy";
import type { Attempted, DeliveryRow } from "./deliveries.ts";

/** Milliseconds that the far side has to answer. */
const TIMEOUT = 15_000;

/** Statuses below 500 that pass by themselves. */
const PASSING: ReadonlySet<number> = new Set([408, 409, 425, 429]);

const payloadSchema = z.object({ url: z.string() });

/** Tells a callback address how a run has ended: signed as Standard Webhooks says, under the same id at every attempt. */
export async function sendCallback(ctx: Context, row: DeliveryRow): Promise<Attempted> {
  try {
    const { url } = payloadSchema.parse(row.payload);
    const [body, secret] = await Promise.all([bodyOf(ctx, row), signingSecret(ctx, row.workspaceId, row.appId)]);
    const at = new Date(ctx.clock.now());
    const headers = {
      "Content-Type": "application/json",
      "User-Agent": "AgentFlow",
      "webhook-id": row.id,
      "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
      "webhook-signature": new Webhook(secret).sign(row.id, at, body),
    };
    const init = { method: "POST", headers, body, signal: AbortSignal.timeout(TIMEOUT) };
    const response = await guardedFetch(outgoingPolicy(ctx.env), (address, options) => fetch(address, options), url, init, {
      maxRedirects: 0,
    });
    await response.body?.cancel();
    return judged(response);
  } catch (error) {
    return failed(error);
  }
}

async function bodyOf(ctx: Context, { workspaceId, executionId }: DeliveryRow): Promise<string> {
  const run = await getRun(ctx, workspaceId, executionId ?? "");
  const { status, outputs, error, usage, finished_at } = run;
  const data = { run_id: run.id, app_id: run.app_id, status, outputs, ...(error === null ? {} : { error }), usage };
  return JSON.stringify({ type: `run.${status}`, timestamp: finished_at, data });
}

function judged(response: Response): Attempted {
  const { status } = response;
  if (response.ok) return { ok: true, status };
  const permanent = status < 500 && !PASSING.has(status);
  const seconds = Number(response.headers.get("Retry-After") ?? Number.NaN);
  const retryAfterMs = Number.isFinite(seconds) ? Math.min(86_400, Math.max(0, seconds)) * 1_000 : undefined;
  return {
    ok: false,
    permanent,
    status,
    error: `The address answered with status ${status}.`,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

function failed(error: unknown): Attempted {
  // An address that may not be called will not be allowed tomorrow.
  const permanent = errorCode(error) === "validation_failed" || errorCode(error) === "not_found";
  const timedOut = error instanceof Error && error.name === "TimeoutError";
  const shown =
    errorCode(error) !== undefined
      ? errorMessage(error)
      : timedOut
        ? `No answer within ${TIMEOUT / 1_000} s.`
        : "The address could not be reached.";
  return { ok: false, permanent, error: shown };
}
