import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createWorld, ENGINES, type World } from "../../../tests/database/world.ts";
import { type Driver, plain } from "../engines/driver.ts";
import type { Engines } from "../engines/engine.ts";
import { WorkspacePool } from "../pool/pool.ts";
import { createMysqlProvider } from "../providers/mysql-provider.ts";
import { createPostgresProvider } from "../providers/postgres-provider.ts";
import type { EngineName } from "../providers/provider.ts";
import type { StepRunner } from "../workflow.ts";
import { ensureDatabase, getDatabase, makeDatabase } from "./provision.ts";
import { Provisioner } from "./provisioner.ts";

// Real servers answer; how soon depends on the machine.
vi.setConfig({ testTimeout: 120_000 });

let world: World;
beforeAll(async () => {
  world = await createWorld();
}, 120_000);
afterAll(() => world?.close());

class Killed extends Error {}

/** Counts moments, and ends everything at one of them. */
class Death {
  #moment = 0;
  readonly at: number;
  constructor(at: number) {
    this.at = at;
  }
  pass(): void {
    this.#moment += 1;
    if (this.#moment === this.at) throw new Killed();
  }
  get came(): boolean {
    return this.#moment >= this.at;
  }
}

/** A server that everything may die before, and after, each call to. */
function mortal(driver: Driver, death: Death): Driver {
  const around = async <T>(call: () => Promise<T>): Promise<T> => {
    death.pass();
    const answer = await call();
    death.pass();
    return answer;
  };
  return {
    run: (...call) => around(() => driver.run(...call)),
    read: (...call) => around(() => driver.read(...call)),
    command: (...call) => around(() => driver.command(...call)),
    transaction: (...call) => around(() => driver.transaction(...call)),
  };
}

/** A pool whose servers are mortal, in the place of the workspace's own. */
function mortalPool(workspaceId: string, death: Death): void {
  const { ctx, adminUrls } = world;
  const engines: Engines = {
    postgres: { ...world.engines.postgres, driver: mortal(world.engines.postgres.driver, death) },
    mysql: { ...world.engines.mysql, driver: mortal(world.engines.mysql.driver, death) },
  };
  const providers = {
    postgres: createPostgresProvider(adminUrls.postgres, engines.postgres.driver),
    mysql: createMysqlProvider(adminUrls.mysql, engines.mysql.driver),
  };
  world.pools.set(workspaceId, new WorkspacePool({ ctx, size: 8, provisioner: new Provisioner({ ctx, engines, providers }) }));
}

/** What a server has of a workspace's: its databases, and then its roles or accounts. */
async function found(engine: EngineName, workspaceId: string): Promise<string[]> {
  const id = workspaceId.slice(4);
  const queries = {
    postgres: [
      `SELECT datname FROM pg_database WHERE datname LIKE '%${id}%'`,
      `SELECT rolname FROM pg_roles WHERE rolname LIKE '%${id}%' ORDER BY 1`,
    ],
    mysql: [
      `SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE '%${id}%'`,
      `SELECT User FROM mysql.user WHERE User LIKE '%${id}%' ORDER BY 1`,
    ],
  };
  const { driver } = world.engines[engine];
  const answers = await Promise.all(queries[engine].map((query) => driver.run(world.adminUrls[engine], plain(query))));
  return answers.flatMap(({ rows }) => rows.map(([name]) => name ?? ""));
}

const expected = (engine: EngineName, workspaceId: string) => {
  const id = workspaceId.slice(4);
  const roles = { postgres: [`ws_wrk_${id}_owner`, `ws_wrk_${id}_runtime`], mysql: [`af_${id}_o`, `af_${id}_ra`] };
  return [`ws_${workspaceId}`, ...roles[engine]];
};

describe.each(ENGINES)("a database at %s", (engine) => {
  const initial = engine.slice(0, 1);

  it("is one with two roles, wherever its making was interrupted", async () => {
    let moments = 0;
    for (let at = 1; ; at += 1) {
      const workspaceId = `wrk_${initial}die${at}x`;
      await world.addWorkspace(workspaceId);
      const death = new Death(at);
      mortalPool(workspaceId, death);
      const outcome = await ensureDatabase(world.ctx, workspaceId, engine).catch((error: unknown) => error);
      if (!death.came) {
        moments = at;
        break;
      }
      expect(outcome).toMatchObject({ code: "database_unavailable" });
      expect(await getDatabase(world.ctx, workspaceId)).toMatchObject({ status: "failed", engine });
      // Another object takes over, as after an eviction.
      world.pools.delete(workspaceId);
      await ensureDatabase(world.ctx, workspaceId);
      expect(await getDatabase(world.ctx, workspaceId)).toMatchObject({ status: "ready", step: null, error: null });
      expect(await found(engine, workspaceId)).toEqual(expected(engine, workspaceId));
    }
    expect(moments).toBeGreaterThan(10);
  });

  it("is the same after a kill between any two steps", async () => {
    for (let at = 1; at <= 8; at += 1) {
      const workspaceId = `wrk_${initial}step${at}x`;
      await world.addWorkspace(workspaceId);
      const death = new Death(at);
      const done = new Map<string, string | boolean>();
      // What a Workflow does: a step that has ended is not run again.
      const steps: StepRunner = {
        async do(name, work) {
          const known = done.get(name);
          if (known !== undefined) return known as Awaited<ReturnType<typeof work>>;
          death.pass();
          const answer = await work();
          death.pass();
          done.set(name, answer);
          return answer;
        },
        pause: async () => undefined,
      };
      world.workflow = (id) => makeDatabase(world.ctx, id, steps).catch(() => makeDatabase(world.ctx, id, steps));
      await ensureDatabase(world.ctx, workspaceId, engine);
      expect(await found(engine, workspaceId)).toEqual(expected(engine, workspaceId));
    }
    world.workflow = undefined;
  });

  it("is suspended, resumed and destroyed, and each again", async () => {
    const workspaceId = `wrk_${initial}lifex`;
    await world.addWorkspace(workspaceId);
    await ensureDatabase(world.ctx, workspaceId, engine);
    const provider = world.providers[engine];
    const target = { name: `ws_${workspaceId}`, region: "weur", reference: null };
    const address = await world.addressOf(workspaceId, "runtime");
    const { driver, refusal } = world.engines[engine];
    const enter = () =>
      driver.run(address, plain("SELECT 1")).then(
        () => "open",
        (error: unknown) => refusal(error)?.objection,
      );

    expect([await provider.status(target), await enter()]).toEqual(["ready", "open"]);
    for (const _ of [1, 2]) await provider.suspend(target);
    expect([await provider.status(target), await enter()]).toEqual(["suspended", "entry_refused"]);
    for (const _ of [1, 2]) await provider.resume(target);
    expect([await provider.status(target), await enter()]).toEqual(["ready", "open"]);
    for (const _ of [1, 2]) await provider.destroy(target);
    expect([await provider.status(target), await found(engine, workspaceId)]).toEqual(["absent", []]);
  });
});

describe("asking for a database", () => {
  it("refuses a provider that is not set up, and another one than it has", async () => {
    await world.addWorkspace("wrk_askx");
    const refused = ensureDatabase(world.ctx, "wrk_askx", "neon");
    await expect(refused).rejects.toMatchObject({ code: "validation_failed", faults: [{ path: "provider", code: "not_configured" }] });
    expect(await getDatabase(world.ctx, "wrk_askx")).toBeNull();
    await ensureDatabase(world.ctx, "wrk_askx", "postgres");
    if (!ENGINES.includes("mysql")) return;
    await expect(ensureDatabase(world.ctx, "wrk_askx", "mysql")).rejects.toMatchObject({ code: "conflict" });
  });
});
