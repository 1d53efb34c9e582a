import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@planetscale/database";
import { eq, sql } from "drizzle-orm";
import { boolean, datetime, decimal, int, json, mysqlTable, text, varchar } from "drizzle-orm/mysql-core";
import { drizzle } from "drizzle-orm/planetscale-serverless";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startTestMysql } from "../../tests/database/prepared-servers.ts";
import { freePort } from "../listen.ts";
import { isMysqlAvailable, type MysqlServer } from "../mysql/server.ts";
import { type SqlGateway, startSqlGateway } from "./server.ts";

vi.setConfig({ testTimeout: 30_000 });

const DATABASE = `gateway_${process.pid}`;
const PASSWORD = "correct";

const orders = mysqlTable("orders", {
  id: int().primaryKey(),
  label: varchar({ length: 100 }).notNull().unique(),
  price: decimal({ precision: 12, scale: 4 }),
  paid: boolean(),
  body: json(),
  note: text(),
  at: datetime({ mode: "date", fsp: 3 }),
});

describe("without a MySQL server", () => {
  it("says so", async () => {
    const gateway = await startSqlGateway({ port: 0 });
    const client = new Client({ url: `http://user:pass@127.0.0.1:${gateway.port}` });
    await expect(client.execute("select 1")).rejects.toMatchObject({ status: 503, body: { code: "UNAVAILABLE" } });
    await gateway.close();
  });

  it("says when the configured one is away", async () => {
    const gateway = await startSqlGateway({ port: 0, mysqlUrl: `mysql://root@127.0.0.1:${await freePort()}` });
    const client = new Client({ url: `http://user:pass@127.0.0.1:${gateway.port}` });
    await expect(client.execute("select 1")).rejects.toMatchObject({ status: 503, body: { code: "UNAVAILABLE" } });
    await gateway.close();
  });
});

