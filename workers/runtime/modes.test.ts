import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Person } from "../api/testing/platform.ts";
import { API_ORIGIN, type Site, startSite, withCookies } from "./testing/site.ts";

const HTML = { Accept: "text/html" };
const PASSWORD = "open sesame please";

let site: Site;
let owner: Person;
let stranger: Person;
let slug: string;
let key: { Authorization: string };

// Passwords are slow to hash, and what is to end is waited for.
vi.setConfig({ testTimeout: 20_000 });

beforeAll(async () => {
  site = await startSite();
  [owner, stranger] = [await site.signUp("Owner"), await site.signUp("Stranger")];
  const workspace = await site.call(`GET /api/v1/workspaces/${owner.workspaceId}`, { as: owner.as });
  slug = workspace.body.data.slug;
  key = await keyWith(owner, ["runs:create"]);
}, 90_000);
afterAll(() => site.stop());

async function keyWith(person: Person, scopes: string[]) {
  const made = await site.call(`POST /api/v1/workspaces/${person.workspaceId}/api-keys`, { as: person.as, body: { name: "k", scopes } });
  return { Authorization: `Bearer ${made.body.data.key}` };
}

async function schema(app: string, headers: Record<string, string> = {}) {
  const answer = await site.visit(`/${slug}/${app}/schema`, { headers });
  const body: unknown = await answer.json();
  return { status: answer.status, headers: answer.headers, body };
}

describe("an app that is used with a key", () => {
  beforeAll(() => site.publish(owner, "by-key", { access_mode: "api_key" }));

  it("asks for one, by the rules of HTTP", async () => {
    const answer = await schema("by-key");
    expect(answer).toMatchObject({ status: 401, body: { code: "unauthenticated" } });
    expect(answer.headers.get("WWW-Authenticate")).toMatch(/^Bearer /);
    expect((await schema("by-key", owner.as)).status).toBe(401);
  });

  it("takes a key with the scope, refuses one without, one of elsewhere and one that is none", async () => {
    expect((await schema("by-key", key)).status).toBe(200);
    expect(await schema("by-key", await keyWith(owner, ["apps:read"]))).toMatchObject({ status: 403, body: { code: "forbidden" } });
    const foreign = await keyWith(stranger, ["runs:create"]);
    expect(await schema("by-key", foreign)).toMatchObject({ status: 403, body: { code: "access_denied" } });
    expect((await schema("by-key", { Authorization: "Bearer afk_x" })).status).toBe(401);
  });

  it("tells people so, in their language", async () => {
    const page = await site.visit(`/${slug}/by-key`, { headers: { ...HTML, "Accept-Language": "zh" } });
    const html = await page.text();
    expect(page.status).toBe(401);
    expect(html).toContain(`curl ${API_ORIGIN}/${slug}/by-key/runs`);
    expect(html).toContain("此应用供程序使用");
  });
});

