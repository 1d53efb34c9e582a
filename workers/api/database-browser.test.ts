import { neon } from "@neondatabase/serverless";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createWorkspacePool, ensureDatabase, makeDatabase } from "#database";
import { type Person, type Platform, startPlatform } from "./testing/platform.ts";

// A real server answers; how soon depends on the machine.
vi.setConfig({ testTimeout: 30_000 });

const KEY_SCOPES = ["database:read"];

let platform: Platform;
let owner: Person;
let base: string;

beforeAll(async () => {
  platform = await startPlatform();
  const pools = new Map<string, ReturnType<typeof createWorkspacePool>>();
  const getByName = (name: string) => {
    const pool = pools.get(name) ?? createWorkspacePool(platform.env, () => undefined);
    pools.set(name, pool);
    return pool;
  };
  const steps = { do: <T>(_: string, work: () => Promise<T>) => work(), pause: async () => undefined };
  const create = ({ params }: { params: { workspaceId: string } }) => makeDatabase(platform.context(), params.workspaceId, steps);
  Object.assign(platform.env, { DATABASE_POOL: { getByName }, PROVISION_DATABASE: { create } });
  owner = await platform.signUp("Owner");
  base = `/api/v1/workspaces/${owner.workspaceId}/database`;
  await ensureDatabase(platform.context(), owner.workspaceId);
  const url = new URL(platform.env.DATABASE_URL);
  url.pathname = `/ws_${owner.workspaceId}`;
  await neon(url.href).transaction((sql) => [
    sql.query(`SET LOCAL ROLE "ws_${owner.workspaceId}_owner"`),
    sql.query(`CREATE TABLE "leads" ("id" uuid PRIMARY KEY, "email" text NOT NULL UNIQUE, "score" bigint DEFAULT 0)`),
  ]);
}, 60_000);
afterAll(() => platform?.stop());

const call = (route: string, call: object = {}) => {
  const [method, path] = route.split(" ");
  return platform.call(`${method} ${base}${path}`, { as: owner.as, ...call });
};

