import { eq } from "drizzle-orm";
import { addDomain, checkDueDomains, type Domain, getDomain, verifyDomain } from "#domain";
import type { Context } from "#platform/context";
import type { Env } from "#platform/env";
import { apiBudgets, appDomains, apps, runtimeEvents } from "#platform/schema";
// biome-ignore lint/style/noRestrictedImports: tests run on a double of Cloudflare's API
import { type CloudflareApi, startCloudflareApi } from "../../../dev/cloudflare-api/server.ts";
// biome-ignore lint/style/noRestrictedImports: tests plant what resolvers say
import { startTestResolver, type TestResolver } from "../../../shared/domain/testing/resolver.ts";
import { type Person, type Platform, startPlatform } from "./platform.ts";

export const TARGET = "customers.host.test";
export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const VARIABLES = { CLOUDFLARE_ZONE_ID: "zone1", CLOUDFLARE_API_TOKEN: "token1", DOMAIN_TARGET: TARGET };

/** A deployment with custom hostnames: a database, two resolvers, and a double of Cloudflare's API, whose time is everybody's. */
export class DomainsWorld {
  readonly platform: Platform;
  readonly cloudflare: CloudflareApi;
  readonly resolvers: readonly [TestResolver, TestResolver];
  /** What DNS says, at both resolvers and to Cloudflare: lines such as `TXT "…"`. */
  readonly #records = new Map<string, readonly string[]>();
  #count = 0;

  private constructor(
    platform: Platform,
    cloudflare: CloudflareApi,
    resolvers: readonly [TestResolver, TestResolver],
    records: Map<string, readonly string[]>,
  ) {
    this.platform = platform;
    this.cloudflare = cloudflare;
    this.resolvers = resolvers;
    this.#records = records;
  }

  /** What Cloudflare has of a host. */
  hostnamesAt(hostname: string) {
    return this.cloudflare.hostnames().filter((one) => one.hostname === hostname);
  }

  /** Ends what a test has begun and forgets all claims, so that the next has the world to itself. */
  async reset(): Promise<void> {
    await this.platform.settle();
    this.cloudflare.fail(null);
    const { db } = this.ctx();
    await db.delete(appDomains);
    await db.delete(apiBudgets);
    for (const { hostname } of this.cloudflare.hostnames()) this.plant(hostname);
  }

  static async start(): Promise<DomainsWorld> {
    const records = new Map<string, readonly string[]>();
    const platform = await startPlatform();
    const resolvers = [await startTestResolver(), await startTestResolver()] as const;
    const cloudflare = await startCloudflareApi({
      port: 0,
      token: VARIABLES.CLOUDFLARE_API_TOKEN,
      zoneId: VARIABLES.CLOUDFLARE_ZONE_ID,
      target: TARGET,
      time: "manual",
      quota: { allocated: 10_000, hardCap: 50_000 },
      lookUp: async (name, type) =>
        (records.get(name) ?? []).filter((line) => line.startsWith(`${type} `)).map((line) => line.slice(type.length + 1)),
    });
    // Requests to the API come at the time that it is.
    cloudflare.clock.advance(Date.now() - cloudflare.clock.now());
    const world = new DomainsWorld(platform, cloudflare, resolvers, records);
    world.set({
      ...VARIABLES,
      CLOUDFLARE_API_ORIGIN: cloudflare.origin,
      DOMAIN_RESOLVERS: resolvers.map(({ address }) => address).join(","),
    });
    return world;
  }

  async stop(): Promise<void> {
    await this.platform.stop();
    await Promise.all([this.cloudflare.close(), ...this.resolvers.map((resolver) => resolver.close())]);
  }

  set(variables: Partial<Env>): void {
    Object.assign(this.platform.env, variables);
  }

  ctx(): Context {
    return this.platform.context(this.cloudflare.clock);
  }

  pass(milliseconds: number): void {
    this.cloudflare.clock.advance(milliseconds);
  }