describe.skipIf(!isMysqlAvailable())("PlanetScale's protocol in front of MySQL", () => {
  let directory: string;
  let server: MysqlServer;
  let gateway: SqlGateway;
  let client: Client;
  let admin: Client;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "mysql-gateway-"));
    server = await startTestMysql(directory);
    gateway = await startSqlGateway({ port: 0, mysqlUrl: server.adminUrl, limits: { connections: 4, waiting: 1000, pools: 8 } });
    const { username, password } = new URL(server.adminUrl);
    admin = new Client({ url: `http://${username}:${password}@127.0.0.1:${gateway.port}` });
    await admin.execute(`create database ${DATABASE} character set utf8mb4`);
    await admin.execute(`create user '${DATABASE}'@'%' identified by '${PASSWORD}'`);
    await admin.execute(`grant all on ${DATABASE}.* to '${DATABASE}'@'%'`);
    client = new Client({ url: `http://${DATABASE}:${PASSWORD}@127.0.0.1:${gateway.port}` });
    await client.execute(
      "create table orders (id int primary key, label varchar(100) not null unique, price decimal(12,4), paid tinyint(1), body json, note text, at datetime(3))",
    );
  }, 120_000);

  afterAll(async () => {
    await admin.execute(`drop database ${DATABASE}`);
    await admin.execute(`drop user '${DATABASE}'@'%'`);
    await gateway.close();
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it("gives every type as the driver reads it from PlanetScale", async () => {
    await client.execute(
      "create table kinds (small tinyint unsigned, big bigint, dec_ decimal(10,2), f double, bin varbinary(8), d date, t time, ts timestamp(3) null, y year, e enum('a','b'), bits blob, nothing int)",
    );
    await client.execute("insert into kinds values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, x'00ff', ?)", [
      255,
      "9007199254740993",
      "1.50",
      0.5,
      "ab",
      "2026-01-02",
      "03:04:05",
      "2026-01-02 03:04:05.678",
      2026,
      "b",
      null,
    ]);
    const result = await client.execute("select * from kinds");
    expect(result.rows).toEqual([
      {
        small: 255,
        big: "9007199254740993",
        dec_: "1.50",
        f: 0.5,
        bin: new Uint8Array([97, 98]),
        d: "2026-01-02",
        t: "03:04:05",
        ts: "2026-01-02 03:04:05.678",
        y: 2026,
        e: "b",
        bits: new Uint8Array([0, 255]),
        nothing: null,
      },
    ]);
    expect(result.types).toMatchObject({
      small: "UINT8",
      big: "INT64",
      dec_: "DECIMAL",
      f: "FLOAT64",
      bin: "VARBINARY",
      bits: "BLOB",
      e: "ENUM",
      y: "YEAR",
    });
  });

  it("tells affected rows and the inserted id", async () => {
    await client.execute("create table counted (id int auto_increment primary key, n int)");
    expect(await client.execute("insert into counted (n) values (1), (2)")).toMatchObject({ rowsAffected: 2, insertId: "1" });
    expect(await client.execute("update counted set n = 9")).toMatchObject({ rowsAffected: 2 });
  });

  it("gives an error of the server with its number and state", async () => {
    await client.execute("insert into orders (id, label) values (1, 'taken')");
    await expect(client.execute("insert into orders (id, label) values (2, 'taken')")).rejects.toMatchObject({
      status: 400,
      body: {
        code: "ALREADY_EXISTS",
        message: expect.stringMatching(/code = AlreadyExists desc = Duplicate entry .* \(errno 1062\) \(sqlstate 23000\)/),
      },
    });
    await expect(client.execute("select * from nowhere")).rejects.toThrow(/errno 1146/);
  });

  it("refuses a wrong password, also while connections with the right one are open", async () => {
    await client.execute("select 1");
    const wrong = new Client({ url: `http://${DATABASE}:wrong@127.0.0.1:${gateway.port}` });
    await expect(wrong.execute("select 1")).rejects.toMatchObject({ status: 401, body: { code: "UNAUTHENTICATED" } });
    await expect(wrong.connection().refresh()).rejects.toMatchObject({ status: 401 });
  });

  it("keeps a transaction on one connection, and rolls it back", async () => {
    await client.transaction(async (tx) => {
      await tx.execute("insert into orders (id, label) values (10, 'ten')");
      expect((await client.execute("select 1 from orders where id = 10")).size).toBe(0);
    });
    expect((await client.execute("select 1 from orders where id = 10")).size).toBe(1);
    const failed = client.transaction(async (tx) => {
      await tx.execute("insert into orders (id, label) values (11, 'eleven')");
      await tx.execute("insert into orders (id, label) values (11, 'again')");
    });
    await expect(failed).rejects.toThrow(/1062/);
    expect((await client.execute("select 1 from orders where id = 11")).size).toBe(0);
  });

  it("lets nobody else into a session", async () => {
    const connection = client.connection();
    await connection.execute("begin");
    const session = await fetch(`${gateway.origin}/psdb.v1alpha1.Database/Execute`, {
      method: "POST",
      headers: { authorization: `Basic ${btoa(`${DATABASE}:stolen`)}` },
      body: JSON.stringify({ query: "select 1", session: Reflect.get(connection, "session") }),
    });
    expect(await session.json()).toMatchObject({ error: { code: "ABORTED" } });
    await connection.execute("rollback");
  });

  it("serves many more requests at once than it has connections, and 10 MB results", async () => {
    const answers = await Promise.all(Array.from({ length: 60 }, (_, index) => client.execute("select ? as i, sleep(0.01) as s", [index])));
    expect(answers.map((answer) => Number(Object.values(answer.rows[0] ?? {})[0]))).toEqual(
      Array.from({ length: 60 }, (_, index) => index),
    );
    const big = await client.execute("select repeat('x', 1000000) as pad from information_schema.collations limit 12");
    expect(big.size).toBe(12);
  });

  it("serves drizzle: JSON, decimals, dates, transactions", async () => {
    const db = drizzle(client);
    const order = {
      id: 30,
      label: "dreißig ✓",
      price: "12.3400",
      paid: true,
      body: { deep: [1, { x: null }] },
      note: null,
      at: new Date("2026-03-04T05:06:07.890Z"),
    };
    await db.insert(orders).values(order);
    expect(await db.select().from(orders).where(eq(orders.id, 30))).toEqual([order]);
    const failed = db.transaction(async (tx) => {
      await tx.update(orders).set({ note: "changed" }).where(eq(orders.id, 30));
      expect((await tx.select({ n: sql<number>`count(*)` }).from(orders).where(eq(orders.note, "changed")))[0]?.n).toBe("1");
      tx.rollback();
    });
    await expect(failed).rejects.toThrow();
    expect((await db.select().from(orders).where(eq(orders.id, 30)))[0]?.note).toBeNull();
  });
});
