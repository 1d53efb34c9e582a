import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { findRoute, type RouteRule } from "#app";
import { visitorRules } from "#platform/schema";
import { type Answer, type Person, type Platform, startPlatform } from "./testing/platform.ts";

let platform: Platform;
let ada: Person;
let bob: Person;
let app: { readonly id: string; readonly slug: string };
let other: { readonly id: string };

/** What the limiters of apps were told, and whether they can be reached. */
const announced: { name: string; epoch: number }[] = [];
let limiterDown = false;

beforeAll(async () => {
  platform = await startPlatform();
  const limiters = {
    getByName: (name: string) => ({
      async raiseEpoch(epoch: number) {
        if (limiterDown) throw new Error("the object cannot be reached");
        announced.push({ name, epoch });
      },
    }),
  };
  Object.assign(platform.env, { RATE_LIMITER: limiters });
  [ada, bob] = [await platform.signUp("Ada"), await platform.signUp("Bob")];
  [app, other] = [await makeApp("One"), await makeApp("Two")];
}, 60_000);
afterAll(() => platform.stop());
beforeEach(async () => {
  limiterDown = false;
  announced.length = 0;
  await platform.context().db.delete(visitorRules);
});

async function makeApp(name: string): Promise<{ id: string; slug: string }> {
  const { body } = await platform.call(`POST /api/v1/workspaces/${ada.workspaceId}/apps`, { as: ada.as, body: { name } });
  return body.data;
}

const rulesPath = () => `/api/v1/workspaces/${ada.workspaceId}/visitor-rules`;

function set(body: Record<string, unknown>, as: Person = ada): Promise<Answer> {
  return platform.call(`POST ${rulesPath()}`, { as: as.as, body });
}

async function list(query = ""): Promise<Answer["body"]["data"]> {
  return (await platform.call(`GET ${rulesPath()}${query}`, { as: ada.as })).body.data;
}

function end(id: string): Promise<Answer> {
  return platform.call(`DELETE ${rulesPath()}/${id}`, { as: ada.as });
}

/** What visitors of an app are served by. */
async function routeOf(appId: string): Promise<{ epoch: number; rules: readonly RouteRule[] }> {
  const route = await findRoute(platform.context(), { appId });
  if (route === null) throw new Error("the app has no route");
  return { epoch: route.epoch, rules: route.visitorRules };
}

