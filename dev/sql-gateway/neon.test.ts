import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NeonDbError, neon, neonConfig, Pool } from "@neondatabase/serverless";
import { eq } from "drizzle-orm";
import { drizzle as drizzleHttp } from "drizzle-orm/neon-http";
import { drizzle as drizzleSocket } from "drizzle-orm/neon-serverless";
import { integer, jsonb, numeric, pgTable, text, timestamp } from "drizzle-orm/pg-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startTestPostgres } from "../../tests/database/prepared-servers.ts";
import { freePort } from "../listen.ts";
import type { PostgresServer } from "../postgres/server.ts";
import { type SqlGateway, startSqlGateway } from "./server.ts";

const orders = pgTable("orders", {
  id: integer().primaryKey(),
  label: text().notNull().unique(),
  tags: text().array(),
  price: numeric({ precision: 12, scale: 4 }),
  body: jsonb(),
  at: timestamp({ withTimezone: true, mode: "date" }),
});

vi.setConfig({ testTimeout: 30_000 });

let directory: string;
let postgres: PostgresServer;
let gateway: SqlGateway;
let url: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "neon-gateway-"));
  [postgres, gateway] = await Promise.all([startTestPostgres(directory), startSqlGateway({ port: 0 })]);
  neonConfig.fetchEndpoint = `${gateway.origin}/sql`;
  neonConfig.wsProxy = `127.0.0.1:${gateway.port}/v2`;
  neonConfig.useSecureWebSocket = false;
  neonConfig.pipelineConnect = false;
  url = postgres.url("postgres");
  await neon(url).query(
    "create table orders (id int primary key, label text not null unique, tags text[], price numeric(12,4), body jsonb, at timestamptz)",
  );
}, 60_000);

afterAll(async () => {
  await gateway.close();
  await postgres.stop();
  await rm(directory, { recursive: true, force: true });
});

describe("statements over HTTP", () => {
  it("gives every type as the driver reads it from Neon", async () => {
    const [row] = await neon(url).query(
      `select $1::int as i, $2::bigint as big, 1.50::numeric(6,2) as n, true as yes, null::text as nothing, $3::text[] as list, '{"a":[1,null]}'::jsonb as j,
        '2026-01-02 03:04:05.678+00'::timestamptz as at, $4::bytea as bytes, array[array[1,2],array[3,4]] as grid, 'NaN'::float8 as nan`,
      [41, "9007199254740993", ["a,b", 'c"d', null], Buffer.from([0, 1, 255])],
    );
    expect(row).toEqual({
      i: 41,
      big: "9007199254740993",
      n: "1.50",
      yes: true,
      nothing: null,
      list: ["a,b", 'c"d', null],
      j: { a: [1, null] },
      at: new Date("2026-01-02T03:04:05.678Z"),
      bytes: Buffer.from([0, 1, 255]),
      grid: [
        [1, 2],
        [3, 4],
      ],
      nan: Number.NaN,
    });
  });

  it("tells the command, the row count and the fields", async () => {
    const result = await neon(url, { fullResults: true }).query("select 1 as a union all select 2 as a");
    expect(result).toMatchObject({
      command: "SELECT",
      rowCount: 2,
      fields: [{ name: "a", dataTypeID: 23, dataTypeSize: 4, dataTypeModifier: -1 }],
    });
  });

  it("gives an error of the server with its fields", async () => {
    await neon(url).query("insert into orders (id, label) values (1, 'taken')");
    const failed = neon(url).query("insert into orders (id, label) values (2, 'taken')");
    await expect(failed).rejects.toMatchObject({
      name: "NeonDbError",
      code: "23505",
      severity: "ERROR",
      detail: "Key (label)=(taken) already exists.",
      constraint: "orders_label_key",
      table: "orders",
      schema: "public",
    });
    await expect(neon(url).query("select * from nowhere")).rejects.toMatchObject({ code: "42P01", position: "15" });
  });

  it("refuses several statements in one string, as Neon does", async () => {
    await expect(neon(url).query("select 1; select 2")).rejects.toMatchObject({ code: "42601" });
  });

  it("refuses a wrong password, also while connections with the right one are open", async () => {
    const wrong = new URL(url);
    wrong.password = "wrong";
    await neon(url).query("select 1");
    await expect(neon(wrong.href).query("select 1")).rejects.toMatchObject({ code: "28P01" });
    await expect(neon(wrong.href).query("select 1")).rejects.toBeInstanceOf(NeonDbError);
  });

  it("says that a server is away with a status other than 400", async () => {
    const away = new URL(url);
    away.port = String(await freePort());
    await expect(neon(away.href).query("select 1")).rejects.toThrow(/HTTP status 500.*couldn't connect to compute node/);
  });

  it("reaches no server that it was not started for", async () => {
    await expect(neon("postgresql://u:p@db.example.com/x").query("select 1")).rejects.toThrow(/no such database server/);
  });

  it("carries results of more than 10 MB", async () => {
    const rows = await neon(url).query("select i, repeat('x', 1000) as pad from generate_series(1, 12000) i");
    expect(rows).toHaveLength(12_000);
    expect(rows.at(-1)).toEqual({ i: 12_000, pad: "x".repeat(1000) });
  });

  it("refuses results and requests of more than 64 MB", async () => {
    await expect(neon(url).query("select repeat('x', 1000000) from generate_series(1, 70)")).rejects.toThrow(
      /status 507.*response is too large/,
    );
    await expect(neon(url).query("select $1::text", ["x".repeat(65 * 1024 * 1024)])).rejects.toThrow(/status 413.*request is too large/);
  });

  it("serves many more requests at once than a database has connections", async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) => neon(url).query("select $1::int as i, pg_sleep(0.01)", [index])),
    );
    expect(answers.map(([row]) => row?.["i"])).toEqual(Array.from({ length: 200 }, (_, index) => index));
    const [used] = await neon(url).query("select count(*)::int as n from pg_stat_activity where backend_type = 'client backend'");
    expect(used?.["n"]).toBeLessThanOrEqual(9);
  });

  it("leaves nothing of a request on the connection", async () => {
    await neon(url).query("set statement_timeout = 1");
    await expect(neon(url).query("begin")).resolves.toEqual([]);
    const answers = await Promise.all(Array.from({ length: 20 }, () => neon(url).query("show statement_timeout")));
    expect(new Set(answers.map(([row]) => row?.["statement_timeout"]))).toEqual(new Set(["0"]));
  });

  it("stops the statement at the server when the caller hangs up", async () => {
    const abort = new AbortController();
    const slow = neon(url)
      .query("select pg_sleep(60) /* hung up */", [], { fetchOptions: { signal: abort.signal } })
      .catch((error: unknown) => error);
    const running = async () => {
      const [row] = await neon(url).query(
        "select count(*)::int as n from pg_stat_activity where query like '%hung up%' and query not like '%stat%' and state = 'active'",
      );
      return row?.["n"];
    };
    await expect.poll(running, { timeout: 20_000 }).toBe(1);
    abort.abort();
    expect(await slow).toBeInstanceOf(Error);
    await expect.poll(running, { timeout: 20_000 }).toBe(0);
  });
});

