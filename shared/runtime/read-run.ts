import type { z } from "zod";
import type { AppRoute } from "#app";
import { getRun } from "#execution";
import type { Context } from "#platform/context";
import { AppError, notFound } from "#platform/errors";
import { isId } from "#platform/ids";
import { parseLiveRun } from "#platform/objects/durable-run";
import { executionRecordSchema, parseRunRecord } from "#platform/records";
import { fullJitter } from "#platform/retry";
import { durableRun, isDurableRunId } from "./durable/start.ts";
import { outboxName, placeOfRun } from "./place.ts";
import type { VisitorSession } from "./session.ts";

/** Who asks for a run: only the session or the key that made it may have it. */
export interface Reader {
  readonly session: VisitorSession;
  readonly apiKeyId: string | null;
}

const readableSchema = executionRecordSchema.pick({
  id: true,
  workspace_id: true,
  app_id: true,
  status: true,
  session_id: true,
  api_key_id: true,
  inputs: true,
  outputs: true,
  error: true,
  usage: true,
});

/** A run as far as its visitor is concerned. */
export type VisitorRun = z.infer<typeof readableSchema>;

/** A run, and whether its object still has its events. */
export interface FoundRun {
  readonly run: VisitorRun;
  readonly live: boolean;
}

const READ_ATTEMPTS = 3;
const READ_BACKOFF = { base: 100, cap: 1_000 };

/** The run as its object has it: within `waitMs`, once it has ended or waits. `null` when it has none (any more). */
async function readObject(ctx: Context, runId: string, waitMs: number): Promise<VisitorRun | null> {
  const deadline = ctx.clock.now() + waitMs;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const left = Math.max(0, deadline - ctx.clock.now());
      const object = durableRun(ctx, runId);
      return parseLiveRun(await (waitMs === 0 ? object.read() : object.settled(left)))?.execution ?? null;
    } catch (cause) {
      if (attempt === READ_ATTEMPTS) {
        throw new AppError("upstream_unavailable", "The run goes on, but it cannot be read right now.", { cause, retryAfter: 2 });
      }
      await new Promise((resolve) => setTimeout(resolve, fullJitter(attempt, READ_BACKOFF, ctx.random)));
    }
  }
}

/** The record that a run has left, wherever that is on its way: it leaves the outbox only after it has reached the database. */
async function readRecord(ctx: Context, workspaceId: string, runId: string): Promise<VisitorRun> {
  const place = placeOfRun(runId);
  const waiting = place === null ? null : await ctx.env.RECORDER.getByName(outboxName(workspaceId, place)).find(runId);
  if (waiting !== null) return parseRunRecord(waiting).execution;
  const run = await getRun(ctx, workspaceId, runId);
  return readableSchema.parse({ ...run, workspace_id: workspaceId, outputs: run.outputs ?? null, inputs: run.inputs ?? {} });
}

function isMadeBy(run: VisitorRun, { session, apiKeyId }: Reader): boolean {
  return run.session_id === session.id || (apiKeyId !== null && run.api_key_id === apiKeyId);
}

/**
 * A run, for whoever made it: as it is, or within `waitMs` once it has ended or waits. The object is asked first, then the
 * outbox, then the database, so that no run is in none of them. Throws `not_found` for everybody else, as if there were no such
 * run, and `upstream_unavailable` when it cannot be told.
 */
export async function findRun(ctx: Context, route: AppRoute, runId: string, reader: Reader, waitMs = 0): Promise<FoundRun> {
  if (!isId("run", runId)) throw notFound("The run");
  const live = isDurableRunId(runId) ? await readObject(ctx, runId, waitMs) : null;
  const run = live ?? (await readRecord(ctx, route.workspaceId, runId));
  const isOfApp = run.workspace_id === route.workspaceId && run.app_id === route.appId;
  if (!isOfApp || !isMadeBy(run, reader)) throw notFound("The run");
  return { run, live: live !== null };
}
