import { recordStorage, storageAllowance } from "#billing";
import { measureStorage, readyDatabases } from "#database";
import type { Context } from "#platform/context";

/** Databases measured at the same time. */
const AT_ONCE = 10;

/** Measures every workspace's database, for the ledger and against its plan. One that cannot be measured holds up no other. */
export async function sampleStorage(ctx: Context): Promise<void> {
  for (let after = ""; ; ) {
    const page = await readyDatabases(ctx, after, AT_ONCE);
    await Promise.all(page.map((workspaceId) => sample(ctx, workspaceId)));
    const last = page.at(-1);
    if (last === undefined) return;
    after = last;
  }
}

async function sample(ctx: Context, workspaceId: string): Promise<void> {
  try {
    const bytes = await measureStorage(ctx, workspaceId, await storageAllowance(ctx, workspaceId));
    await recordStorage(ctx, workspaceId, bytes);
  } catch (error) {
    ctx.log.error("a database could not be measured", error, { workspace_id: workspaceId });
  }
}