describe("rules about visitors", () => {
  it("travel with the routes of the apps that they concern, under a new epoch", async () => {
    const before = [await routeOf(app.id), await routeOf(other.id)];
    const everywhere = await set({ kind: "deny", match: { cidr: "203.0.113.9/24" }, reason: "scrapers" });
    expect(everywhere.status).toBe(201);
    expect(everywhere.body.data).toMatchObject({
      app_id: null,
      kind: "deny",
      match: { cidr: "203.0.113.0/24" },
      reason: "scrapers",
      source: "member",
      expires_at: null,
      created_by: ada.userId,
    });
    expect((await set({ app_id: app.id, kind: "challenge", match: { country: "DE" } })).status).toBe(201);
    const [here, there] = [await routeOf(app.id), await routeOf(other.id)];
    expect(here.rules.map(({ kind, type, value }) => [kind, type, value]).sort()).toEqual([
      ["challenge", "country", "DE"],
      ["deny", "cidr", "203.0.113.0/24"],
    ]);
    expect(there.rules).toHaveLength(1);
    expect([here.epoch, there.epoch]).toEqual([(before[0]?.epoch ?? 0) + 2, (before[1]?.epoch ?? 0) + 1]);
    expect(announced).toContainEqual({ name: `app:${app.id}`, epoch: here.epoch });
    expect(announced).toContainEqual({ name: `app:${other.id}`, epoch: there.epoch });
    expect(announced).toHaveLength(3);
  });

  it("are listed for the workspace and for an app, newest first, page by page", async () => {
    await set({ kind: "deny", match: { asn: 64_500 } });
    await set({ app_id: app.id, kind: "slow", match: { ip: "2001:DB8::7" } });
    await set({ app_id: other.id, kind: "deny", match: { all: true } });
    expect((await list()).map(({ match }: { match: unknown }) => match)).toEqual([{ all: true }, { ip: "2001:db8::7" }, { asn: 64_500 }]);
    expect(await list(`?app_id=${app.id}`)).toHaveLength(2);
    const first = await platform.call(`GET ${rulesPath()}?limit=2`, { as: ada.as });
    expect(await list(`?limit=2&cursor=${first.body.next_cursor}`)).toMatchObject([{ match: { asn: 64_500 } }]);
  });

  it("are one for the same visitors, however these are written", async () => {
    const first = await set({ kind: "deny", match: { ip: "::ffff:203.0.113.7" } });
    const second = await set({ kind: "challenge", match: { ip: "203.0.113.7" }, reason: "perhaps not" });
    expect(second.body.data).toMatchObject({ id: first.body.data.id, kind: "challenge", reason: "perhaps not" });
    expect(await list()).toHaveLength(1);
  });

  it("end when they are removed", async () => {
    const { body } = await set({ kind: "deny", match: { asn: 64_500 } });
    const { epoch } = await routeOf(app.id);
    expect((await end(body.data.id)).status).toBe(204);
    expect(await routeOf(app.id)).toEqual({ epoch: epoch + 1, rules: [] });
    expect((await end(body.data.id)).status).toBe(404);
  });

  it("end at their time", async () => {
    const { body } = await set({ kind: "deny", match: { asn: 64_500 }, expires_at: new Date(Date.now() + 60_000).toISOString() });
    expect((await routeOf(app.id)).rules).toMatchObject([{ until: Date.parse(body.data.expires_at) }]);
    const later = platform.context({ now: () => Date.now() + 60_001 });
    expect((await findRoute(later, { appId: app.id }))?.visitorRules).toEqual([]);
  });

  it("are announced again by a repetition, when the announcement was lost", async () => {
    limiterDown = true;
    const rule = { kind: "deny", match: { asn: 64_500 } };
    expect((await set(rule)).body).toMatchObject({ status: 503, code: "upstream_unavailable" });
    limiterDown = false;
    const { status, body } = await set(rule);
    expect(status).toBe(201);
    limiterDown = true;
    expect((await end(body.data.id)).status).toBe(503);
    limiterDown = false;
    announced.length = 0;
    expect((await end(body.data.id)).status).toBe(404);
    expect(announced).toContainEqual({ name: `app:${app.id}`, epoch: (await routeOf(app.id)).epoch });
  });

  it("leave a trace of who changed what", async () => {
    const { body } = await set({ kind: "deny", match: { asn: 64_500 } });
    await end(body.data.id);
    const logs = await platform.call(`GET /api/v1/workspaces/${ada.workspaceId}/audit-logs`, { as: ada.as });
    const [ended, made] = logs.body.data;
    expect(made).toMatchObject({ action: "visitor_rule.set", target_id: body.data.id, before: null, after: { match: { asn: 64_500 } } });
    expect(ended).toMatchObject({ action: "visitor_rule.deleted", actor_id: ada.userId, before: { kind: "deny" }, after: null });
  });

  it.each([
    [{ kind: "deny", match: {} }, "match"],
    [{ kind: "deny", match: { asn: 1, country: "DE" } }, "match"],
    [{ kind: "deny", match: { ip: "203.0.113.256" } }, "match.ip"],
    [{ kind: "deny", match: { cidr: "203.0.113.0/33" } }, "match.cidr"],
    [{ kind: "deny", match: { asn: 0 } }, "match.asn"],
    [{ kind: "deny", match: { country: "Germany" } }, "match.country"],
    [{ kind: "deny", match: { network: "203.0.113.7" } }, "match.network"],
    [{ kind: "deny", match: { session: "somebody" } }, "match.session"],
    [{ kind: "ban", match: { asn: 1 } }, "kind"],
    [{ kind: "deny", match: { asn: 1 }, expires_at: "2020-01-01T00:00:00Z" }, "expires_at"],
    [{ kind: "deny", match: { asn: 1 }, expires_at: "tomorrow" }, "expires_at"],
  ])("are refused when they make no sense: %j", async (body, path) => {
    const answer = await set(body);
    expect([answer.status, answer.body.code]).toEqual([422, "validation_failed"]);
    expect(answer.body.errors).toContainEqual(expect.objectContaining({ path }));
    expect(await list()).toEqual([]);
  });

  it("are at most a thousand, of which any can still be changed", async () => {
    const { db } = platform.context();
    const row = (index: number) => ({
      id: `vru_${index}`,
      workspaceId: ada.workspaceId,
      source: "member" as const,
      kind: "deny" as const,
      matchType: "asn" as const,
      matchValue: String(index),
    });
    await db.insert(visitorRules).values(Array.from({ length: 1_000 }, (_, index) => row(index + 1)));
    expect((await set({ kind: "deny", match: { asn: 1_001 } })).body).toMatchObject({ status: 409, code: "invalid_state" });
    expect((await set({ kind: "slow", match: { asn: 1_000 } })).status).toBe(201);
  });

  it("are their workspace's own", async () => {
    const { body } = await set({ kind: "deny", match: { asn: 64_500 } });
    expect((await set({ kind: "deny", match: { asn: 1 } }, bob)).status).toBe(404);
    const stolen = `DELETE /api/v1/workspaces/${bob.workspaceId}/visitor-rules/${body.data.id}`;
    expect((await platform.call(stolen, { as: bob.as })).status).toBe(404);
    const foreign = await platform.call(`POST /api/v1/workspaces/${bob.workspaceId}/visitor-rules`, {
      as: bob.as,
      body: { app_id: app.id, kind: "deny", match: { asn: 1 } },
    });
    expect(foreign.status).toBe(404);
    expect(await list()).toHaveLength(1);
  });
});
