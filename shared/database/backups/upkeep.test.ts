import { eq } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Context } from "#platform/context";
import { workspaceBackups, workspaceDatabases, workspaceRestores } from "#platform/schema";
import { type Bucket, startBucket } from "../../../tests/database/bucket.ts";
import { createWorld, type World } from "../../../tests/database/world.ts";
import { ensureDatabase } from "../provisioning/provision.ts";
import { archiveKey } from "./archive-store.ts";
import { createBackup, getBackup, listBackups } from "./backups.ts";
import { beginDailyBackups, expireBackups, giveUpInterrupted } from "./upkeep.ts";

// Real servers answer; how soon depends on the machine.
vi.setConfig({ testTimeout: 60_000 });

const DAY = 86_400_000;
const WORKSPACES = ["wrk_1", "wrk_2"];
const MIDNIGHT = Date.UTC(2030, 0, 1);

let world: World;
let files: Bucket;

beforeAll(async () => {
  files = await startBucket();
  world = await createWorld(files.bucket);
  for (const workspaceId of WORKSPACES) {
    await world.addWorkspace(workspaceId);
    await ensureDatabase(world.ctx, workspaceId);
  }
}, 120_000);
afterAll(async () => {
  await world?.close();
  await files?.close();
});
beforeEach(async () => {
  await world.ctx.db.delete(workspaceBackups);
});

const at = (time: number): Context => Object.create(world.ctx, { clock: { value: { now: () => time } } });
const keepDays = async (workspaceId: string) => (workspaceId === "wrk_1" ? 7 : 30);
const backupsOf = async (workspaceId: string) => (await listBackups(world.ctx, workspaceId, { limit: 100 })).data;

describe("daily backups", () => {
  it("are taken of each database once a day, each from a minute of its own on", async () => {
    const begun: number[] = [];
    for (let minute = 0; minute < 1440; minute += 60) begun.push(await beginDailyBackups(at(MIDNIGHT + minute * 60_000), keepDays));
    begun.push(await beginDailyBackups(at(MIDNIGHT + DAY - 1), keepDays));
    expect(begun.reduce((sum, count) => sum + count)).toBe(2);
    expect(await beginDailyBackups(at(MIDNIGHT + 2 * DAY - 1), keepDays)).toBe(2);
    for (const workspaceId of WORKSPACES) {
      const backups = await backupsOf(workspaceId);
      expect(backups.map(({ kind, status }) => [kind, status])).toEqual([
        ["daily", "ready"],
        ["daily", "ready"],
      ]);
      for (const { created_at, expires_at } of backups) {
        expect(Date.parse(expires_at) - Date.parse(created_at)).toBe((await keepDays(workspaceId)) * DAY);
      }
    }
  });

  it("begin once where two ticks meet", async () => {
    const now = at(MIDNIGHT + DAY - 1);
    await Promise.all([beginDailyBackups(now, keepDays), beginDailyBackups(now, keepDays)]);
    expect((await Promise.all(WORKSPACES.map(backupsOf))).map(({ length }) => length)).toEqual([1, 1]);
  });

  it("are not taken of a database that is suspended, and one that fails says why", async () => {
    const of = (workspaceId: string) => eq(workspaceDatabases.workspaceId, workspaceId);
    await world.ctx.db.update(workspaceDatabases).set({ status: "suspended" }).where(of("wrk_1"));
    await world.ctx.db.update(workspaceDatabases).set({ name: "ws_gone" }).where(of("wrk_2"));
    expect(await beginDailyBackups(at(MIDNIGHT + DAY - 1), keepDays)).toBe(1);
    expect(await backupsOf("wrk_1")).toEqual([]);
    expect(await backupsOf("wrk_2")).toMatchObject([
      { kind: "daily", status: "failed", error: expect.stringContaining("cannot be reached") },
    ]);
    await world.ctx.db.update(workspaceDatabases).set({ status: "ready" }).where(of("wrk_1"));
    await world.ctx.db.update(workspaceDatabases).set({ name: "ws_wrk_2" }).where(of("wrk_2"));
  });
});

describe("a backup", () => {
  it("is deleted when its time is over, and says so", async () => {
    const { id, expires_at } = await createBackup(world.ctx, "wrk_1", 7);
    const key = archiveKey("wrk_1", id);
    await expireBackups(at(Date.parse(expires_at)));
    expect(await world.env.FILES.head(key)).not.toBeNull();
    await expireBackups(at(Date.parse(expires_at) + 1));
    expect(await world.env.FILES.head(key)).toBeNull();
    expect(await getBackup(world.ctx, "wrk_1", id)).toMatchObject({ status: "expired" });
  });

  it("or a restore that nobody is at work on any more is given up", async () => {
    const { id } = await createBackup(world.ctx, "wrk_1", 7);
    const { db } = world.ctx;
    await db.update(workspaceBackups).set({ status: "running" });
    await db.insert(workspaceRestores).values({ id: "rst_1", workspaceId: "wrk_1", backupId: id, status: "running" });
    await giveUpInterrupted(at(Date.now() + DAY - 60_000));
    expect(await getBackup(world.ctx, "wrk_1", id)).toMatchObject({ status: "running" });
    await giveUpInterrupted(at(Date.now() + DAY + 60_000));
    expect(await getBackup(world.ctx, "wrk_1", id)).toMatchObject({ status: "failed", error: expect.any(String) });
    expect(await db.select({ status: workspaceRestores.status }).from(workspaceRestores)).toEqual([{ status: "failed" }]);
  });

  it("is refused while another is being taken", async () => {
    await createBackup(world.ctx, "wrk_1", 7);
    await world.ctx.db.update(workspaceBackups).set({ status: "running" });
    await expect(createBackup(world.ctx, "wrk_1", 7)).rejects.toMatchObject({ code: "conflict" });
  });
});
