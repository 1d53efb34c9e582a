import type { z } from "zod";
import type { AppRoute } from "#app";
import { getRun } from "#execution";
import type { Context } from "#platform/context";
import { notFound } from "#platform/errors";
import { isId } from "#platform/ids";
import { executionRecordSchema, parseRunRecord } from "#platform/records";
import { readObject } from "./durable/read.ts";
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
  const live = (await readObject(ctx, runId, { waitMs }))?.execution ?? null;
  const run = live ?? (await readRecord(ctx, route.workspaceId, runId));
  const isOfApp = run.workspace_id === route.workspaceId && run.app_id === route.appId;
  if (!isOfApp || !isMadeBy(run, reader)) throw notFound("The run");
  return { run, live: live !== null };
}
