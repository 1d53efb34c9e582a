import { and, eq, sql } from "drizzle-orm";
import type { Context } from "#platform/context";
import type { Transaction } from "#platform/db";
import { apps } from "#platform/schema";
import { notDeleted } from "../app-rows.ts";
import { announceEpoch } from "../epoch.ts";

/** An app whose visitors are concerned. */
export interface ConcernedApp {
  readonly id: string;
  readonly epoch: number;
}

/** Apps whose limiters are told at once. */
const AT_ONCE = 25;

function concerned(workspaceId: string, appId: string | null) {
  return and(eq(apps.workspaceId, workspaceId), appId === null ? undefined : eq(apps.id, appId), notDeleted);
}

/** Raises the epoch of an app, or of all apps of the workspace, with the change that it is raised for. */
export function raiseEpochs(tx: Transaction, workspaceId: string, appId: string | null): Promise<ConcernedApp[]> {
  return tx
    .update(apps)
    .set({ epoch: sql`${apps.epoch} + 1` })
    .where(concerned(workspaceId, appId))
    .returning({ id: apps.id, epoch: apps.epoch });
}

/** The epochs as they are, to be announced again where an earlier announcement may have been lost. */
export function currentEpochs(ctx: Context, workspaceId: string, appId: string | null): Promise<ConcernedApp[]> {
  return ctx.db.select({ id: apps.id, epoch: apps.epoch }).from(apps).where(concerned(workspaceId, appId));
}

/** Tells every app's limiter, once the change is committed. @throws what `announceEpoch` throws */
export async function announceEpochs(ctx: Context, concernedApps: readonly ConcernedApp[]): Promise<void> {
  for (let start = 0; start < concernedApps.length; start += AT_ONCE) {
    await Promise.all(concernedApps.slice(start, start + AT_ONCE).map(({ id, epoch }) => announceEpoch(ctx, id, epoch)));
  }
}
