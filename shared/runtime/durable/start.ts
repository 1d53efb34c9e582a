import type { VersionContent } from "#app";
import type { PinnedOutput } from "#execution";
import type { Context } from "#platform/context";
import { AppError, errorCode } from "#platform/errors";
import type { StartAnswer } from "#platform/objects/durable-run";
import type { ExecutionRecord } from "#platform/records";
import { fullJitter } from "#platform/retry";
import { durableRunId, durableRunName, keyedRunName } from "../run-id.ts";
import { inheritFiles, takeFiles } from "./files.ts";
import type { DurableOrder } from "./order.ts";

export { isDurableRunId } from "../run-id.ts";

/** A key under which the same order, given twice, is one run. */
export interface RunKey {
  /** Who asks: `visitor:<app>:<session>`, `key:<API key>`, `trigger:<trigger>`. */
  readonly scope: string;
  readonly value: string;
  /** Digest of what was asked: another one under the same key is refused. */
  readonly bodyHash: string;
}

/** A run that is to survive its process. */
export interface DurableStart {
  readonly workspaceId: string;
  readonly app: { readonly id: string; readonly slug: string };
  /** A frozen version, or the draft: then `versionId` is `draft`. */
  readonly version: Pick<VersionContent, "versionId" | "number" | "name" | "workflow" | "db_schema" | "config">;
  /** Read by `parseInputs` already. */
  readonly inputs: Record<string, unknown>;
  readonly trigger: ExecutionRecord["trigger"];
  readonly triggerId?: string | undefined;
  readonly parentId?: string | undefined;
  readonly sessionId: string | null;
  readonly network?: string | undefined;
  readonly apiKeyId: string | null;
  readonly place: string;
  readonly callbackUrl?: string | undefined;
  readonly key?: RunKey | undefined;
  readonly pinned?: Readonly<Record<string, PinnedOutput>> | undefined;
  readonly only?: string | undefined;
  /** Uploaded files that the run takes over. */
  readonly files?: readonly string[] | undefined;
  /** An earlier run whose files it gets too. */
  readonly filesFrom?: string | undefined;
  /** For a turn of a conversation. It begins when those before it have ended. */
  readonly turn?: DurableOrder["turn"];
}

export type DurableStarted =
  | { readonly ok: true; readonly runId: string; readonly existed: boolean }
  /** `reused`: the key has a run of another body. `full`: the app has as many runs as it may, or the conversation as many turns. */
  | { readonly ok: false; readonly reason: "reused" | "full" };

const ATTEMPTS = 3;
const BACKOFF = { base: 50, cap: 500 };

/** The object of a durable run. */
export function durableRun(ctx: Context, runId: string) {
  return ctx.env.DURABLE_RUN.getByName(durableRunName(runId));
}

/**
 * Starts a run in an object of its own; it is on record there when this resolves. Starting it again under the same key gives
 * the same run. Throws `upstream_unavailable` when it could not be stored: then it has not happened.
 */
export async function startDurable(ctx: Context, start: DurableStart): Promise<DurableStarted> {
  const keyHash = start.key && (await digestOf(start.workspaceId, start.key));
  const name = keyHash && keyedRunName(keyHash);
  const runId = durableRunId(ctx.newId("run"), start.place, name);
  // A turn goes through the gate when it has come: before, it would keep others out who could go.
  const gate = start.turn ? null : await enterGate(ctx, start, runId);
  if (gate === "full") return { ok: false, reason: "full" };
  const order = orderOf(ctx, start, runId, gate, keyHash);
  try {
    if (start.filesFrom !== undefined) await inheritFiles(ctx, start.filesFrom, runId);
    if (start.files && start.files.length > 0) await takeFiles(ctx, start.workspaceId, runId, start.files);
    const answer = await send(ctx, runId, JSON.stringify(order));
    // Another order of the same key was first, so that this one's place in the line is free.
    if (gate !== null && !(answer.ok && answer.runId === runId)) await leaveGate(ctx, start, runId);
    return answer.ok ? { ok: true, runId: answer.runId, existed: answer.existed } : answer;
  } catch (error) {
    if (gate !== null) ctx.waitUntil(leaveGate(ctx, start, runId));
    throw error;
  }
}