describe("an app with a password", () => {
  const address = () => `/${slug}/by-password`;
  const give = (password: string, headers: Record<string, string> = {}) =>
    site.visit(`${address()}/auth/password`, { form: { password, next: `${address()}?a=1` }, headers: { ...HTML, ...headers } });
  let appId: string;
  beforeAll(async () => {
    appId = await site.publish(owner, "by-password", { access_mode: "password", password: PASSWORD });
  });

  it("asks for it, without scripts, and comes back to where the visitor was going", async () => {
    const page = await site.visit(`${address()}?a=1`, { headers: HTML });
    const html = await page.text();
    expect(page.status).toBe(401);
    expect(html).toContain(`action="${address()}/auth/password"`);
    expect(html).toContain(`value="${address()}?a=1"`);
    const entered = await give(PASSWORD, { "CF-Connecting-IP": "192.0.2.1" });
    expect([entered.status, entered.headers.get("Location")]).toEqual([303, `${address()}?a=1`]);
    expect(entered.headers.get("Set-Cookie")).toMatch(
      new RegExp(`^af_password=[^;]+; Path=${address()}; Max-Age=86400; HttpOnly; SameSite=Lax$`),
    );
    const inside = await site.visit(address(), { headers: { ...HTML, Cookie: withCookies(entered) } });
    expect(inside.status).toBe(200);
    expect(await inside.text()).toContain("Sign out");
  });

  it("goes on to no other site", async () => {
    for (const next of ["https://evil.test/", "//evil.test", "/\\evil.test", `/${slug}/other`]) {
      const entered = await site.visit(`${address()}/auth/password`, { form: { password: PASSWORD, next }, headers: HTML });
      expect([next, entered.headers.get("Location")]).toEqual([next, address()]);
    }
  });

  it("is not fooled by a cookie of another app, or one that was tampered with", async () => {
    const entered = withCookies(await give(PASSWORD));
    await site.publish(owner, "also-by-password", { access_mode: "password", password: PASSWORD });
    expect((await schema("by-password", { Cookie: entered })).status).toBe(200);
    expect((await schema("also-by-password", { Cookie: entered })).status).toBe(401);
    expect((await schema("by-password", { Cookie: entered.replace(/.$/, (last) => (last === "A" ? "B" : "A")) })).status).toBe(401);
  });

  it("takes it from programs in a header, and keys instead", async () => {
    expect((await schema("by-password", { "X-App-Password": PASSWORD })).status).toBe(200);
    expect((await schema("by-password", { "X-App-Password": "wrong" })).status).toBe(401);
    expect((await schema("by-password", key)).status).toBe(200);
  });

  it("is never shown again, and ends what it has let in when it changes", async () => {
    const entered = withCookies(await give(PASSWORD));
    const policy = await site.call(`GET /api/v1/apps/${appId}/access-policy`, { as: owner.as });
    expect(policy.body.data).toMatchObject({ access_mode: "password", password_set: true });
    const changed = await site.call(`PATCH /api/v1/apps/${appId}/access-policy`, { as: owner.as, body: { password: "another password" } });
    const manifest = await site.call(`GET /api/v1/apps/${appId}/manifest`, { as: owner.as });
    const log = await site.call(`GET /api/v1/workspaces/${owner.workspaceId}/audit-logs?limit=100`, { as: owner.as });
    for (const { body } of [policy, changed, manifest, log])
      expect(JSON.stringify(body)).not.toMatch(/another password|open sesame|scrypt/);
    const soon = Date.now() + 5_000;
    const stillIn = async () => (await schema("by-password", { Cookie: entered })).status === 200;
    while (await stillIn()) expect(Date.now()).toBeLessThan(soon);
    expect((await give("another password", { "CF-Connecting-IP": "192.0.2.2" })).status).toBe(303);
    expect((await give(PASSWORD, { "CF-Connecting-IP": "192.0.2.2" })).status).toBe(401);
  });

  it("stops a network that guesses, and nobody else; right ones count for nothing", async () => {
    const guesser = { "CF-Connecting-IP": "198.51.100.7" };
    for (let attempt = 0; attempt < 15; attempt += 1) expect((await give("another password", guesser)).status).toBe(303);
    for (let attempt = 0; attempt < 10; attempt += 1) {
      const wrong = await give("guess", guesser);
      expect([wrong.status, (await wrong.text()).includes("That is not the password.")]).toEqual([401, true]);
    }
    const stopped = await give("guess", guesser);
    expect(stopped.status).toBe(429);
    expect(Number(stopped.headers.get("Retry-After"))).toBeGreaterThan(0);
    expect(await stopped.text()).toContain("You can try again in");
    expect((await give("guess", { "CF-Connecting-IP": "198.51.100.8" })).status).toBe(401);
  });

  it("cannot be opened without one", async () => {
    const made = await site.call(`POST /api/v1/workspaces/${owner.workspaceId}/apps`, { as: owner.as, body: { name: "Bare" } });
    const path = `/api/v1/apps/${made.body.data.id}/access-policy`;
    const refused = await site.call(`PATCH ${path}`, { as: owner.as, body: { access_mode: "password" } });
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ path: "password" }] } });
    const short = await site.call(`PATCH ${path}`, { as: owner.as, body: { access_mode: "password", password: "short" } });
    expect(short).toMatchObject({ status: 422, body: { errors: [{ path: "password" }] } });
    expect(await site.setPolicy(owner, appId, { password: null })).toBe(422);
  });

  it("gives up what it knows of a visitor who signs out", async () => {
    const entered = withCookies(await give("another password", { "CF-Connecting-IP": "192.0.2.3" }));
    const left = await site.visit(`${address()}/auth/sign-out`, { method: "POST", headers: { ...HTML, Cookie: entered } });
    expect(left.status).toBe(200);
    expect(await left.text()).toContain("You are signed out");
    expect(withCookies(left, entered)).toBe("");
  });
});

