import { and, eq, inArray, sql } from "drizzle-orm";
import { appTriggerConfigSchema } from "#app";
import type { Context } from "#platform/context";
import type { ExecutionRecord } from "#platform/records";
import { deliveries, triggers } from "#platform/schema";
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
  if (followed.length === 0) return [];
  const rows = await ctx.db
    .select()
    .from(triggers)
    .where(
      and(
        eq(triggers.type, "app"),
        eq(triggers.enabled, true),
        inArray(triggers.sourceAppId, [...new Set(followed.map(({ app_id }) => app_id))]),
      ),
    );
  if (rows.length === 0) return [];
  const pairs = followed.flatMap((run) =>
    rows
      .filter(({ sourceAppId, workspaceId, config }) => {
        const parsed = appTriggerConfigSchema.safeParse(config);
        return sourceAppId === run.app_id && workspaceId === run.workspace_id && parsed.data?.on.some((status) => status === run.status);
      })
      .map((row) => ({ run, row })),
  );
  const depths = new Map(
    await Promise.all([...new Set(pairs.map(({ run }) => run))].map(async (run) => [run.id, await depthOf(ctx, run)] as const)),
  );
  return pairs.flatMap(({ run, row }): NewDelivery[] => {
    const depth = (depths.get(run.id) ?? 0) + 1;
    if (depth > MAX_DEPTH) return [];
    return [
      {
        id: `${row.id}:${run.id}`,
        workspaceId: row.workspaceId,
        appId: row.appId,
        kind: "app",
        triggerId: row.id,
        executionId: run.id,
        payload: { run_id: run.id, status: run.status, outputs: run.outputs, depth },
        dueAt: new Date(ctx.clock.now()),
      },
    ];
  });
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
