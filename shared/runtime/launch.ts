import type { Context } from "#platform/context";
import { AppError } from "#platform/errors";
import { turnOf } from "./conversation/turn.ts";
import { findKeyedRun, type RunKey, startDurable } from "./durable/start.ts";
import { keyReused } from "./idempotency.ts";
import { type RunOrder, triggerOf } from "./run.ts";

/** What a run takes along into an object of its own. */
export interface LaunchOptions {
  readonly key: RunKey | null;
  /** Where its end is told, or `null`. */
  readonly callbackUrl: string | null;
  /** Ids of the uploads that its inputs name. */
  readonly files: readonly string[];
}

/** The run that a key began earlier, or `null`. Throws `idempotency_key_reused` when that was another request. */
export async function findRepeated(ctx: Context, workspaceId: string, key: RunKey): Promise<string | null> {
  const found = await findKeyedRun(ctx, workspaceId, key);
  if (found?.reused) throw keyReused();
  return found?.runId ?? null;
}

/** A run in an object of its own; `repeated` when an earlier request began it. */
export interface LaunchedRun {
  readonly runId: string;
  readonly repeated: boolean;
}

/**
 * Starts a run in an object of its own, or finds the run that its key has begun meanwhile. Throws
 * `upstream_unavailable`, `idempotency_key_reused` and, when the app runs as many as it may or too many turns of the conversation
 * wait, `rate_limited`; then nothing began.
 */
export async function launchRun(ctx: Context, order: RunOrder, { key, callbackUrl, files }: LaunchOptions): Promise<LaunchedRun> {
  const { route, version, inputs, session, network, apiKeyId, place, refund } = order;
  const started = await startDurable(ctx, {
    workspaceId: route.workspaceId,
    app: { id: route.appId, slug: route.appSlug },
    version: version.content,
    inputs,
    trigger: triggerOf(apiKeyId),
    sessionId: session.id,
    network,
    apiKeyId,
    place,
    callbackUrl: callbackUrl ?? undefined,
    key: key ?? undefined,
    files,
    turn: turnOf(version, inputs),
  }).catch((error: unknown) => {
    refund();
    throw error;
  });
  if (!started.ok || started.existed) refund();
  if (started.ok) return { runId: started.runId, repeated: started.existed };
  if (started.reason === "reused") throw keyReused();
  throw new AppError("rate_limited", "As many requests are under way here as may be at once. Try again shortly.", { retryAfter: 5 });
}
