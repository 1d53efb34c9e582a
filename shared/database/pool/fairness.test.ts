import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createWorld, type World } from "../../../tests/database/world.ts";
import type { Driver } from "../engines/driver.ts";
import { dbOperationSchema } from "../operations/operation.ts";
import { ensureDatabase } from "../provisioning/provision.ts";
import { Provisioner } from "../provisioning/provisioner.ts";
import { WorkspacePool } from "./pool.ts";

// A real server answers; how soon depends on the machine.
vi.setConfig({ testTimeout: 60_000 });

const [BUSY, NEIGHBOUR] = ["wrk_busy", "wrk_neighbour"];
const SIZE = 4;

let world: World;
beforeAll(async () => {
  world = await createWorld();
  await Promise.all([world.addWorkspace(BUSY), world.addWorkspace(NEIGHBOUR)]);
  await Promise.all([ensureDatabase(world.ctx, BUSY, "postgres"), ensureDatabase(world.ctx, NEIGHBOUR, "postgres")]);
}, 120_000);
afterAll(() => world?.close());

const statement = (position: number) => dbOperationSchema.parse({ operation: "sql", sql: `SELECT ${position} AS position` });

describe("a pool of four", () => {
  it("serves 64 at once in the order of their arrival, never more than four together, and the neighbour meanwhile", async () => {
    const { ctx, engines, providers } = world;
    const started: string[] = [];
    const [full, served] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let [running, most] = [0, 0];
    const { driver } = engines.postgres;
    const watched: Driver = {
      ...driver,
      async run(address, asked, signal) {
        started.push(/SELECT (\d+)/.exec(asked.text)?.[1] ?? "");
        running += 1;
        most = Math.max(most, running);
        if (running === SIZE) full.resolve();
        // Nobody is answered before the neighbour has been.
        await served.promise;
        return driver.run(address, asked, signal).finally(() => {
          running -= 1;
        });
      },
    };
    const watchedEngines = { ...engines, postgres: { ...engines.postgres, driver: watched } };
    const pool = new WorkspacePool({ ctx, size: SIZE, provisioner: new Provisioner({ ctx, engines: watchedEngines, providers }) });
    const ended: string[] = [];
    const ask = (position: number) =>
      pool.execute(BUSY, { schema: { tables: [] }, operation: statement(position) }).then((answer) => {
        ended.push(String(position));
        return answer;
      });
    const positions = Array.from({ length: 64 }, (_, index) => index + 1);
    const asked = positions.map(ask);
    await full.promise;
    const neighbour = world.env.DATABASE_POOL.getByName(NEIGHBOUR).execute(NEIGHBOUR, { schema: { tables: [] }, operation: statement(0) });
    expect(await neighbour).toMatchObject({ ok: true });
    expect([started.length, ended.length]).toEqual([SIZE, 0]);
    served.resolve();
    for (const answer of await Promise.all(asked)) expect(answer).toMatchObject({ ok: true });
    expect(started).toEqual(positions.map(String));
    expect(most).toBe(SIZE);
    expect(await pool.metrics()).toMatchObject({ value: { size: SIZE, running: 0, waiting: 0, succeeded: 64, failed: {} } });
  });
});