/** The run that a key began earlier: before anything is charged for asking again. */
export async function findKeyedRun(ctx: Context, workspaceId: string, key: RunKey): Promise<{ runId: string; reused: boolean } | null> {
  const hash = await digestOf(workspaceId, key);
  const known = await ctx.env.DURABLE_RUN.getByName(keyedRunName(hash)).keyed();
  if (known === null || known.keyHash !== hexOf(hash)) return null;
  return { runId: known.runId, reused: known.bodyHash !== key.bodyHash };
}

function hexOf(digest: Uint8Array): string {
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function digestOf(workspaceId: string, { scope, value }: RunKey): Promise<Uint8Array> {
  const text = new TextEncoder().encode(JSON.stringify([workspaceId, scope, value]));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", text));
}

/** `null` for an app whose runs are not counted. */
function enterGate(ctx: Context, { app, version }: DurableStart, runId: string) {
  const { concurrency } = version.config;
  return concurrency ? ctx.env.RUN_GATE.getByName(app.id).enter(runId, app.id, concurrency) : null;
}

function leaveGate(ctx: Context, { app }: DurableStart, runId: string): Promise<void> {
  return ctx.env.RUN_GATE.getByName(app.id).leave(runId);
}

function orderOf(ctx: Context, start: DurableStart, runId: string, gate: "go" | "wait" | null, keyHash?: Uint8Array): DurableOrder {
  const { version, app, key } = start;
  const execution: ExecutionRecord = {
    id: runId,
    workspace_id: start.workspaceId,
    app_id: app.id,
    version_id: version.versionId,
    trigger: start.trigger,
    ...(start.triggerId !== undefined && { trigger_id: start.triggerId }),
    ...(start.parentId !== undefined && { parent_id: start.parentId }),
    ...(start.callbackUrl !== undefined && { callback_url: start.callbackUrl }),
    status: gate === "wait" || start.turn ? "queued" : "running",
    session_id: start.sessionId,
    ...(start.network !== undefined && { network: start.network }),
    api_key_id: start.apiKeyId,
    inputs: start.inputs,
    outputs: null,
    error: null,
    usage: { input_tokens: 0, output_tokens: 0, total_tokens: 0 },
    started_at: ctx.clock.now(),
    finished_at: null,
  };
  return {
    execution,
    app: { id: app.id, name: version.name, slug: app.slug, version: version.number },
    workflow: version.workflow,
    db_schema: version.db_schema,
    config: version.config,
    ...(start.pinned && { pinned: { ...start.pinned } }),
    ...(start.only !== undefined && { only: start.only }),
    ...(key && keyHash && { key: { hash: hexOf(keyHash), body_hash: key.bodyHash } }),
    ...(start.turn && { turn: start.turn }),
    gated: start.turn ? version.config.concurrency !== undefined : gate !== null,
  };
}

function isWorthRepeating(error: unknown): boolean {
  if (errorCode(error) !== undefined || typeof error !== "object" || error === null) return false;
  return !("overloaded" in error && error.overloaded === true);
}

/** Repeating is harmless: the object takes one order. */
async function send(ctx: Context, runId: string, order: string): Promise<StartAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      // A stub that has failed stays broken, so each attempt takes its own.
      return await durableRun(ctx, runId).start(order);
    } catch (cause) {
      if (attempt === ATTEMPTS || !isWorthRepeating(cause)) {
        throw new AppError("upstream_unavailable", "The run could not be stored, so it does not count. Try again.", {
          cause,
          retryAfter: 2,
        });
      }
      await new Promise((resolve) => setTimeout(resolve, fullJitter(attempt, BACKOFF, ctx.random)));
    }
  }
}
