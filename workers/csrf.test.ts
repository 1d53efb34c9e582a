import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Person } from "./api/testing/platform.ts";
import { endpointOf } from "./runtime/target.ts";
import { type Site, startSite, withCookies } from "./runtime/testing/site.ts";

/*
 * What another site's page can make a browser send, with the cookies of whoever uses it: forms of three kinds, and nothing
 * else without being asked (a preflight, which gets no permission).
 */

const FORMS: readonly [string, string][] = [
  ["application/x-www-form-urlencoded", "name=x&password=open+sesame+please"],
  ["text/plain", '{"name":"x","inputs":{"word":"x"}}'],
  ["multipart/form-data; boundary=b", '--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nx\r\n--b--\r\n'],
];

/** How browsers say where a request comes from. */
const FOREIGN: readonly Record<string, string>[] = [
  { Origin: "https://evil.test", "Sec-Fetch-Site": "cross-site" },
  { Origin: "https://evil.test" },
  { Origin: "null" },
  { Origin: "http://sibling.example.test:8787", "Sec-Fetch-Site": "same-site" },
  { "Sec-Fetch-Site": "cross-site" },
  { "Sec-Fetch-Site": "same-site" },
];

/** The auth library's own, which the description only mentions. */
const AUTH = ["sign-in/email", "sign-up/email", "sign-out", "change-password", "update-user", "revoke-sessions", "delete-user"];

interface Operation {
  readonly method: string;
  readonly path: string;
}

let site: Site;
let owner: Person;
let appId: string;
let base: string;
let visitorCookies: string;
let operations: Operation[];

beforeAll(async () => {
  site = await startSite();
  owner = await site.signUp("Owner");
  const workspace = await site.call(`GET /api/v1/workspaces/${owner.workspaceId}`, { as: owner.as });
  // Any page may call this app as a stranger.
  appId = await site.publish(owner, "open", { access_mode: "public_anonymous", allowed_origins: ["*"] });
  base = `/${workspace.body.data.slug}/open`;
  visitorCookies = withCookies(await site.visit(base, { headers: { Accept: "text/html" } }), owner.as.Cookie);
  const { body } = await site.call("GET /openapi.json");
  operations = Object.entries<object>(body.paths).flatMap(([path, item]) =>
    Object.keys(item)
      .filter((method) => ["post", "put", "patch", "delete"].includes(method))
      .map((method) => ({ method: method.toUpperCase(), path })),
  );
}, 90_000);
afterAll(() => site.stop());

/** The rows by which a change would show. */
async function audited(): Promise<unknown> {
  const { rows } = await site.context().db.execute("SELECT count(*) FROM audit_logs");
  return rows;
}

/** The address of an operation, of things that are there. */
function addressOf({ path }: Operation): string {
  const id = path.startsWith("/api/v1/apps/") ? appId : owner.workspaceId;
  return path
    .replace("/{workspace}/{app}", base)
    .replace("{id}", id)
    .replace(/\{[a-z_]+\}/g, "nothing");
}

async function expectRefused(method: string, address: string, cookie: string): Promise<void> {
  for (const origin of FOREIGN) {
    for (const [type, body] of FORMS) {
      const headers = { ...origin, "Content-Type": type, Cookie: cookie };
      const answer = await site.visit(address, { method, headers, body });
      const { code } = JSON.parse(await answer.text());
      expect([method, address, origin, type, answer.status, code]).toEqual([method, address, origin, type, 403, "access_denied"]);
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
  }
}

describe("a page of another site", () => {
  it("changes nothing as a member, at any address that changes something", { timeout: 60_000 }, async () => {
    // Webhooks are signed, and know no cookie.
    const isWebhook = (path: string) => path.startsWith("/api/v1/hooks/") || path.endsWith("/webhook");
    const members = operations.filter(({ path }) => path.startsWith("/api/") && !isWebhook(path));
    expect(members.length).toBeGreaterThan(50);
    const before = await audited();
    for (const operation of members) await expectRefused(operation.method, addressOf(operation), owner.as.Cookie);
    for (const path of AUTH) await expectRefused("POST", `/api/auth/${path}`, owner.as.Cookie);
    expect(await audited()).toEqual(before);
    expect((await site.call("GET /api/v1/workspaces", { as: owner.as })).status).toBe(200);
  });

  it("does nothing as a visitor, at any address that does something", async () => {
    const visitors = operations.filter(({ path }) => path.startsWith("/{workspace}/{app}"));
    const found = visitors.map(({ path }) => path.replace("/{workspace}/{app}/", ""));
    expect(found.sort()).toEqual(["auth/password", "auth/sign-out", "files", "runs", "session/end"]);
    for (const rest of found) expect(endpointOf(rest).methods).toContain("POST");
    expect(visitorCookies).toContain("af_session=");
    for (const operation of visitors) await expectRefused(operation.method, addressOf(operation), visitorCookies);
  });

  it("gets no permission to send more than a form", async () => {
    const preflight = { Origin: "https://evil.test", "Access-Control-Request-Method": "DELETE" };
    const answer = await site.visit(`/api/v1/apps/${appId}`, { method: "OPTIONS", headers: preflight });
    expect(answer.headers.get("Access-Control-Allow-Origin")).toBeNull();
    expect(answer.headers.get("Access-Control-Allow-Methods")).toBeNull();
  });

  it("is not mistaken for the app's own pages, which may", async () => {
    const headers = { Origin: "http://127.0.0.1:8787", "Sec-Fetch-Site": "same-origin", Cookie: visitorCookies };
    expect((await site.visit(`${base}/auth/sign-out`, { method: "POST", headers })).status).toBe(204);
    const run = await site.visit(`${base}/runs`, { form: {}, headers });
    expect(run.status).toBe(422);
  });

  it("may call an app that is open to its origin as a stranger, and as the visitor where it is listed by name", async () => {
    const send = async (headers: Record<string, string>) => (await site.visit(`${base}/runs`, { form: {}, headers })).status;
    const foreign = { Origin: "https://partner.example" };
    expect(await send(foreign)).toBe(422);
    expect(await send({ ...foreign, Cookie: visitorCookies })).toBe(403);
    expect(await send({ ...foreign, Cookie: "_analytics=1" })).toBe(422);
    expect(await site.setPolicy(owner, appId, { allowed_origins: ["https://partner.example"] })).toBe(200);
    const soon = Date.now() + 5_000;
    while ((await send({ ...foreign, Cookie: visitorCookies })) === 403) expect(Date.now()).toBeLessThan(soon);
    expect(await send({ ...foreign, Cookie: visitorCookies })).toBe(422);
    expect(await send({ Origin: "https://other.example" })).toBe(403);
  });
});
