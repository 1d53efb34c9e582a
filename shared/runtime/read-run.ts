import type { z } from "zod";
import type { AppRoute } from "#app";
import { getRun } from "#execution";
import type { Context } from "#platform/context";
import { notFound } from "#platform/errors";
import { isId } from "#platform/ids";
import { executionRecordSchema, parseRunRecord } from "#platform/records";
import { answerOf, type RunAnswer } from "./answer.ts";
import { outboxName, placeOfRun } from "./place.ts";
import type { VisitorSession } from "./session.ts";

/** Who asks for a run: only the session or the key that made it may have it. */
export interface Reader {
  readonly session: VisitorSession;
  readonly apiKeyId: string | null;
}

const readableSchema = executionRecordSchema.pick({
  id: true,
  app_id: true,
  status: true,
  session_id: true,
  api_key_id: true,
  outputs: true,
  error: true,
  usage: true,
});
type Readable = z.infer<typeof readableSchema>;

/**
 * The record of a run, wherever it is on its way. The outbox is asked first: a record leaves it only after it has reached
 * the database, so that no run is in neither.
 */
async function find(ctx: Context, route: AppRoute, runId: string): Promise<Readable> {
  const place = placeOfRun(runId);
  const waiting = place === null ? null : await ctx.env.RECORDER.getByName(outboxName(route.workspaceId, place)).find(runId);
  return readableSchema.parse(waiting === null ? await getRun(ctx, route.workspaceId, runId) : parseRunRecord(waiting).execution);
}

function isMadeBy(run: Readable, { session, apiKeyId }: Reader): boolean {
  return run.session_id === session.id || (apiKeyId !== null && run.api_key_id === apiKeyId);
}

/** A run, for whoever made it. Throws `not_found` for everybody else, as if there were no such run. */
export async function readRun(ctx: Context, route: AppRoute, runId: string, reader: Reader): Promise<RunAnswer> {
  if (!isId("run", runId)) throw notFound("The run");
  const run = await find(ctx, route, runId);
  if (run.app_id !== route.appId || !isMadeBy(run, reader)) throw notFound("The run");
  return answerOf(run, reader.session.token);
}
