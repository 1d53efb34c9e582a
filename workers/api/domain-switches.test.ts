import { eq } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { activateDomain, findActiveHostname, removeDomain, rollBackDomain, updateDomain } from "#domain";
import { auditLogs } from "#platform/schema";
import { DomainsWorld, HOUR, SECOND } from "./testing/domains.ts";
import type { Person } from "./testing/platform.ts";

type Owner = Person & { readonly appId: string };

let world: DomainsWorld;
let ada: Owner;

beforeAll(async () => {
  world = await DomainsWorld.start();
  ada = await world.person("Ada");
}, 120_000);
afterAll(() => world.stop());
afterEach(async () => {
  await world.platform.settle();
  world.cloudflare.fail(null);
});

const ask = (route: string, who: Person, body?: unknown) =>
  world.platform.call(route, { as: who.as, ...(body === undefined ? {} : { body }) });
const targetOf = (hostname: string) => findActiveHostname(world.ctx(), hostname);
/** Longer than any isolate trusts what it heard of a hostname. */
const forget = () => world.pass(5 * SECOND);

describe("a switch", () => {
  it("leads a hostname to another app and to a version in one step, and is undone", async () => {
    const active = await world.active(ada);
    const { id, hostname } = active;
    const other = await world.app(ada);
    const switched = await activateDomain(world.ctx(), ada.workspaceId, ada.appId, id, { appId: other });
    expect(switched).toMatchObject({
      app_id: other,
      version_id: null,
      status: "active",
      previous: { app_id: ada.appId, version_id: null },
    });
    forget();
    expect(await targetOf(hostname)).toMatchObject({ appId: other, versionId: null });
    const { body } = await ask(`GET /api/v1/apps/${other}/versions`, ada);
    const versionId = body.data[0].id;
    expect(await activateDomain(world.ctx(), ada.workspaceId, other, id, { versionId })).toMatchObject({ version_id: versionId });
    expect(await rollBackDomain(world.ctx(), ada.workspaceId, other, id)).toMatchObject({
      app_id: other,
      version_id: null,
      previous: null,
    });

    await activateDomain(world.ctx(), ada.workspaceId, other, id, { appId: ada.appId });
    expect(await rollBackDomain(world.ctx(), ada.workspaceId, ada.appId, id)).toMatchObject({ app_id: other, status: "active" });
    const rested = await rollBackDomain(world.ctx(), ada.workspaceId, other, id);
    expect(rested).toMatchObject({ status: "verified", next_step: { code: "activate" } });
    forget();
    expect(await targetOf(hostname)).toBeNull();
    await expect(rollBackDomain(world.ctx(), ada.workspaceId, other, id)).rejects.toMatchObject({ code: "invalid_state" });
    world.pass(HOUR);
    expect((await world.verify({ ...ada, appId: other }, id)).status).toBe("verified");
    expect((await activateDomain(world.ctx(), ada.workspaceId, other, id, {})).status).toBe("active");
    await world.platform.settle();
    forget();
    expect(await targetOf(hostname)).toMatchObject({ appId: other });
    const actions = await world.ctx().db.select().from(auditLogs).where(eq(auditLogs.targetId, id));
    expect(actions.filter(({ action }) => action === "domain.activated")[0]).toMatchObject({
      before: { app_id: ada.appId, version_id: null, status: "active" },
      after: { app_id: other, version_id: null, status: "active" },
    });
  });

  it("is refused to what cannot be served", async () => {
    const { id } = await world.active(ada);
    const activate = (body: object) => ask(`POST /api/v1/apps/${ada.appId}/domains/${id}/activate`, ada, body);
    const draft = await ask(`POST /api/v1/workspaces/${ada.workspaceId}/apps`, ada, { name: "Draft" });
    expect(await activate({ app_id: draft.body.data.id })).toMatchObject({ status: 409, body: { code: "invalid_state" } });
    expect((await activate({ app_id: "app_nothing" })).status).toBe(404);
    const other = await world.app(ada);
    const { body } = await ask(`GET /api/v1/apps/${other}/versions`, ada);
    expect((await activate({ version_id: body.data[0].id })).status).toBe(404);
    expect((await activate({})).status).toBe(200);
  });

  it("made by two at once is made by one, or by one after the other, and never by halves", async () => {
    const { id, hostname } = await world.active(ada);
    const [one, two] = [await world.app(ada), await world.app(ada)];
    const outcomes = await Promise.allSettled(
      [one, two].map((appId) => activateDomain(world.ctx(), ada.workspaceId, ada.appId, id, { appId })),
    );
    const won = outcomes.filter(({ status }) => status === "fulfilled");
    expect(won).toHaveLength(1);
    const row = await world.row(id);
    expect([row?.previousAppId, [one, two].includes(row?.appId ?? "")]).toEqual([ada.appId, true]);
    forget();
    expect((await targetOf(hostname))?.appId).toBe(row?.appId);
  });
});

describe("several hostnames of an app", () => {
  it("have one canonical, to which those that redirect lead while it is served", async () => {
    const owner = await world.person("Cleo");
    const [first, second] = [await world.active(owner), await world.active(owner)];
    expect([first.canonical, second.canonical]).toEqual([true, false]);
    const change = (id: string, patch: object) => updateDomain(world.ctx(), owner.workspaceId, owner.appId, id, patch);
    await expect(change(first.id, { redirect: true })).rejects.toMatchObject({ code: "invalid_state" });
    expect((await change(second.id, { redirect: true })).redirect_to).toBe(first.hostname);
    forget();
    expect((await targetOf(second.hostname))?.redirectTo).toBe(first.hostname);

    expect(await change(second.id, { canonical: true })).toMatchObject({ canonical: true, redirect_to: null });
    await change(first.id, { redirect: true });
    forget();
    expect([(await targetOf(first.hostname))?.redirectTo, (await targetOf(second.hostname))?.redirectTo]).toEqual([second.hostname, null]);

    await removeDomain(world.ctx(), owner.workspaceId, owner.appId, second.id);
    forget();
    expect(await targetOf(first.hostname)).toMatchObject({ appId: owner.appId, redirectTo: null });
  });
});

describe("a visitor who keeps coming", () => {
  it("does not wait for what is remembered to be looked up again", async () => {
    const { hostname } = await world.active(ada);
    forget();
    await targetOf(hostname);
    world.pass(2 * SECOND);
    const pending: Promise<unknown>[] = [];
    const ctx = Object.create(world.ctx(), { waitUntil: { value: (work: Promise<unknown>) => pending.push(work) } });
    await findActiveHostname(ctx, hostname);
    await findActiveHostname(ctx, hostname);
    expect(pending).toHaveLength(1);
    await Promise.all(pending);
    world.pass(SECOND);
    const silent = Object.create(world.ctx(), { db: { get: () => expect.unreachable("the database was asked") } });
    expect(await findActiveHostname(silent, hostname)).toMatchObject({ appId: ada.appId });
  });
});
