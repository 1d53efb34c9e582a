import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@planetscale/database";
import { createConnection } from "mariadb";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { dieAt, killedEverywhere, type Moment } from "../../../dev/killed-calls.ts";
import { isMysqlAvailable, type MysqlServer } from "../../../dev/mysql/server.ts";
import { type PlanetscaleApi, startPlanetscaleApi } from "../../../dev/planetscale-api/server.ts";
import { type SqlGateway, startSqlGateway } from "../../../dev/sql-gateway/server.ts";
import { startTestMysql } from "../../../tests/database/prepared-servers.ts";
import { plain } from "../engines/driver.ts";
import { createPlanetscaleDriver } from "../engines/mysql/planetscale-driver.ts";
import { createPlanetscaleProvider, type PlanetscaleOptions } from "./planetscale-provider.ts";
import type { DatabaseTarget, Entry, Provider } from "./provider.ts";

const CREDENTIALS = { organization: "agentflow", tokenId: "token-id", token: "pscale_tkn_secret" };
/** Longer than a database of the double is pending, in milliseconds. */
const WHILE = 10_000;
/** The provider ignores it: PlanetScale makes passwords by itself. */
const PASSWORD = "00";

vi.setConfig({ testTimeout: 60_000 });

describe.skipIf(!isMysqlAvailable())("PlanetScale", () => {
  let directory: string;
  let mysql: MysqlServer;
  let gateway: SqlGateway;
  let api: PlanetscaleApi;
  let provider: Provider;
  let count = 0;

  const startApi = (more: { databasesLimit?: number } = {}) =>
    startPlanetscaleApi({
      port: 0,
      ...CREDENTIALS,
      adminUrl: mysql.adminUrl,
      accessHost: new URL(gateway.origin).host,
      time: "manual",
      ...more,
    });

  /** Time at the provider is time at PlanetScale: waiting lets it pass. */
  function options(more: Partial<PlanetscaleOptions> = {}): PlanetscaleOptions {
    const wait = async (milliseconds: number) => api.clock.advance(milliseconds);
    const random = { float: () => 0.5, bytes: (length: number) => new Uint8Array(length) };
    return { ...CREDENTIALS, baseUrl: api.baseUrl, clock: api.clock, random, wait, ...more };
  }

  function newTarget(region = "weur"): DatabaseTarget {
    count += 1;
    return { name: `ws_wrk_${Date.now().toString(36)}${count}`, region, reference: null };
  }

  async function readyTarget(): Promise<DatabaseTarget> {
    const target = newTarget();
    const made = { ...target, ...(await provider.create(target)) };
    api.clock.advance(WHILE);
    return made;
  }

  const draft = (generation: number) => ({ generation, password: PASSWORD });
  const referenceOf = ({ name }: DatabaseTarget) => name.replaceAll("_", "-");
  const named = (target: DatabaseTarget) => api.databases().filter(({ name }) => name === referenceOf(target));

  /** A statement by PlanetScale's own driver, on a connection of its own. */
  async function query(target: DatabaseTarget, entry: Entry, text: string): Promise<unknown[]> {
    const url = new URL(provider.address(target, entry));
    expect(url.pathname).toBe(`/${referenceOf(target)}`);
    const client = new Client({ url: `http://${url.username}:${url.password}@${url.host}` });
    return (await client.execute(text)).rows;
  }

  /** Whether the server itself lets the entry in: the gateway would keep a connection that is open. */
  async function canEnter({ username: user, password }: Entry): Promise<boolean> {
    const { hostname: host, port } = new URL(mysql.adminUrl);
    try {
      await (await createConnection({ host, port: Number(port), user, password })).end();
      return true;
    } catch (error) {
      expect(error).toMatchObject({ sqlState: "28000" });
      return false;
    }
  }

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "planetscale-provider-"));
    mysql = await startTestMysql(directory);
    gateway = await startSqlGateway({ port: 0, mysqlUrl: mysql.adminUrl });
  }, 120_000);

  beforeEach(async () => {
    api = await startApi();
    provider = createPlanetscaleProvider(options());
    return () => api.close();
  });

  afterAll(async () => {
    await gateway?.close();
    await mysql?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  describe("a database", () => {
    it("is made, entered, rotated, suspended, resumed and destroyed, each step as often as one likes", async () => {
      const target = newTarget();
      expect(await provider.status(target)).toBe("absent");
      const { reference } = await provider.create(target);
      expect(reference).toBe(referenceOf(target));
      expect(await provider.create(target)).toEqual({ reference });
      const known = { ...target, reference };
      expect(await provider.status(known)).toBe("pending");
      await expect(provider.issue(known, "owner", draft(1))).rejects.toMatchObject({ code: "database_unavailable" });
      api.clock.advance(WHILE);
      expect(await provider.status(known)).toBe("ready");
      expect(named(target)).toEqual([{ name: reference, region: "eu-west" }]);

      const owner = await provider.issue(known, "owner", draft(1));
      await query(known, owner, "CREATE TABLE leads (id int PRIMARY KEY)");
      const lost = await provider.issue(known, "runtime", draft(1));
      const first = await provider.issue(known, "runtime", draft(1));
      expect(first.password).not.toBe(PASSWORD);
      expect(await canEnter(lost)).toBe(false);
      expect(await canEnter(first)).toBe(true);
      await query(known, first, "INSERT INTO leads VALUES (1)");
      const driver = createPlanetscaleDriver({ SQL_GATEWAY_ORIGIN: gateway.origin });
      expect((await driver.run(provider.address(known, first), plain("SELECT id FROM leads"))).rows).toEqual([["1"]]);
      await expect(query(known, first, "CREATE TABLE mine (id int)")).rejects.toThrow(/denied/);
      await expect(query(known, first, "DROP TABLE leads")).rejects.toThrow(/denied/);

      const second = await provider.issue(known, "runtime", draft(2));
      expect(await query(known, first, "SELECT id FROM leads")).toEqual([{ id: 1 }]);
      expect(await query(known, second, "SELECT id FROM leads")).toEqual([{ id: 1 }]);
      await provider.revokeOthers(known, "runtime", 2);
      await provider.revokeOthers(known, "runtime", 2);
      expect(await canEnter(first)).toBe(false);
      expect(await query(known, second, "SELECT id FROM leads")).toEqual([{ id: 1 }]);
      expect(await query(known, owner, "SELECT id FROM leads")).toEqual([{ id: 1 }]);

      await provider.suspend(known);
      await provider.suspend(known);
      expect(await canEnter(second)).toBe(false);
      expect(await query(known, owner, "SELECT id FROM leads")).toEqual([{ id: 1 }]);
      await provider.resume(known);
      await provider.resume(known);
      const third = await provider.issue(known, "runtime", draft(3));
      expect(await query(known, third, "SELECT id FROM leads")).toEqual([{ id: 1 }]);

      await provider.destroy(known);
      await provider.destroy(known);
      expect(await provider.status(known)).toBe("absent");
      expect(named(target)).toHaveLength(0);
      expect(await canEnter(third)).toBe(false);
      await expect(provider.issue(known, "owner", draft(2))).rejects.toMatchObject({ code: "database_unavailable" });
    });

    it("lies in the workspace's part of the world, and nowhere when that is not known", async () => {
      const [there, nowhere] = [newTarget("oc"), newTarget("moon")];
      await provider.create(there);
      expect(named(there)).toEqual([{ name: referenceOf(there), region: "aws-ap-southeast-2" }]);
      await expect(provider.create(nowhere)).rejects.toMatchObject({ code: "database_unavailable" });
      expect(named(nowhere)).toHaveLength(0);
    });

    it("is one, however many ask at once", async () => {
      const target = newTarget();
      const references = await Promise.all(Array.from({ length: 4 }, () => provider.create(target)));
      expect(new Set(references.map(({ reference }) => reference))).toEqual(new Set([referenceOf(target)]));
      expect(named(target)).toHaveLength(1);
    });

    it("keeps one password of a generation, wherever it stands in a long list", async () => {
      const target = await readyTarget();
      for (let index = 0; index < 120; index += 1) api.addPassword(referenceOf(target), `someone-${index}`);
      await provider.issue(target, "runtime", draft(1));
      await provider.issue(target, "runtime", draft(1));
      await provider.issue(target, "runtime", draft(12));
      await provider.revokeOthers(target, "runtime", 12);
      const passwords = api.passwordNames(referenceOf(target));
      expect(passwords.filter((name) => name.startsWith("agentflow-"))).toEqual(["agentflow-runtime-12"]);
      expect(passwords).toHaveLength(121);
    });
  });

  describe.each<Moment>(["before", "after"])("killed at any request, %s its effect", (when) => {
    it("makes one database", async () => {
      for (const k of [1, 2]) {
        const target = newTarget();
        api.interfere(dieAt(k, when));
        await expect(provider.create(target)).rejects.toMatchObject({ code: "upstream_unavailable" });
        api.interfere(null);
        await provider.create(target);
        expect(named(target)).toHaveLength(1);
      }
    });

    it("leaves one database and two passwords, and then nothing", async () => {
      const target = await readyTarget();
      expect(await killedEverywhere(api, when, () => provider.status(target))).toBe("ready");
      const owner = await killedEverywhere(api, when, () => provider.issue(target, "owner", draft(1)));
      await killedEverywhere(api, when, () => provider.issue(target, "runtime", draft(1)));
      const runtime = await killedEverywhere(api, when, () => provider.issue(target, "runtime", draft(2)));
      await killedEverywhere(api, when, () => provider.revokeOthers(target, "runtime", 2));
      expect(named(target)).toHaveLength(1);
      expect(api.passwordNames(referenceOf(target)).toSorted()).toEqual(["agentflow-owner-1", "agentflow-runtime-2"]);
      await query(target, owner, "CREATE TABLE leads (id int)");
      expect(await query(target, runtime, "SELECT id FROM leads")).toEqual([]);

      await killedEverywhere(api, when, () => provider.suspend(target));
      expect(api.passwordNames(referenceOf(target))).toEqual(["agentflow-owner-1"]);
      await killedEverywhere(api, when, () => provider.destroy(target));
      expect(named(target)).toHaveLength(0);
    });
  });

  describe("what it does instead of answering", () => {
    it.each<Moment>(["before", "after"])("one lost connection or 5xx, %s the effect: the call comes through by itself", async (when) => {
      for (const answer of [undefined, { status: 502, body: "<html>" }]) {
        const target = newTarget();
        api.interfere(({ method, number }) => (method === "POST" && number === 2 ? { when, ...(answer ? { answer } : {}) } : null));
        await provider.create(target);
        expect(named(target)).toHaveLength(1);
        api.clock.advance(WHILE);
        api.interfere(({ method, number }) => (method === "POST" && number === 2 ? { when, ...(answer ? { answer } : {}) } : null));
        const runtime = await provider.issue(target, "runtime", draft(1));
        expect(await query(target, runtime, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
        expect(api.passwordNames(referenceOf(target))).toEqual(["agentflow-runtime-1"]);
      }
    });

    it("429: comes back when it is told to, or leaves it to its caller when that is too late", async () => {
      const answer = { status: 429, body: { code: "rate_limit_exceeded", message: "too many requests" } };
      const waits: number[] = [];
      const wait = async (milliseconds: number) => {
        waits.push(milliseconds);
        api.clock.advance(milliseconds);
      };
      provider = createPlanetscaleProvider(options({ wait }));
      api.interfere(({ number }) => (number === 1 ? { when: "before", answer: { ...answer, retryAfter: "7" } } : null));
      await provider.create(newTarget());
      expect(waits).toHaveLength(1);
      expect(waits[0]).toBeGreaterThanOrEqual(7000);

      api.interfere(() => ({ when: "before", answer: { ...answer, retryAfter: "600" } }));
      await expect(provider.create(newTarget())).rejects.toMatchObject({ code: "upstream_unavailable", retryAfter: 600 });
      expect(api.seen).toHaveLength(1);
    });

    it("a limit, a wrong token or an answer out of the ordinary: clear, without secrets, and asked once", async () => {
      await api.close();
      api = await startApi({ databasesLimit: 1 });
      provider = createPlanetscaleProvider(options());
      await provider.create(newTarget());
      api.interfere(null);
      await expect(provider.create(newTarget())).rejects.toMatchObject({
        code: "database_unavailable",
        message: "PlanetScale makes no further database: its plan or a limit of the organization forbids it.",
      });
      expect(api.seen.filter(({ method }) => method === "POST")).toHaveLength(1);

      const stranger = createPlanetscaleProvider(options({ token: "pscale_tkn_wrong" }));
      const refused = await stranger.create(newTarget()).catch((error: unknown) => error);
      expect(refused).toMatchObject({
        code: "database_unavailable",
        message: "PlanetScale does not accept this deployment's credentials.",
      });
      expect(JSON.stringify(refused)).not.toContain("pscale_tkn");

      api.interfere(() => ({ when: "before", answer: { status: 200, body: { name: 5 } } }));
      await expect(provider.status(newTarget())).rejects.toMatchObject({
        message: "PlanetScale answered in a way that is not understood.",
      });
      expect(api.seen).toHaveLength(1);
    });
  });
});
