import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { workspaceBackups, workspaceDatabases, workspaceRestores } from "#platform/schema";
import { type Person, type Platform, startPlatform } from "./testing/platform.ts";

const MOMENT = new Date("2026-11-27T00:00:00Z");
const ID = "01k00000000000000000000001";

let platform: Platform;
let owner: Person;
let stranger: Person;
let base: string;

beforeAll(async () => {
  platform = await startPlatform();
  [owner, stranger] = [await platform.signUp("Owner"), await platform.signUp("Stranger")];
  base = `/api/v1/workspaces/${owner.workspaceId}/database`;
  const { db } = platform.context();
  const common = { workspaceId: owner.workspaceId, kind: "manual", expiresAt: MOMENT, createdAt: MOMENT, updatedAt: MOMENT } as const;
  const made = { engine: "mysql", bytes: 5_000_000_000, sha256: "0".repeat(64), tables: 1, rows: 2, takenAt: MOMENT } as const;
  await db.insert(workspaceBackups).values([
    { ...common, id: `bkp_${ID}`, status: "ready", ...made },
    { ...common, id: "bkp_01k00000000000000000000002", status: "running" },
  ]);
  await db.insert(workspaceDatabases).values({
    workspaceId: owner.workspaceId,
    provider: "postgres",
    name: `ws_${owner.workspaceId}`,
    status: "ready",
    region: "auto",
    sealedOwner: "x",
    sealedRuntime: "x",
  });
}, 60_000);
afterAll(() => platform.stop());

const call = (route: string, body?: unknown, person = owner) =>
  platform.call(route.replace(" ", ` ${base}`), { as: person.as, ...(body !== undefined && { body }) });

describe("backups", () => {
  it("are shown, newest first, with what they hold", async () => {
    const { status, body } = await call("GET /backups");
    expect(status).toBe(200);
    expect(body.data.map((backup: { status: string }) => backup.status)).toEqual(["running", "ready"]);
    const one = await call(`GET /backups/bkp_${ID}`);
    expect(one.body.data).toEqual(body.data[1]);
    expect(one.body.data).toEqual({
      id: `bkp_${ID}`,
      ...{ kind: "manual", status: "ready", engine: "mysql", bytes: 5_000_000_000, sha256: "0".repeat(64), tables: 1, rows: 2 },
      ...{
        error: null,
        taken_at: MOMENT.toISOString(),
        expires_at: MOMENT.toISOString(),
        created_by: null,
        created_at: MOMENT.toISOString(),
      },
    });
  });

  it("are taken one at a time", async () => {
    expect(await call("POST /backups")).toMatchObject({ status: 409, body: { code: "conflict" } });
  });

  it("cannot be used, nor deleted, while they are taken", async () => {
    const running = "/backups/bkp_01k00000000000000000000002";
    const confirm = `ws_${owner.workspaceId}`;
    for (const answer of [
      await call(`GET ${running}/download`),
      await call(`DELETE ${running}`),
      await call(`POST ${running}/restore`, { confirm }),
    ]) {
      expect(answer).toMatchObject({ status: 409, body: { code: "invalid_state" } });
    }
  });

  it("are restored by who confirms the database's name, into workspaces that the caller manages alone", async () => {
    const restore = `POST /backups/bkp_${ID}/restore`;
    const unconfirmed = await call(restore, { confirm: "ws_other" });
    expect(unconfirmed).toMatchObject({ status: 422, body: { code: "validation_failed", errors: [{ path: "confirm" }] } });
    const foreign = await call(restore, { confirm: `ws_${stranger.workspaceId}`, into: stranger.workspaceId });
    expect(foreign).toMatchObject({ status: 404, body: { code: "not_found" } });
    expect(await call(restore, { confirm: `ws_${stranger.workspaceId}` }, stranger)).toMatchObject({ status: 404 });
    expect(await platform.context().db.select().from(workspaceRestores)).toEqual([]);
  });
});

describe("a restore", () => {
  it("is seen where it is put into", async () => {
    const { db } = platform.context();
    const row = { id: `rst_${ID}`, workspaceId: owner.workspaceId, backupId: `bkp_${ID}`, createdAt: MOMENT, updatedAt: MOMENT };
    await db.insert(workspaceRestores).values({ ...row, status: "running", step: "stage" });
    const { status, body } = await call(`GET /restores/rst_${ID}`);
    expect(status).toBe(200);
    expect(body.data).toMatchObject({ id: `rst_${ID}`, status: "running", step: "stage", safety_backup_id: null, finished_at: null });
    expect((await call("GET /restores/rst_2")).status).toBe(404);
    const confirm = `ws_${owner.workspaceId}`;
    expect(await call(`POST /backups/bkp_${ID}/restore`, { confirm })).toMatchObject({ status: 409, body: { code: "conflict" } });
    expect(await call(`DELETE /backups/bkp_${ID}`)).toMatchObject({ status: 409, body: { code: "invalid_state" } });
  });
});
