import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createContext } from "#platform/context";
import { auditLogs, workspaceBackups, workspaceDatabases, workspaces } from "#platform/schema";
import { type Bucket, startBucket } from "../../../tests/database/bucket.ts";
import { createWorld, ENGINES, type World } from "../../../tests/database/world.ts";
import { plain } from "../engines/driver.ts";
import { executeOperation } from "../operations/execute.ts";
import { destroyDatabases, settleDatabase, settleDatabases } from "./lifecycle.ts";
import { ensureDatabase, getDatabase } from "./provision.ts";

// Real servers answer; how soon depends on the machine.
vi.setConfig({ testTimeout: 60_000 });

const DAY = 86_400_000;
const keepDays = async () => 30;

let world: World;
let files: Bucket;
beforeAll(async () => {
  files = await startBucket();
  world = await createWorld(files.bucket);
}, 120_000);
afterAll(async () => {
  await Promise.all([world?.close(), files?.close()]);
});

const select = (workspaceId: string) =>
  executeOperation(world.ctx, workspaceId, { tables: [] }, { operation: "sql", sql: "SELECT 1 AS one" });

async function setWorkspace(workspaceId: string, status: "active" | "deleting"): Promise<void> {
  const deleteAt = status === "deleting" ? new Date(world.ctx.clock.now() + 7 * DAY) : null;
  await world.ctx.db.update(workspaces).set({ status, deleteAt }).where(eq(workspaces.id, workspaceId));
}

describe.each(ENGINES)("the database of a workspace that is deleted, at %s", (engine) => {
  const workspaceId = `wrk_${engine.slice(0, 1)}gone`;

  it("is closed at once, and open again when the deletion is undone", async () => {
    await world.addWorkspace(workspaceId);
    await ensureDatabase(world.ctx, workspaceId, engine);
    const address = await world.addressOf(workspaceId, "runtime");
    expect(await select(workspaceId)).toMatchObject({ rows: [{ one: 1 }] });

    await setWorkspace(workspaceId, "deleting");
    await settleDatabase(world.ctx, workspaceId);
    expect(await getDatabase(world.ctx, workspaceId)).toMatchObject({ status: "suspended" });
    await expect(select(workspaceId)).rejects.toMatchObject({ code: "invalid_state" });
    await expect(ensureDatabase(world.ctx, workspaceId)).rejects.toMatchObject({ code: "invalid_state" });
    await expect(world.engines[engine].driver.run(address, plain("SELECT 1"))).rejects.toThrow();
    await destroyDatabases(world.ctx, keepDays);
    expect(await getDatabase(world.ctx, workspaceId)).toMatchObject({ status: "suspended" });

    await setWorkspace(workspaceId, "active");
    // The request that undid it died before it came to the database.
    await settleDatabases(world.ctx);
    expect(await select(workspaceId)).toMatchObject({ rows: [{ one: 1 }] });
  });

  it("gets new credentials when it is opened again after its provider threw away the old ones", async () => {
    await setWorkspace(workspaceId, "deleting");
    await settleDatabase(world.ctx, workspaceId);
    const target = { name: `ws_${workspaceId}`, region: "weur", reference: null };
    await world.providers[engine].issue(target, "runtime", { generation: 1, password: "another" });
    await setWorkspace(workspaceId, "active");
    await settleDatabase(world.ctx, workspaceId);
    expect(await select(workspaceId)).toMatchObject({ rows: [{ one: 1 }] });
  });

  it("is destroyed after seven days, with nothing left to enter by", async () => {
    await setWorkspace(workspaceId, "deleting");
    const later = createContext(world.env, { clock: { now: () => Date.now() + 8 * DAY }, waitUntil: () => undefined });
    await settleDatabases(later);
    // The first begins the last backup, the second finds it.
    for (let tick = 0; tick < 3; tick += 1) await destroyDatabases(later, keepDays);
    const backups = await world.ctx.db.select().from(workspaceBackups).where(eq(workspaceBackups.workspaceId, workspaceId));
    expect(backups).toMatchObject([{ kind: "final", status: "ready", engine }]);
    expect((backups[0]?.expiresAt.getTime() ?? 0) - later.clock.now()).toBeGreaterThan(29 * DAY);
    const [row] = await world.ctx.db.select().from(workspaceDatabases).where(eq(workspaceDatabases.workspaceId, workspaceId));
    expect(row).toMatchObject({ status: "deleted", sealedOwner: null, sealedRuntime: null, sealedDraft: null });
    expect(await world.providers[engine].status({ name: `ws_${workspaceId}`, region: "weur", reference: null })).toBe("absent");
    const audit = await world.ctx.db.select().from(auditLogs).where(eq(auditLogs.workspaceId, workspaceId)).orderBy(auditLogs.id);
    expect(audit.map(({ action }) => action).filter((action) => action.startsWith("database.") && action !== "database.requested")).toEqual(
      [
        "database.provisioned",
        ...["suspended", "resumed", "suspended", "resumed", "suspended", "destroyed"].map((what) => `database.${what}`),
      ],
    );
  });
});