describe("an app for whoever is signed in", () => {
  it("lets any user in, and nobody else", async () => {
    await site.publish(owner, "by-account", { access_mode: "public_auth" });
    expect(await schema("by-account")).toMatchObject({ status: 401, body: { code: "unauthenticated" } });
    expect((await schema("by-account", stranger.as)).status).toBe(200);
    expect((await schema("by-account", { Cookie: "agentflow.session_token=forged.token" })).status).toBe(401);
    expect((await schema("by-account", key)).status).toBe(200);
  });
});

describe("an app for members", () => {
  it("lets members in, tells others that it is not for them, and lets nobody stay who is removed", async () => {
    await site.publish(owner, "by-member", { access_mode: "private" });
    expect((await schema("by-member")).status).toBe(401);
    expect((await schema("by-member", owner.as)).status).toBe(200);
    expect(await schema("by-member", stranger.as)).toMatchObject({ status: 403, body: { code: "access_denied" } });
    const guest = await site.signUp("Guest");
    const base = `/api/v1/workspaces/${owner.workspaceId}`;
    const roles = await site.call(`GET ${base}/roles`, { as: owner.as });
    const role_id = roles.body.data.find((role: { name: string }) => role.name === "viewer").id;
    const invited = await site.call(`POST ${base}/invitations`, { as: owner.as, body: { email: guest.email, role_id } });
    await site.call(`POST /api/v1/invitations/${invited.body.data.token}/accept`, { as: guest.as });
    expect((await schema("by-member", guest.as)).status).toBe(200);
    const members = await site.call(`GET ${base}/members`, { as: owner.as });
    const member = members.body.data.find((one: { user_id: string }) => one.user_id === guest.userId);
    await site.call(`DELETE ${base}/members/${member.id}`, { as: owner.as });
    const soon = Date.now() + 5_000;
    const stillIn = async () => (await schema("by-member", guest.as)).status === 200;
    while (await stillIn()) expect(Date.now()).toBeLessThan(soon);
  });
});

describe("a classification", () => {
  it("is refused together with a mode that is wider, by the field's name, and nothing is written", async () => {
    const appId = await site.publish(owner, "classified", { access_mode: "private", data_classification: "confidential" });
    const path = `/api/v1/apps/${appId}/access-policy`;
    for (const access_mode of ["public_auth", "public_anonymous", "password"]) {
      const refused = await site.call(`PATCH ${path}`, { as: owner.as, body: { access_mode, password: PASSWORD } });
      expect(refused).toMatchObject({ status: 422, body: { errors: [{ path: "access_mode", code: "wider_than_classification" }] } });
    }
    const policy = await site.call(`GET ${path}`, { as: owner.as });
    expect(policy.body.data).toMatchObject({ access_mode: "private", data_classification: "confidential", password_set: false });
    const manifest = (await site.call(`GET /api/v1/apps/${appId}/manifest`, { as: owner.as })).body.data;
    const wider = { ...manifest, access_policy: { ...manifest.access_policy, access_mode: "public_anonymous" } };
    const draft = await site.call(`PUT /api/v1/apps/${appId}/draft`, { as: owner.as, body: wider });
    expect(draft).toMatchObject({ status: 422, body: { errors: [{ path: "access_policy.access_mode" }] } });
  });

  it("keeps restricted data from keys", async () => {
    await site.publish(owner, "restricted", { access_mode: "private", data_classification: "restricted" });
    expect(await schema("restricted", key)).toMatchObject({ status: 403, body: { code: "forbidden" } });
    expect((await schema("restricted", owner.as)).status).toBe(200);
  });
});
