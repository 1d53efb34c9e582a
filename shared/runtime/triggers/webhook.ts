import { fillInputs, findWebhook, openTriggerSecret, webhookConfigSchema } from "#app";
import type { Context } from "#platform/context";
import { AppError, notFound, validationFailed } from "#platform/errors";
import { parseLiveRun } from "#platform/objects/durable-run";
import { verifyWebhook } from "#platform/standard-webhooks";
import { answerOf, hasEnded, type RunAnswer } from "../answer.ts";
import { durableRun } from "../durable/start.ts";
import { startTriggered } from "./start.ts";

/** Milliseconds that a sender is kept waiting for a run's end. */
const MAX_WAIT = 30_000;

/** A webhook as it came in. */
export interface WebhookCall {
  readonly token: string;
  readonly headers: Headers;
  readonly query: URLSearchParams;
  /** As sent: the signature is of the very bytes. */
  readonly body: string;
  readonly place: string;
}

/** `done`: the run has ended, and the sender wanted to know. */
export interface WebhookAnswer {
  readonly done: boolean;
  readonly run: Omit<RunAnswer, "session_id"> | { readonly run_id: string; readonly status: string };
}

/**
 * Takes a webhook: verifies it (Standard Webhooks: signature, and a time within five minutes) and starts its app. Throws
 * `not_found`, `unauthenticated`, `not_available`, `conflict` for one that came before, `bad_request`, `validation_failed`, and
 * what starting throws.
 */
export async function receiveWebhook(ctx: Context, call: WebhookCall): Promise<WebhookAnswer> {
  const trigger = await findWebhook(ctx, call.token);
  if (trigger === null) throw notFound("The webhook");
  const key = await verifyWebhook(await openTriggerSecret(ctx, trigger), call.headers, ctx.clock.now(), call.body);
  if (!trigger.enabled) throw new AppError("not_available", "This webhook is switched off.");
  const { mode, inputs: template } = webhookConfigSchema.parse(trigger.config);
  const inputs = await inputsOf(template, call);
  const fired = await startTriggered(ctx, { trigger, inputs, key, place: call.place });
  if (fired.existed) throw new AppError("conflict", "This webhook-id has been received before.");
  const { runId, config } = fired;
  if (mode === "accept") return { done: false, run: { run_id: runId, status: "running" } };
  const state = parseLiveRun(await durableRun(ctx, runId).settled(Math.min(MAX_WAIT, config.timeout_ms)));
  if (state === null || !hasEnded(state.execution)) {
    return { done: false, run: { run_id: runId, status: state?.execution.status ?? "running" } };
  }
  const { session_id: _, ...run } = answerOf(state.execution, "");
  return { done: true, run };
}

async function inputsOf(
  template: Readonly<Record<string, unknown>> | undefined,
  { headers, query, body }: WebhookCall,
): Promise<Record<string, unknown>> {
  const json = body === "" ? {} : parseJson(body);
  if (template) return fillInputs(template, { body: json, headers: Object.fromEntries(headers), query: Object.fromEntries(query) });
  if (typeof json === "object" && json !== null && !Array.isArray(json)) return { ...json };
  throw validationFailed([{ path: "body", code: "invalid_type", message: "Send a JSON object whose fields are the app's inputs." }]);
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new AppError("bad_request", "The body is not JSON.", { cause });
  }
}
