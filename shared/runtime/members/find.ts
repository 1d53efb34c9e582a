import { findStoredRun, listNodeLogs, type NodeLogView, type RunView, viewOfNodeLog, viewOfRecord } from "#execution";
import type { Context } from "#platform/context";
import { isId } from "#platform/ids";
import { callObject } from "#platform/lease/call-object";
import { type NodeLog, parseRunRecord, type RunRecord } from "#platform/records";
import { hasEnded } from "../answer.ts";
import { readObject } from "../durable/read.ts";
import { outboxName, placeOfRun } from "../place.ts";

/** A run wherever it is found first, and whose it is. Who may see it is for the caller to decide. */
export type FoundMemberRun = { readonly workspaceId: string; readonly run: RunView } & (
  | { readonly source: "object" | "database" }
  | { readonly source: "outbox"; readonly logs: readonly NodeLog[] }
);

/** Outboxes are the workspaces' own: one has to be named to be asked. */
type Candidates = () => Promise<readonly string[]>;

/**
 * Finds a run by its id alone: in its object, in the platform database, and in the outboxes of the workspaces that `candidates`
 * names, so that one that was acknowledged is never unknown to them. `null` when there is none. Throws `upstream_unavailable`.
 */
export async function findRunOf(ctx: Context, runId: string, candidates: Candidates): Promise<FoundMemberRun | null> {
  if (!isId("run", runId)) return null;
  const live = await readObject(ctx, runId);
  if (live) return { workspaceId: live.execution.workspace_id, run: viewOfRecord(live.execution), source: "object" };
  const stored = await findStoredRun(ctx, runId);
  if (stored && hasEnded(stored.run)) return { ...stored, source: "database" };
  const waiting = await findWaiting(ctx, runId, stored ? [stored.workspaceId] : await candidates());
  if (waiting) {
    const { execution, node_logs } = waiting;
    return { workspaceId: execution.workspace_id, run: viewOfRecord(execution), source: "outbox", logs: node_logs };
  }
  // A record leaves its outbox once it is in the database: it may have done so since the first look.
  const written = stored ?? (await findStoredRun(ctx, runId));
  return written && { ...written, source: "database" };
}

/** The record as it waits in an outbox of one of the workspaces. */
async function findWaiting(ctx: Context, runId: string, workspaceIds: readonly string[]): Promise<RunRecord | null> {
  const place = placeOfRun(runId);
  if (place === null) return null;
  const texts = await Promise.all(
    workspaceIds.map((workspaceId) =>
      callObject(() => ctx.env.RECORDER.getByName(outboxName(workspaceId, place)).find(runId), "The run's record"),
    ),
  );
  const text = texts.find((found) => found !== null);
  return text === undefined || text === null ? null : parseRunRecord(text);
}

/** What each node has done so far, in the order they started. */
export async function nodeLogsOf(ctx: Context, found: FoundMemberRun): Promise<NodeLogView[]> {
  const { workspaceId, run } = found;
  if (found.source === "outbox") return found.logs.map(viewOfNodeLog);
  const live = found.source === "object" ? await readObject(ctx, run.id, { nodeLogs: true }) : null;
  return live ? live.nodeLogs.map(viewOfNodeLog) : listNodeLogs(ctx, workspaceId, run.id);
}