describe("the data browser", () => {
  it("shows tables and pages of their rows", async () => {
    const tables = await call("GET /tables");
    expect(tables.status).toBe(200);
    expect(tables.body).toMatchObject({
      data: [
        {
          name: "leads",
          columns: [{ name: "id", type: "id", primary: true }, { name: "email", unique: true }, { default: 0 }],
          bytes: expect.any(Number),
        },
      ],
      next_cursor: null,
    });
    for (const score of [1, 2, 3])
      expect((await call("POST /tables/leads/rows", { body: { values: { email: `e${score}`, score } } })).status).toBe(201);
    const first = await call("GET /tables/leads/rows?order_by=score&direction=desc&limit=2");
    expect(first.body.data.map((row: { score: number }) => row.score)).toEqual([3, 2]);
    const second = await call(`GET /tables/leads/rows?order_by=score&direction=desc&limit=2&cursor=${first.body.next_cursor}`);
    expect(second.body).toMatchObject({ data: [{ score: 1 }], next_cursor: null });
    const filter = encodeURIComponent(JSON.stringify({ score: { gte: 2 }, email: { like: "e%" } }));
    expect((await call(`GET /tables/leads/rows?filter=${filter}`)).body.data).toHaveLength(2);
  });

  it("changes one row at a time", async () => {
    const made = await call("POST /tables/leads/rows", { body: { values: { email: "changes" } }, headers: { "Idempotency-Key": "row-1" } });
    const again = await call("POST /tables/leads/rows", {
      body: { values: { email: "changes" } },
      headers: { "Idempotency-Key": "row-1" },
    });
    expect([made.status, again.status, again.body]).toEqual([201, 201, made.body]);
    const path = `/tables/leads/rows/${made.body.data.id}`;
    expect((await call(`PATCH ${path}`, { body: { values: { score: 9 } } })).body.data).toEqual({ ...made.body.data, score: 9 });
    expect((await call(`DELETE ${path}`)).status).toBe(204);
    expect((await call(`DELETE ${path}`)).status).toBe(404);
    const audit = await platform.call(`GET /api/v1/workspaces/${owner.workspaceId}/audit-logs`, { as: owner.as });
    expect(audit.body.data.map(({ action }: { action: string }) => action)).toEqual(
      expect.arrayContaining(["database.row_inserted", "database.row_updated", "database.row_deleted"]),
    );
  });

  it.each([
    ["GET /tables/nowhere/rows", {}, 404, []],
    ["GET /tables/leads/rows?filter=x", {}, 422, ["filter"]],
    ["GET /tables/leads/rows?filter=[]", {}, 422, ["filter"]],
    ["GET /tables/leads/rows?filter={%22nothing%22:1}", {}, 422, ["filter.nothing"]],
    ["GET /tables/leads/rows?order_by=nothing", {}, 422, ["order_by"]],
    ["GET /tables/leads/rows?limit=101", {}, 422, ["limit"]],
    ["GET /tables/leads/rows?cursor=x", {}, 422, ["cursor"]],
    ["POST /tables/leads/rows", { body: { values: { score: "x", more: 1 } } }, 422, ["values.more", "values.email", "values.score"]],
    ["POST /tables/leads/rows", { body: { email: "x" } }, 422, ["values", ""]],
    ["POST /tables/leads/rows", { body: { values: { email: "e1" } } }, 409, []],
    ["PATCH /tables/leads/rows/nothing", { body: { values: { score: 1 } } }, 404, []],
    ["GET /tables/leads/export?format=xlsx", {}, 422, ["format"]],
    ["GET /tables/nowhere/export", {}, 404, []],
    ["POST /tables/nowhere/import", { body: "email\nx" }, 404, []],
    ["POST /tables/leads/import?mode=replace", { body: "email\nx" }, 422, ["mode"]],
    ["POST /query", { body: { sql: "DROP TABLE leads" } }, 422, ["sql"]],
    ["POST /query", { body: { sql: "WITH x AS (DELETE FROM leads RETURNING 1) SELECT * FROM x" } }, 403, []],
  ])("answers %s %j with %i", async (route, options, status, paths) => {
    const answer = await call(route, options);
    expect([answer.status, answer.body.errors.map(({ path }: { path: string }) => path)]).toEqual([status, paths]);
  });

  it("answers what is asked in SQL", async () => {
    const { status, body } = await call("POST /query", {
      body: { sql: "SELECT email, score FROM leads WHERE score > $1 ORDER BY 1", params: [2] },
    });
    expect(status).toBe(200);
    expect(body.data).toEqual({
      columns: [
        { name: "email", type: "text" },
        { name: "score", type: "integer" },
      ],
      rows: [{ email: "e3", score: 3 }],
      count: 1,
      duration_ms: expect.any(Number),
    });
  });

  it("takes files and gives them", async () => {
    const csv = `email,score\r\n${Array.from({ length: 600 }, (_, index) => `file ${index},${index}`).join("\r\n")}`;
    const file = { body: csv, headers: { "Content-Type": "text/csv" } };
    const done = await call("POST /tables/leads/import", file);
    expect(done).toMatchObject({ status: 200, body: { data: { status: "completed", imported: 600, next_row: null, error: null } } });
    const told = await call("POST /tables/leads/import?mode=upsert&conflict=email", {
      ...file,
      headers: { Accept: "application/x-ndjson" },
    });
    expect(told.headers.get("Content-Type")).toBe("application/x-ndjson");
    expect(
      told.body
        .trim()
        .split("\n")
        .map((line: string) => JSON.parse(line)),
    ).toMatchObject([
      { status: "running", imported: 500, next_row: 501 },
      { status: "completed", imported: 600, next_row: null },
    ]);
    expect(told.headers.get("X-Request-Id")).toMatch(/^req_/);
    const events = await call("POST /tables/leads/import?mode=upsert&conflict=email", {
      ...file,
      headers: { Accept: "text/event-stream" },
    });
    expect(events.body.match(/^event: .*$/gm)).toEqual(["event: import.progress", "event: import.finished"]);
    const failed = await call("POST /tables/leads/import?from_row=2", file);
    expect(failed).toMatchObject({
      status: 200,
      body: { data: { status: "failed", imported: 0, next_row: 2, error: { code: "conflict", errors: [{ line: 3 }] } } },
    });
    const filter = encodeURIComponent(JSON.stringify({ email: { like: "file %" } }));
    const taken = await call(`GET /tables/leads/export?format=csv&filter=${filter}`);
    expect(taken.headers.get("Content-Type")).toBe("text/csv; charset=utf-8");
    expect(taken.headers.get("Content-Disposition")).toBe('attachment; filename="leads.csv"');
    expect(taken.body.trim().split("\r\n")).toHaveLength(601);
  });

  it("lets a key of its scope read, and nothing more", async () => {
    const created = await platform.call(`POST /api/v1/workspaces/${owner.workspaceId}/api-keys`, {
      as: owner.as,
      body: { name: "reader", scopes: KEY_SCOPES },
    });
    const as = { Authorization: `Bearer ${created.body.data.key}` };
    expect((await call("GET /tables/leads/rows", { as })).status).toBe(200);
    expect((await call("POST /tables/leads/rows", { as, body: { values: { email: "key" } } })).status).toBe(403);
    expect((await call("POST /tables/leads/import", { as, body: "email\nkey" })).status).toBe(403);
  });
});
