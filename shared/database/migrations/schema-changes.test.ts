import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type Fault, faultyDriver } from "../../../tests/database/faulty-driver.ts";
import { createSchemaWorld, emptyDatabase, type SchemaWorld } from "../../../tests/database/schema-world.ts";
import { createWorld, ENGINES, type World } from "../../../tests/database/world.ts";
import { createWorkspacePool } from "../pool/workspace-pool.ts";
import { ensureDatabase } from "../provisioning/provision.ts";
import { type DbSchema, dbSchemaSchema } from "../schema/db-schema.ts";
import { applySchema, planSchema } from "./apply.ts";

// Real servers answer; how soon depends on the machine.
vi.setConfig({ testTimeout: 120_000 });

let world: World;
beforeAll(async () => {
  world = await createWorld();
}, 120_000);
afterAll(() => world?.close());

const id = { name: "id", type: "id" };
const schema = (...tables: unknown[]): DbSchema => dbSchemaSchema.parse({ tables });
const leads = (columns: unknown[], rest: object = {}) => ({ name: "leads", columns: [id, ...columns], ...rest });
const NOTHING = schema();

describe.each(ENGINES)("a schema that changes, at %s", (engine) => {
  let database: SchemaWorld;
  /** What the database was last brought to. */
  let current = NOTHING;

  beforeAll(async () => {
    database = await createSchemaWorld(world, engine, `wrk_0change${engine}`);
  }, 60_000);

  beforeEach(async () => {
    await emptyDatabase(database, current);
    current = NOTHING;
  });

  async function bring(to: DbSchema, options: Parameters<SchemaWorld["change"]>[2] = {}) {
    const from = current;
    const plan = await database.change(from, to, options);
    current = to;
    return plan;
  }
  const rowsOf = async (table: string, declared = current) => {
    const columns = declared.tables.find(({ name }) => name === table)?.columns ?? [];
    return [...(await database.rows(table, columns)).values()].map(({ id: _, ...row }) => row);
  };
  const add = (row: Record<string, unknown>, table = "leads") => database.insert(current, table, [row]);
  const shape = async () => [...(await database.look()).catalog.values()];

  it("adds tables, columns, defaults, indexes and references, and keeps the rows", async () => {
    await bring(schema(leads([{ name: "email", type: "text" }])));
    await add({ email: "a" });
    const desk = { name: "desk_id", type: "id", nullable: true, references: { table: "desks", on_delete: "set_null" } };
    const grown = leads(
      [
        { name: "email", type: "text", unique: true, default: "it's \\ odd" },
        { name: "score", type: "integer", default: 9007199254740991 },
        { name: "tags", type: "json", default: { b: [1, null], a: "x" } },
        { name: "note", type: "text", nullable: true },
        desk,
      ],
      { indexes: [{ columns: ["score", "note"] }] },
    );
    await bring(schema(grown, { name: "desks", columns: [{ name: "key", type: "id" }] }));
    const row = { email: "a", score: 9007199254740991, tags: { a: "x", b: [1, null] }, note: null, desk_id: null };
    expect(await rowsOf("leads")).toEqual([row]);
    expect((await database.plan(current, current)).steps).toEqual([]);
  });

  it("asks before anything is lost, and then does exactly what was confirmed", async () => {
    await bring(
      schema(
        leads([
          { name: "email", type: "text" },
          { name: "kind", type: "text", nullable: true },
        ]),
        { name: "desks", columns: [id] },
      ),
    );
    await add({ email: "a", kind: "12" });
    await add({ email: "b", kind: "dozen" });
    const after = schema(leads([{ name: "kind", type: "integer", nullable: true }]));
    const before = await shape();
    const { hash, steps } = await database.plan(current, after);
    expect(steps.map(({ kind, effect }) => `${kind} ${effect}`)).toEqual([
      "drop_column destructive",
      "drop_table destructive",
      "convert_column lossy",
    ]);
    for (const confirm of [undefined, "0".repeat(64)]) {
      await expect(bring(after, { confirm })).rejects.toMatchObject({
        code: "migration_not_confirmed",
        faults: [
          { path: "db_schema.tables[0]", code: "destructive", message: "drops leads.email with all its values" },
          { path: "db_schema", code: "destructive" },
          { path: "db_schema.tables[0].columns[1]", code: "lossy" },
        ],
        details: { plan: { hash, steps } },
      });
    }
    expect(await shape()).toEqual(before);
    await bring(after, { confirm: hash });
    expect((await rowsOf("leads")).map(({ kind }) => kind).sort()).toEqual([12, null]);
    expect((await shape()).map(({ name }) => name)).toEqual(["leads"]);
  });

  it("carries every value over where the types allow it", async () => {
    const types = ["integer", "number", "boolean", "json", "timestamp"] as const;
    await bring(schema(leads(types.map((type) => ({ name: `c_${type}`, type })))));
    await add({
      c_integer: "-9223372036854775807",
      c_number: 0.1,
      c_boolean: true,
      c_json: { a: [1] },
      c_timestamp: "2026-01-02T03:04:05.678Z",
    });
    await bring(schema(leads(types.map((type) => ({ name: `c_${type}`, type: "text" })))));
    const [row] = await rowsOf("leads");
    expect(row).toMatchObject({
      c_integer: "-9223372036854775807",
      c_number: "0.1",
      c_boolean: "true",
      c_timestamp: "2026-01-02T03:04:05.678Z",
    });
    expect(JSON.parse(String(row?.["c_json"]))).toEqual({ a: [1] });
    const back = schema(leads(types.map((type) => ({ name: `c_${type}`, type: type === "json" ? "text" : type }))));
    await bring(back, { confirm: (await database.plan(current, back)).hash });
    const { c_json: _, ...values } = (await rowsOf("leads"))[0] ?? {};
    expect(values).toEqual({
      c_integer: "-9223372036854775807",
      c_number: 0.1,
      c_boolean: true,
      c_timestamp: "2026-01-02T03:04:05.678Z",
    });
  });

  it("gives tables and columns other names, with all that is in them", async () => {
    const note = { name: "note", type: "json" };
    await bring(
      schema(
        leads([{ name: "email", type: "text", unique: true }, note, { name: "boss", type: "id", nullable: true, references: "leads" }]),
      ),
    );
    await add({ email: "a", note: { x: 1 } });
    const renamed = [
      { ...id, name: "key", renamed_from: "id" },
      { name: "mail", type: "text", unique: true, renamed_from: "email" },
      { ...note, name: "remark", renamed_from: "note" },
      { name: "chief", type: "id", nullable: true, references: "people", renamed_from: "boss" },
    ];
    const plan = await bring(schema({ name: "people", renamed_from: "leads", columns: renamed }));
    expect(new Set(plan.steps.map(({ kind }) => kind))).toEqual(new Set(["rename_table", "rename_column"]));
    expect([...(await database.rows("people", current.tables[0]?.columns ?? [])).values()]).toMatchObject([
      { mail: "a", remark: { x: 1 }, chief: null },
    ]);
    expect((await database.plan(current, current)).steps).toEqual([]);
  });

  it("changes both ends of a reference while it holds", async () => {
    const people = (columns: unknown[]) => ({ name: "people", columns: [id, ...columns] });
    const code = { name: "code", type: "text", unique: true };
    const by = { name: "by", type: "text", references: { table: "people", column: "code" } };
    const boss = { name: "boss", type: "id", nullable: true, references: "people" };
    await bring(schema(people([code]), leads([{ ...by, nullable: true }, boss])));
    const person = database.newId();
    await add({ id: person, code: "c" }, "people");
    await add({ by: "c", boss: person });
    const forgetting = { ...boss, references: { table: "people", on_delete: "set_null" } };
    const steps = [
      schema(people([{ ...code, default: "x" }]), leads([by, { ...boss, nullable: false }])),
      schema(people([{ ...code, nullable: true }]), leads([{ ...by, nullable: true }, forgetting])),
      schema(people([{ ...code, type: "json", unique: false, nullable: true }]), leads([{ name: "by", type: "text" }])),
    ];
    for (const step of steps) {
      await bring(step, { confirm: (await database.plan(current, step)).hash });
      expect((await database.plan(step, step)).steps).toEqual([]);
      expect(await rowsOf("leads")).toMatchObject([{ by: "c" }]);
    }
  });

  it.each([
    ["values that are not unique", [{ name: "email", type: "text", unique: true }], "rows_conflict", "columns[1]"],
    [
      "a missing value where one is required",
      [
        { name: "email", type: "text" },
        { name: "note", type: "text" },
      ],
      "rows_conflict",
      "columns[2]",
    ],
    ["a required column without a value for the rows", [{ name: "kind", type: "text" }], "missing_default", "columns[1]"],
    [
      "a reference to rows that are missing",
      [{ name: "email", type: "text", references: { table: "people", column: "email" } }],
      "rows_conflict",
      "columns[1].references",
    ],
    ["values that no number holds exactly", [{ name: "big", type: "number", nullable: true }], "rows_conflict", "columns[1]"],
    ["values that are no numbers", [{ name: "email", type: "integer" }], "rows_conflict", "columns[1]"],
  ])("is refused whole for %s", async (_, columns, code, path) => {
    await bring(
      schema(
        leads([
          { name: "email", type: "text" },
          { name: "note", type: "text", nullable: true },
          { name: "big", type: "integer", nullable: true },
        ]),
      ),
    );
    await add({ email: "a", note: "n" });
    await add({ email: "a", big: "9007199254740993" });
    const people = { name: "people", columns: [id, { name: "email", type: "text", unique: true }] };
    const after = schema(leads(columns), people);
    const [before, rows] = [await shape(), await rowsOf("leads")];
    const confirm = await database.plan(current, after).then(
      ({ hash }) => hash,
      () => undefined,
    );
    await expect(database.change(current, after, { confirm })).rejects.toMatchObject({
      code: "conflict",
      faults: [{ code, path: `db_schema.tables[0].${path}` }],
    });
    expect(await shape()).toEqual(before);
    expect(await rowsOf("leads")).toEqual(rows);
  });

  it("puts an older version back beside what a newer one added", async () => {
    const old = schema(leads([{ name: "email", type: "text" }]));
    await bring(
      schema(
        leads(
          [
            { name: "email", type: "text", nullable: true },
            { name: "kind", type: "text" },
          ],
          { indexes: [{ columns: ["email"], unique: true }] },
        ),
      ),
    );
    await add({ email: null, kind: "k" });
    await bring(old, { undeclared: "keep" });
    await add({ email: "a" });
    await add({ email: "a" });
    expect(await database.run("SELECT kind FROM leads ORDER BY kind")).toHaveLength(3);
  });

  it("is shared by apps that agree, and refused to one that does not", async () => {
    const theirs = {
      appId: "app_2",
      name: "Desk",
      schema: schema(
        leads([
          { name: "email", type: "text" },
          { name: "note", type: "text", nullable: true },
        ]),
      ),
    };
    await bring(theirs.schema);
    const mine = schema(
      leads([
        { name: "email", type: "text" },
        { name: "score", type: "integer", default: 0 },
      ]),
    );
    await bring(mine, { others: [theirs] });
    await add({ email: "a", score: 1 });
    // What the other app declares does not go with this one's declaration of it.
    await bring(schema(leads([{ name: "email", type: "text" }])), {
      others: [theirs],
      confirm: (await database.plan(mine, theirs.schema)).hash,
    });
    expect((await shape())[0]?.columns.map(({ name }) => name).sort()).toEqual(["email", "id", "note"]);
    await expect(bring(schema(leads([{ name: "email", type: "integer" }])), { others: [theirs] })).rejects.toMatchObject({
      code: "conflict",
      faults: [{ path: "db_schema.tables[0].columns[1]", code: "claim_conflict" }],
    });
  });

  it("records every step", async () => {
    await bring(schema(leads([{ name: "email", type: "text" }])));
    const table = engine === "mysql" ? "schema_migrations" : "agentflow.schema_migrations";
    const rows = await database.run(
      `SELECT app_id, kind, table_name, effect, finished_at FROM ${table} ORDER BY plan_id DESC, position LIMIT 1`,
    );
    expect(rows).toEqual([
      { app_id: "app_1", kind: "create_table", table_name: "leads", effect: "additive", finished_at: expect.any(String) },
    ]);
    expect((await shape()).map(({ name }) => name)).toEqual(["leads"]);
  });

  describe("that fails on the way", () => {
    const desks = { name: "desks", columns: [id, { name: "title", type: "text", nullable: true }] };
    const before = schema(
      leads(
        [
          { name: "email", type: "text" },
          { name: "kind", type: "text", unique: true },
          { name: "amount", type: "text" },
          { name: "tags", type: "json" },
          { name: "gone", type: "integer" },
          { name: "desk", type: "id", nullable: true, references: "desks" },
        ],
        { indexes: [{ columns: ["email", "amount"] }] },
      ),
      desks,
      { name: "old", columns: [id] },
    );
    const after = schema(
      {
        name: "people",
        renamed_from: "leads",
        columns: [
          id,
          { name: "mail", type: "text", renamed_from: "email", default: "none" },
          { name: "kind", type: "text", nullable: true },
          { name: "amount", type: "integer" },
          { name: "tags", type: "boolean", default: false },
          { name: "added", type: "timestamp", default: "now" },
          { name: "desk", type: "id", nullable: true, references: { table: "desks", on_delete: "cascade" } },
        ],
        indexes: [{ columns: ["added"] }],
      },
      { ...desks, columns: [id, { name: "title", type: "text", nullable: true, unique: true }] },
      { name: "fresh", columns: [id, { name: "person", type: "id", references: "people" }] },
    );
    const row = { email: "a", kind: "k", amount: "7", tags: { x: 1 }, gone: 3, desk: null };

    async function prepare() {
      await bring(before);
      await add(row);
      return { confirm: (await database.plan(before, after)).hash, catalog: await shape() };
    }

    /** Statements of a change that goes well. */
    async function statements(fault: Fault): Promise<number> {
      const { confirm } = await prepare();
      const { driver, count } = faultyDriver(database.database.engine.driver, -1, fault);
      await database.through(driver).change(before, after, { confirm });
      expect(await database.run("SELECT mail, kind, amount FROM people")).toEqual([{ mail: "a", kind: "k", amount: 7 }]);
      await emptyDatabase(database, after);
      current = NOTHING;
      return count();
    }

    it.each<Fault>(["refused", "lost"])("is as it was, or done, wherever it was %s", async (fault) => {
      const total = await statements(fault);
      expect(total).toBeGreaterThan(15);
      let prepared = await prepare();
      const outcomes = { before: 0, after: 0 };
      for (let position = 0; position < total; position += 1) {
        const { driver } = faultyDriver(database.database.engine.driver, position, fault);
        await database
          .through(driver)
          .change(before, after, { confirm: prepared.confirm })
          .catch(() => undefined);
        // The next look puts right what was left, before it looks.
        const catalog = await shape();
        const isDone = catalog.some(({ name }) => name === "people");
        outcomes[isDone ? "after" : "before"] += 1;
        if (isDone) {
          expect((await database.plan(after, after)).steps).toEqual([]);
          await emptyDatabase(database, after);
          current = NOTHING;
          prepared = await prepare();
        } else {
          expect(catalog).toEqual(prepared.catalog);
          expect(await rowsOf("leads")).toEqual([row]);
        }
      }
      expect(outcomes.before).toBeGreaterThan(total / 2);
    });
  });

  it("takes changes of several apps at once, in one pool and in two", async () => {
    const workspaceId = `wrk_0atonce${engine}`;
    await world.addWorkspace(workspaceId);
    await ensureDatabase(world.ctx, workspaceId, engine);
    const apps = ["a", "b", "c", "d"].map((letter) => `app_${letter}${engine}`);
    for (const app of apps) await world.addApp(workspaceId, app);
    const request = (app: string, turn: number) => ({
      appId: app,
      schema: schema(
        leads([
          { name: "email", type: "text", nullable: true },
          { name: `of_${app}_${turn}`, type: "text", nullable: true },
        ]),
      ),
      undeclared: "keep" as const,
    });
    await Promise.all(apps.map((app) => applySchema(world.ctx, workspaceId, request(app, 1))));
    const pools = [0, 1].map(() => createWorkspacePool(world.env, () => undefined));
    const replies = await Promise.all(apps.map((app, index) => pools[index % 2]?.applySchema(workspaceId, request(app, 2))));
    // One that came in between another's work gives way or is given way to: then nothing was done, and it can be repeated.
    for (const [index, app] of apps.entries()) {
      if (replies[index]?.ok !== true) await applySchema(world.ctx, workspaceId, request(app, 2));
    }
    const { steps } = await planSchema(world.ctx, workspaceId, request(`app_a${engine}`, 2));
    expect(steps).toEqual([]);
    const { rows } = await world.engines[engine].driver.run(await world.addressOf(workspaceId, "owner"), {
      text: "SELECT column_name FROM information_schema.columns WHERE table_name = 'leads' AND column_name LIKE 'of%'",
      params: [],
    });
    expect(rows.flat().sort()).toEqual(apps.flatMap((app) => [`of_${app}_1`, `of_${app}_2`]).sort());
  });
});
