import { and, eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { AppError } from "#platform/errors";
import { auditLogs } from "#platform/schema";
import { contentsOf, replaceDrivers, runAsOwner } from "../../../tests/database/backup-world.ts";
import { type Bucket, startBucket } from "../../../tests/database/bucket.ts";
import { createWorld, ENGINES, type World } from "../../../tests/database/world.ts";
import { applySchema } from "../migrations/apply.ts";
import { executeOperation } from "../operations/execute.ts";
import { dbOperationSchema } from "../operations/operation.ts";
import { databaseName, type EngineName } from "../providers/provider.ts";
import { ensureDatabase } from "../provisioning/provision.ts";
import { dbSchemaSchema } from "../schema/db-schema.ts";
import { archiveKey } from "./archive-store.ts";
import { createBackup, deleteBackup, downloadBackup, getBackup, listBackups } from "./backups.ts";
import { getRestore, restoreBackup } from "./restores.ts";

// Real servers answer; how soon depends on the machine.
vi.setConfig({ testTimeout: 60_000 });

const DAYS = 7;

const schema = dbSchemaSchema.parse({
  tables: [
    {
      name: "people",
      columns: [
        { name: "id", type: "id" },
        { name: "name", type: "text", unique: true },
        { name: "note", type: "text", nullable: true, default: "it's \\ 🙂" },
        { name: "whole", type: "integer", nullable: true, default: 5 },
        { name: "part", type: "number", nullable: true },
        { name: "flag", type: "boolean", nullable: true, default: false },
        { name: "data", type: "json", nullable: true, default: { b: 1, a: [] } },
        { name: "at", type: "timestamp", nullable: true, default: "now" },
        { name: "boss", type: "id", nullable: true, references: "people" },
        { name: "team", type: "id", nullable: true, references: { table: "teams", on_delete: "set_null" } },
      ],
      indexes: [{ columns: ["whole", "flag"], unique: true }, { columns: ["note"] }, { columns: ["at"] }],
    },
    // Two tables that refer to each other.
    {
      name: "teams",
      columns: [
        { name: "id", type: "id" },
        { name: "lead", type: "id", nullable: true, references: { table: "people", on_delete: "cascade" } },
        { name: "lead_name", type: "text", nullable: true, references: { table: "people", column: "name" } },
      ],
    },
    {
      name: "empty",
      columns: [
        { name: "id", type: "id" },
        { name: "order", type: "text" },
      ],
    },
  ],
});

const id = (number: number) => `018f0000-0000-7000-8000-${number.toString(16).padStart(12, "0")}`;

const people = [
  {
    id: id(1),
    name: "Ada",
    note: "𝄞 \u{1f468}\u200d\u{1f469} e\u0301 \u2028\n\t'\"\\`;--",
    whole: "9223372036854775807",
    part: 0.1,
    flag: true,
  },
  { id: id(2), name: " a ", note: null, whole: "-9223372036854775808", part: -1.7976931348623157e308, flag: null, data: null, at: null },
  {
    id: id(3),
    name: "",
    note: "",
    whole: 0,
    part: 5e-324,
    data: { "": [1, 1.5, "☃", null, { z: 1, aa: 2 }], "\u{1f642}": -1e21 },
    boss: id(1),
  },
  { id: id(4), name: "Ä", data: "null", whole: 1, flag: false, at: "1999-12-31T23:59:59.999Z", boss: id(4), team: id(8) },
  { id: id(5), name: "ä", data: [], whole: 1, flag: true, at: "9999-12-31T23:59:59.999Z", team: id(7) },
];
const teams = [
  { id: id(7), lead: id(5), lead_name: "Ada" },
  { id: id(8), lead: id(4) },
];

let world: World;
let files: Bucket;
let workspaces = 0;

beforeAll(async () => {
  files = await startBucket();
  world = await createWorld(files.bucket);
}, 120_000);
afterAll(async () => {
  await world?.close();
  await files?.close();
});

async function newWorkspace(): Promise<string> {
  workspaces += 1;
  const workspaceId = `wrk_${String(workspaces).padStart(26, "0")}`;
  await world.addWorkspace(workspaceId);
  return workspaceId;
}

const run = (workspaceId: string, operation: unknown) =>
  executeOperation(world.ctx, workspaceId, schema, dbOperationSchema.parse(operation));

/** A workspace with a database in which there are rows of every kind. */
async function filledWorkspace(engine: EngineName): Promise<string> {
  const workspaceId = await newWorkspace();
  await world.addApp(workspaceId, `app_${workspaceId}`);
  await ensureDatabase(world.ctx, workspaceId, engine);
  await applySchema(world.ctx, workspaceId, { appId: `app_${workspaceId}`, schema, undeclared: "drop" });
  // What refers in circles is added first, and then made to refer.
  for (const { boss: _, team: __, ...person } of people) await run(workspaceId, { operation: "insert", table: "people", values: person });
  for (const { id: team, ...values } of teams) {
    await run(workspaceId, { operation: "insert", table: "teams", values: { id: team, ...values } });
  }
  for (const { id: person, boss = null, team = null } of people) {
    await run(workspaceId, { operation: "update", table: "people", values: { boss, team }, where: { id: person } });
  }
  return workspaceId;
}

const shared = new Map<EngineName, Promise<string>>();

/** One for all tests that leave it as it was. */
function sharedWorkspace(engine: EngineName): Promise<string> {
  const made = shared.get(engine) ?? filledWorkspace(engine);
  shared.set(engine, made);
  return made;
}

const contents = (workspaceId: string, engine: EngineName) => contentsOf(world, workspaceId, engine);
const back = (workspaceId: string) => createBackup(world.ctx, workspaceId, DAYS);

async function restore(workspaceId: string, backupId: string, into = workspaceId) {
  const { id: restoreId } = await restoreBackup(world.ctx, workspaceId, backupId, { confirm: databaseName(into), into, keepDays: DAYS });
  return getRestore(world.ctx, into, restoreId);
}

const PAIRS = ENGINES.flatMap((from) => ENGINES.map((to) => ({ from, to })));

describe.each(ENGINES)("a backup at %s", (engine) => {
  it("tells what it holds", async () => {
    const workspaceId = await sharedWorkspace(engine);
    const backup = await back(workspaceId);
    expect(backup).toMatchObject({ kind: "manual", status: "ready", engine, tables: 3, rows: 7, error: null, created_by: "usr_1" });
    const { name, bytes, body } = await downloadBackup(world.ctx, workspaceId, backup.id);
    expect(name).toMatch(/^ws_wrk_\d+-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.ndjson\.gz$/);
    expect((await new Response(body).arrayBuffer()).byteLength).toBe(backup.bytes);
    expect(bytes).toBe(backup.bytes);
  });

  it("is of one moment, whatever is written meanwhile", async () => {
    const workspaceId = await sharedWorkspace(engine);
    const before = await contents(workspaceId, engine);
    let hasWritten = false;
    // The first statement opens the snapshot.
    replaceDrivers(world, workspaceId, (driver) => ({
      ...driver,
      transaction: (address, work, options) =>
        driver.transaction(
          address,
          (query) =>
            work(async (statement) => {
              const answer = await query(statement);
              if (!options?.snapshot || hasWritten) return answer;
              hasWritten = true;
              await run(workspaceId, { operation: "insert", table: "empty", values: [{ id: id(100), order: "later" }] });
              await run(workspaceId, { operation: "delete", table: "people", where: { id: id(2) } });
              return answer;
            }),
          options,
        ),
    }));
    const backup = await back(workspaceId);
    expect(hasWritten).toBe(true);
    expect(await contents(workspaceId, engine)).not.toEqual(before);
    expect(await restore(workspaceId, backup.id)).toMatchObject({ status: "completed", step: null, error: null });
    expect(await contents(workspaceId, engine)).toEqual(before);
  });

  it("comes back over 1,000 more writes and another schema, and the state that it replaces does too", async () => {
    const workspaceId = await filledWorkspace(engine);
    const before = await contents(workspaceId, engine);
    const backup = await back(workspaceId);
    const added = Array.from({ length: 1000 }, (_, index) => ({ id: id(1000 + index), order: `${index}` }));
    await run(workspaceId, { operation: "insert", table: "empty", values: added });
    await run(workspaceId, { operation: "update", table: "people", values: { note: "changed" }, where: { id: id(1) } });
    const more = dbSchemaSchema.parse({
      tables: [
        ...schema.tables
          .filter(({ name }) => name !== "teams")
          .map((table) => ({
            ...table,
            columns: table.columns.filter(({ name }) => !["team", "data"].includes(name)),
          })),
        {
          name: "extra",
          columns: [
            { name: "id", type: "id" },
            { name: "of", type: "id", references: "people" },
          ],
        },
      ],
    });
    const request = { appId: `app_${workspaceId}`, schema: more, undeclared: "drop" as const };
    const refused = await applySchema(world.ctx, workspaceId, request).catch((error) => error);
    const confirm = refused.details.plan.hash;
    await applySchema(world.ctx, workspaceId, { ...request, confirm });
    const after = await contents(workspaceId, engine);

    const restored = await restore(workspaceId, backup.id);
    expect(restored).toMatchObject({ status: "completed", workspace_id: workspaceId, backup_id: backup.id });
    expect(await contents(workspaceId, engine)).toEqual(before);

    const safety = await getBackup(world.ctx, workspaceId, String(restored.safety_backup_id));
    expect(safety).toMatchObject({ kind: "manual", status: "ready", tables: 3, rows: 1005 });
    expect(await restore(workspaceId, safety.id)).toMatchObject({ status: "completed" });
    expect(await contents(workspaceId, engine)).toEqual(after);
  });

  it("is read in full by the role of the apps, which can write what the keys allow", async () => {
    const workspaceId = await filledWorkspace(engine);
    const backup = await back(workspaceId);
    const read = () => run(workspaceId, { operation: "select", table: "people", order_by: [{ column: "id" }] });
    const before = await read();
    expect(before.count).toBe(5);
    expect(await restore(workspaceId, backup.id)).toMatchObject({ status: "completed" });
    expect(await read()).toEqual(before);
    await run(workspaceId, { operation: "insert", table: "people", values: { id: id(200), name: "New", whole: 7 } });
    const { rows } = await run(workspaceId, { operation: "select", table: "people", where: { id: id(200) } });
    expect(rows).toMatchObject([{ note: "it's \\ 🙂", flag: false, data: { b: 1, a: [] } }]);
    const twice = run(workspaceId, { operation: "insert", table: "people", values: { name: "New" } });
    await expect(twice).rejects.toMatchObject({ code: "conflict", message: expect.stringContaining("name") });
    const orphan = run(workspaceId, { operation: "insert", table: "people", values: { name: "Orphan", whole: 8, boss: id(999) } });
    await expect(orphan).rejects.toMatchObject({ code: "conflict" });
    await run(workspaceId, { operation: "delete", table: "teams", where: { id: id(8) } });
    expect((await run(workspaceId, { operation: "select", table: "people", where: { id: id(4) } })).rows).toMatchObject([{ team: null }]);
    // Publishing the same again finds everything as it is to be.
    const request = { appId: `app_${workspaceId}`, schema, undeclared: "drop" as const };
    expect((await applySchema(world.ctx, workspaceId, request)).steps).toEqual([]);
  });

  it("is restored once where every step is taken twice", async () => {
    const workspaceId = await sharedWorkspace(engine);
    const before = await contents(workspaceId, engine);
    const once = world.steps;
    world.steps = {
      ...once,
      async do(_, work) {
        await work();
        return work();
      },
    };
    const backup = await back(workspaceId);
    const restored = await restore(workspaceId, backup.id);
    world.steps = once;
    expect(restored).toMatchObject({ status: "completed", error: null });
    expect(await contents(workspaceId, engine)).toEqual(before);
    const isOf = and(eq(auditLogs.workspaceId, workspaceId), eq(auditLogs.targetId, backup.id));
    const entries = await world.ctx.db.select({ action: auditLogs.action }).from(auditLogs).where(isOf);
    const actions = ["backup.requested", "backup.taken", "backup.restore_requested", "database.restored"];
    expect(entries.map(({ action }) => action).sort()).toEqual(actions.sort());
  });

  it("whose restore the server fails leaves the database as it was, and nothing beside it", async () => {
    const workspaceId = await sharedWorkspace(engine);
    const backup = await back(workspaceId);
    const before = await contents(workspaceId, engine);
    replaceDrivers(world, workspaceId, (driver) => ({
      ...driver,
      command: (address, text) => {
        if (/^(CREATE|ALTER).*INDEX/.test(text)) throw new AppError("node_timeout", "The database took too long to answer.");
        return driver.command(address, text);
      },
    }));
    const restored = await restore(workspaceId, backup.id);
    expect(restored).toMatchObject({ status: "failed", step: "stage", error: "The database took too long to answer." });
    expect(await contents(workspaceId, engine)).toEqual(before);
    world.pools.delete(workspaceId);
    expect(await restore(workspaceId, backup.id)).toMatchObject({ status: "completed" });
    expect(await contents(workspaceId, engine)).toEqual(before);
  });

  it("holds an empty database", async () => {
    const workspaceId = await newWorkspace();
    await ensureDatabase(world.ctx, workspaceId, engine);
    const backup = await back(workspaceId);
    expect(backup).toMatchObject({ status: "ready", tables: 0, rows: 0 });
    const target = await filledWorkspace(engine);
    expect(await restore(workspaceId, backup.id, target)).toMatchObject({ status: "completed" });
    expect(await contents(target, engine)).toEqual({ tables: [], others: [] });
  });

  it("that is damaged is refused, and nothing is touched", async () => {
    const workspaceId = await filledWorkspace(engine);
    const backup = await back(workspaceId);
    await run(workspaceId, { operation: "delete", table: "people", where: { id: id(1) } }).catch(() => undefined);
    const before = await contents(workspaceId, engine);
    const backups = await listBackups(world.ctx, workspaceId, { limit: 100 });
    const key = archiveKey(workspaceId, backup.id);
    const whole = new Uint8Array(await new Response((await world.env.FILES.get(key))?.body).arrayBuffer());
    const altered = Uint8Array.from(whole);
    altered[whole.length >> 1] = (altered[whole.length >> 1] ?? 0) ^ 1;
    for (const bytes of [altered, whole.subarray(0, whole.length - 1), new Uint8Array()]) {
      await world.env.FILES.put(key, bytes);
      const restored = await restore(workspaceId, backup.id);
      expect(restored).toMatchObject({ status: "failed", step: "verify", error: expect.stringContaining("damaged") });
      expect(await contents(workspaceId, engine)).toEqual(before);
    }
    await world.env.FILES.delete(key);
    expect(await restore(workspaceId, backup.id)).toMatchObject({ status: "failed", error: expect.stringContaining("does not exist") });
    expect(await contents(workspaceId, engine)).toEqual(before);
    const { data } = await listBackups(world.ctx, workspaceId, { limit: 100 });
    expect(data.filter(({ status }) => status === "ready")).toEqual(backups.data);
  });
});

describe.each(PAIRS)("a backup from $from to $to", ({ from, to }) => {
  it("makes the same of a fresh database", async () => {
    const source = await sharedWorkspace(from);
    const backup = await back(source);
    const target = await newWorkspace();
    // Without a database of its own the target gets one where databases are made.
    if (to === "mysql") await ensureDatabase(world.ctx, target, to);
    expect(await restore(source, backup.id, target)).toMatchObject({ status: "completed", error: null });
    expect(await contents(target, to)).toEqual(await contents(source, from));
    // And back again.
    const returned = await back(target);
    expect(await restore(target, returned.id, source)).toMatchObject({ status: "completed", error: null });
    expect(await contents(source, from)).toEqual(await contents(target, to));
  });
});

describe("values that one engine holds alone", () => {
  it("come back to it, and are refused by the other with nothing touched", async () => {
    const source = await filledWorkspace("postgres");
    await runAsOwner(
      world,
      source,
      "postgres",
      `UPDATE people SET part = 'NaN', at = 'infinity', data = '{"n": 123456789012345678901234567890.5}' WHERE id = '${id(1)}'`,
      `UPDATE people SET part = '-0', at = '20026-01-01' WHERE id = '${id(2)}'`,
    );
    const before = await contents(source, "postgres");
    const backup = await back(source);
    await runAsOwner(world, source, "postgres", "UPDATE people SET part = 0, at = NULL, data = NULL");
    expect(await restore(source, backup.id)).toMatchObject({ status: "completed" });
    expect(await contents(source, "postgres")).toEqual(before);
    if (!ENGINES.includes("mysql")) return;
    const target = await sharedWorkspace("mysql");
    const untouched = await contents(target, "mysql");
    expect(await restore(source, backup.id, target)).toMatchObject({ status: "failed", step: "stage", error: expect.any(String) });
    expect(await contents(target, "mysql")).toEqual(untouched);
  });
});

describe("backups", () => {
  it("are listed newest first, and deleted with their archives", async () => {
    const workspaceId = await filledWorkspace("postgres");
    const [first, second] = [await back(workspaceId), await back(workspaceId)];
    const page = await listBackups(world.ctx, workspaceId, { limit: 1 });
    expect(page).toEqual({ data: [second], next_cursor: second.id });
    expect(await listBackups(world.ctx, workspaceId, { limit: 1, cursor: second.id })).toEqual({ data: [first], next_cursor: null });
    await deleteBackup(world.ctx, workspaceId, first.id);
    expect(await world.env.FILES.head(archiveKey(workspaceId, first.id))).toBeNull();
    await expect(getBackup(world.ctx, workspaceId, first.id)).rejects.toMatchObject({ code: "not_found" });
    await expect(deleteBackup(world.ctx, workspaceId, first.id)).rejects.toMatchObject({ code: "not_found" });
  });

  it("are another workspace's to nobody else", async () => {
    const [owner, stranger] = [await sharedWorkspace("postgres"), await newWorkspace()];
    const { id: backupId } = await back(owner);
    for (const act of [getBackup, downloadBackup, deleteBackup]) {
      await expect(act(world.ctx, stranger, backupId)).rejects.toMatchObject({ code: "not_found" });
    }
    await expect(restore(stranger, backupId)).rejects.toMatchObject({ code: "not_found" });
  });

  it("need a database", async () => {
    await expect(back(await newWorkspace())).rejects.toMatchObject({ code: "invalid_state" });
  });

  it("are restored by whoever confirms the name of the database", async () => {
    const workspaceId = await sharedWorkspace("postgres");
    const { id: backupId } = await back(workspaceId);
    const options = { confirm: "ws_another", keepDays: DAYS };
    const refused = restoreBackup(world.ctx, workspaceId, backupId, options);
    await expect(refused).rejects.toMatchObject({ code: "validation_failed", faults: [{ path: "confirm" }] });
  });
});