describe("batches over HTTP", () => {
  it("run in one transaction", async () => {
    const db = neon(url);
    const failed = db.transaction([
      db`insert into orders (id, label) values (10, 'ten')`,
      db`insert into orders (id, label) values (10, 'again')`,
    ]);
    await expect(failed).rejects.toMatchObject({ code: "23505", constraint: "orders_pkey" });
    expect(await db`select 1 from orders where id = 10`).toEqual([]);
    const results = await db.transaction([
      db`insert into orders (id, label) values (10, 'ten') returning id`,
      db`select label from orders where id = 10`,
    ]);
    expect(results).toEqual([[{ id: 10 }], [{ label: "ten" }]]);
  });

  it("honour isolation, read-only and deferrable", async () => {
    const db = neon(url);
    const options = { isolationLevel: "Serializable", readOnly: true, deferrable: true } as const;
    const [rows] = await db.transaction(
      [
        db`select current_setting('transaction_isolation') as level, current_setting('transaction_read_only') as ro, current_setting('transaction_deferrable') as d`,
      ],
      options,
    );
    expect(rows?.[0]).toEqual({ level: "serializable", ro: "on", d: "on" });
    await expect(db.transaction([db`delete from orders`], { readOnly: true })).rejects.toMatchObject({ code: "25006" });
  });
});

describe("a connection over a WebSocket", () => {
  it("runs an interactive transaction and rolls it back", async () => {
    const pool = new Pool({ connectionString: url, max: 2 });
    const client = await pool.connect();
    await client.query("begin");
    await client.query("insert into orders (id, label) values ($1, $2)", [20, "twenty"]);
    expect((await pool.query("select 1 from orders where id = 20")).rowCount).toBe(0);
    await client.query("rollback");
    client.release();
    expect((await pool.query("select 1 from orders where id = 20")).rowCount).toBe(0);
    await pool.end();
  });

  it("carries large rows both ways", async () => {
    const pool = new Pool({ connectionString: url, max: 1 });
    const big = "y".repeat(12 * 1024 * 1024);
    const { rows } = await pool.query("select $1::text as big, length($1::text) as size", [big]);
    expect(rows[0]?.size).toBe(big.length);
    expect(rows[0]?.big === big).toBe(true);
    await pool.end();
  });

  it("gives the server's refusal of a wrong password, and the gateway's of a server that is away", async () => {
    const wrong = new URL(url);
    wrong.password = "wrong";
    await expect(new Pool({ connectionString: wrong.href }).query("select 1")).rejects.toMatchObject({ code: "28P01" });
    const away = new URL(url);
    away.port = String(await freePort());
    await expect(new Pool({ connectionString: away.href }).query("select 1")).rejects.toMatchObject({ code: "08006" });
  });
});

describe("drizzle", () => {
  const at = new Date("2026-03-04T05:06:07.890Z");
  const order = { id: 30, label: "thirty", tags: ["a", "b"], price: "12.3400", body: { deep: [1, { x: null }] }, at };

  it("reads what it wrote over HTTP, in a batch too", async () => {
    const db = drizzleHttp(url);
    expect(await db.insert(orders).values(order).returning()).toEqual([order]);
    const [changed, read] = await db.batch([
      db.update(orders).set({ tags: null, price: null }).where(eq(orders.id, 30)).returning({ id: orders.id }),
      db.select().from(orders).where(eq(orders.id, 30)),
    ]);
    expect(changed).toEqual([{ id: 30 }]);
    expect(read).toEqual([{ ...order, tags: null, price: null }]);
  });

  it("rolls a transaction back over a WebSocket", async () => {
    const pool = new Pool({ connectionString: url, max: 1 });
    const db = drizzleSocket(pool);
    const failed = db.transaction(async (tx) => {
      await tx.insert(orders).values({ id: 40, label: "forty" });
      expect(await tx.$count(orders, eq(orders.id, 40))).toBe(1);
      tx.rollback();
    });
    await expect(failed).rejects.toThrow();
    expect(await db.$count(orders, eq(orders.id, 40))).toBe(0);
    await db.transaction((tx) => tx.insert(orders).values({ id: 40, label: "forty" }));
    expect(await db.$count(orders, eq(orders.id, 40))).toBe(1);
    await pool.end();
  });
});
