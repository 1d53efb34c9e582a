import { and, eq, inArray, sql } from "drizzle-orm";
import { appTriggerConfigSchema, type TriggerRow } from "#app";
import type { Context } from "#platform/context";
import type { ExecutionRecord } from "#platform/records";
import { apps, deliveries, triggers } from "#platform/schema";
import { offerDeliveries } from "./deliveries.ts";

/** Runs that start each other in a row: a ring of apps that follow each other ends here. */
const MAX_DEPTH = 10;

type NewDelivery = typeof deliveries.$inferInsert;

/**
 * Notes what is owed because runs have ended: callbacks, and runs of apps that follow theirs. Noting it again changes nothing.
 */
export async function noteEnds(ctx: Context, records: readonly ExecutionRecord[]): Promise<void> {
  const ended = records.filter(({ finished_at, status }) => finished_at !== null && status !== "interrupted");
  const owed = [...ended.flatMap((run) => callbackOf(ctx, run)), ...(await followersOf(ctx, ended))];
  if (owed.length === 0) return;
  await ctx.db.insert(deliveries).values(owed).onConflictDoNothing();
  await offerDeliveries(ctx);
}

function callbackOf(ctx: Context, { id, workspace_id, app_id, callback_url }: ExecutionRecord): NewDelivery[] {
  if (callback_url === undefined) return [];
  const common = { workspaceId: workspace_id, appId: app_id, executionId: id, dueAt: new Date(ctx.clock.now()) };
  return [{ ...common, id: `${id}:callback`, kind: "callback", payload: { url: callback_url } }];
}

async function followersOf(ctx: Context, ended: readonly ExecutionRecord[]): Promise<NewDelivery[]> {
  const followed = ended.filter(({ trigger, status }) => trigger !== "test" && (status === "completed" || status === "failed"));
  const rows = await readFollowers(ctx, new Set(followed.map(({ app_id }) => app_id)));
  const followers = followed.flatMap((run) => rows.filter((row) => follows(row, run)).map((row) => ({ run, row })));
  const owed = await Promise.all(followers.map(async ({ run, row }) => deliveryOf(ctx, row, run, (await depthOf(ctx, run)) + 1)));
  return owed.filter((delivery) => delivery !== null);
}

/** The triggers that follow these apps. An app that is not published starts nothing. */
async function readFollowers(ctx: Context, appIds: ReadonlySet<string>): Promise<TriggerRow[]> {
  if (appIds.size === 0) return [];
  const rows = await ctx.db
    .select({ trigger: triggers })
    .from(triggers)
    .innerJoin(apps, eq(apps.id, triggers.appId))
    .where(and(inArray(triggers.sourceAppId, [...appIds]), eq(triggers.enabled, true), eq(apps.status, "published")));
  return rows.map(({ trigger }) => trigger);
}

function follows({ sourceAppId, workspaceId, config }: TriggerRow, run: ExecutionRecord): boolean {
  const { data } = appTriggerConfigSchema.safeParse(config);
  return sourceAppId === run.app_id && workspaceId === run.workspace_id && (data?.on.some((status) => status === run.status) ?? false);
}

function deliveryOf(ctx: Context, { id, workspaceId, appId }: TriggerRow, run: ExecutionRecord, depth: number): NewDelivery | null {
  if (depth > MAX_DEPTH) {
    ctx.log.warn("apps follow each other in a ring, or too long a row: it ends here", { trigger_id: id, run_id: run.id });
    return null;
  }
  const common = { workspaceId, appId, triggerId: id, executionId: run.id, dueAt: new Date(ctx.clock.now()) };
  return { ...common, id: `${id}:${run.id}`, kind: "app", payload: { run_id: run.id, status: run.status, depth } };
}

/** How many runs in a row, each started by the end of the one before, have led to this one. */
async function depthOf(ctx: Context, { trigger, trigger_id, parent_id }: ExecutionRecord): Promise<number> {
  if (trigger !== "app" || trigger_id === undefined || parent_id === undefined) return 0;
  const [row] = await ctx.db
    .select({ depth: sql<number>`coalesce((${deliveries.payload} ->> 'depth')::int, 0)` })
    .from(deliveries)
    .where(eq(deliveries.id, `${trigger_id}:${parent_id}`));
  return row?.depth ?? 0;
}