  /** Sets, or without lines takes away, what DNS says of a name. */
  plant(name: string, ...lines: string[]): void {
    if (lines.length === 0) this.#records.delete(name);
    else this.#records.set(name, lines);
    for (const resolver of this.resolvers) resolver.zone = Object.fromEntries(this.#records);
  }

  /** Sets the records that a claim asks for. */
  obey({ records }: Domain, purposes: readonly string[] = ["ownership", "routing"]): void {
    for (const { purpose, type, name, value } of records) {
      if (purposes.includes(purpose) && (type === "TXT" || type === "CNAME")) this.plant(name, `${type} ${value}`);
    }
  }

  /** Somebody with a published app. */
  async person(name = "Ada"): Promise<Person & { readonly appId: string }> {
    const person = await this.platform.signUp(name);
    return { ...person, appId: await this.app(person) };
  }

  /** Another published app. */
  async app(person: Person): Promise<string> {
    this.#count += 1;
    const base = `/api/v1/workspaces/${person.workspaceId}/apps`;
    const made = await this.platform.call(`POST ${base}`, { as: person.as, body: { name: "Desk", slug: `desk-${this.#count}` } });
    const { id } = made.body.data;
    const version = await this.platform.call(`POST /api/v1/apps/${id}/versions`, { as: person.as, body: {} });
    const published = { status: "published" as const, currentVersionId: version.body.data.id };

    await this.ctx().db.update(apps).set(published).where(eq(apps.id, id));
    return id;
  }

  /** A hostname that nobody has used yet. */
  name(): string {
    this.#count += 1;
    return `shop.company-${this.#count}.test`;
  }

  /** Claims a hostname, and lets the first check of it come to its end. */
  async claim(person: Person & { readonly appId: string }, hostname = this.name(), more: object = {}): Promise<Domain> {
    const domain = await addDomain(this.ctx(), person.workspaceId, person.appId, { hostname, ...more });
    await this.platform.settle();
    return this.shown(person, domain.id);
  }

  async shown(person: Person & { readonly appId: string }, id: string): Promise<Domain> {
    const domain = await getDomain(this.ctx(), person.workspaceId, person.appId, id);
    await this.platform.settle();
    return domain;
  }

  /** Checks now. */
  async verify(person: Person & { readonly appId: string }, id: string): Promise<Domain> {
    this.pass(5 * SECOND);
    const domain = await verifyDomain(this.ctx(), person.workspaceId, person.appId, id);
    await this.platform.settle();
    return domain;
  }

  /** A claim that is served. */
  async active(person: Person & { readonly appId: string }, hostname = this.name(), more: object = {}): Promise<Domain> {
    const claimed = await this.claim(person, hostname, more);
    this.obey(claimed);
    for (let round = 0; round < 8; round += 1) {
      const domain = await this.verify(person, claimed.id);
      if (domain.status === "active") return domain;
      this.obey(domain, ["certificate"]);
    }
    throw new Error(`${hostname} does not become active: ${JSON.stringify(await this.shown(person, claimed.id))}`);
  }

  /** Lets the cron of every minute run for a while. Gives the time of each check of each claim. */
  async run(milliseconds: number, each = MINUTE): Promise<void> {
    for (let passed = 0; passed < milliseconds; passed += each) {
      this.pass(each);
      await checkDueDomains(this.ctx());
    }
  }

  async row(id: string) {
    const [row] = await this.ctx().db.select().from(appDomains).where(eq(appDomains.id, id));
    return row;
  }

  /** Types of what was told of a claim, in the order in which it was. */
  async told(id: string): Promise<string[]> {
    const rows = await this.ctx().db.select().from(runtimeEvents).orderBy(runtimeEvents.occurredAt, runtimeEvents.id);
    return rows.filter((row) => row.id.startsWith(`domain:${id}:`)).map(({ type, payload }) => `${type} ${JSON.stringify(payload)}`);
  }
}
