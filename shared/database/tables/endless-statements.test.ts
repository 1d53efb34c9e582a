import { afterAll, beforeAll, describe, it, vi } from "vitest";
import { makeLeads } from "../../../tests/database/leads.ts";
import { createWorld, ENGINES, type World } from "../../../tests/database/world.ts";
import { plain } from "../engines/driver.ts";
import { executeOperation } from "../operations/execute.ts";
import type { EngineName } from "../providers/provider.ts";
import { insertRow, runReadQuery } from "./rows.ts";

// Statements are cut off after 10 seconds, and real servers answer when they can.
vi.setConfig({ testTimeout: 90_000 });

const acme = (engine: EngineName) => `wrk_01${engine}`;
const rival = (engine: EngineName) => `wrk_02${engine}`;

let world: World;
beforeAll(async () => {
  world = await createWorld();
  await Promise.all(ENGINES.flatMap((engine) => [acme, rival].map((idOf) => makeLeads(world, idOf(engine), engine))));
}, 120_000);
afterAll(() => world?.close());

const asNode = (workspaceId: string, sql: string) => executeOperation(world.ctx, workspaceId, { tables: [] }, { operation: "sql", sql });
const asQuery = (workspaceId: string, sql: string) => runReadQuery(world.ctx, workspaceId, { sql });

/** Each would take a minute or far longer. */
const ENDLESS: Readonly<Record<EngineName, readonly string[]>> = {
  postgres: ["SELECT pg_sleep(60) AS x1", "SELECT count(*) AS x1 FROM generate_series(1, 100000) a, generate_series(1, 100000) b"],
  mysql: [
    "SELECT SLEEP(60) AS x1",
    "SELECT count(*) AS x1 FROM information_schema.COLLATIONS a, information_schema.COLLATIONS b, information_schema.COLLATIONS c, information_schema.COLLATIONS d",
  ],
};

const ABANDONED = { postgres: "SELECT pg_sleep(60) AS x3", mysql: "SELECT SLEEP(60) AS x3" } as const;

/** The statements with this mark that run at the server. */
async function running(engine: EngineName, mark: string): Promise<readonly unknown[]> {
  const listed = {
    postgres: `SELECT query FROM pg_stat_activity WHERE state = 'active' AND usename LIKE 'ws%' AND query LIKE '%AS ${mark}%'`,
    mysql: `SELECT INFO FROM information_schema.PROCESSLIST WHERE USER LIKE 'af%' AND INFO LIKE '%AS ${mark}%'`,
  } as const;
  return (await world.engines[engine].driver.run(world.adminUrls[engine], plain(listed[engine]))).rows;
}

/** An account that reads one database and has no limit at the server, as none has on MySQL; MariaDB knows one. */
async function makeUnlimited(workspaceId: string): Promise<string> {
  const { driver } = world.engines.mysql;
  const admin = world.adminUrls.mysql;
  await driver.command(admin, "CREATE USER 'af_unlimited'@'%' IDENTIFIED BY 'unlimited'");
  await driver.command(admin, `GRANT SELECT ON ws_${workspaceId}.* TO 'af_unlimited'@'%'`);
  const address = new URL(admin);
  [address.username, address.password, address.pathname] = ["af_unlimited", "unlimited", `/ws_${workspaceId}`];
  return address.href;
}

describe.concurrent("statements without end", () => {
  it("are cut off by the server, while other workspaces and the same one go on", async ({ expect }) => {
    const attempts = ENGINES.flatMap((engine) =>
      ENDLESS[engine].flatMap((sql) => [asNode, asQuery].map((way) => ({ engine, outcome: way(acme(engine), sql) }))),
    );
    let ended = 0;
    const outcomes = attempts.map(({ outcome }) =>
      expect(outcome.finally(() => (ended += 1))).rejects.toMatchObject({ code: "node_timeout" }),
    );
    for (const engine of ENGINES) {
      await expect.poll(() => running(engine, "x1")).toHaveLength(4);
      for (const workspaceId of [rival(engine), acme(engine)]) {
        await insertRow(world.ctx, workspaceId, "teams", { name: "meanwhile" });
        expect(await asQuery(workspaceId, "SELECT name FROM teams")).toMatchObject({ rows: [{ name: "meanwhile" }] });
      }
    }
    expect(ended).toBe(0);
    await Promise.all(outcomes);
    for (const engine of ENGINES) await expect.poll(() => running(engine, "x1")).toEqual([]);
  });

  it.runIf(ENGINES.includes("mysql"))("are given up where the server has no limit of its own, and stopped there", async ({ expect }) => {
    const address = await makeUnlimited(rival("mysql"));
    const { driver } = world.engines.mysql;
    const [sleep = "", crossJoin = ""] = ENDLESS.mysql.map((sql) => sql.replace("x1", "x2"));
    const attempts = [driver.run(address, plain(sleep)), driver.read(address, plain(crossJoin))];
    const outcomes = attempts.map((attempt) => expect(attempt).rejects.toMatchObject({ code: "node_timeout" }));
    await expect.poll(() => running("mysql", "x2")).toHaveLength(2);
    await Promise.all(outcomes);
    await expect.poll(() => running("mysql", "x2"), { timeout: 10_000 }).toEqual([]);
  });

  it("are stopped at the server when their caller hangs up", async ({ expect }) => {
    for (const engine of ENGINES) {
      const controller = new AbortController();
      const sql = ABANDONED[engine];
      const asked = runReadQuery(world.ctx, acme(engine), { sql }, controller.signal);
      await expect.poll(() => running(engine, "x3")).toHaveLength(1);
      const reason = new Error("hung up");
      controller.abort(reason);
      await expect(asked).rejects.toBe(reason);
      await expect.poll(() => running(engine, "x3")).toEqual([]);
    }
  });
});
