import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Person } from "./api/testing/platform.ts";
import { handleRequest } from "./gateway.ts";
import { type Site, startSite } from "./runtime/testing/site.ts";

const OWN = "shop.example.test";
const OTHERS = "other.example.test";
/** Of the same app as OWN, to which it leads. */
const TWIN = "www.shop.example.test";

let site: Site;
let path: string;
let cookie: string;

beforeAll(async () => {
  site = await startSite();
  const owner = await site.signUp("Owner");
  const stranger = await site.signUp("Stranger");
  const open = { access_mode: "public_anonymous", allowed_origins: ["*"] };
  const appId = await site.publish(owner, "open", open);
  await site.bind(owner, appId, OWN);
  await site.bind(owner, appId, TWIN);
  const { body } = await site.call(`GET /api/v1/apps/${appId}/domains`, { as: owner.as });
  const [first, twin] = [OWN, TWIN].map((host) => body.data.find(({ hostname }: { hostname: string }) => hostname === host).id);
  await site.call(`PATCH /api/v1/apps/${appId}/domains/${first}`, { as: owner.as, body: { canonical: true } });
  await site.call(`PATCH /api/v1/apps/${appId}/domains/${twin}`, { as: owner.as, body: { redirect: true } });
  await site.bind(stranger, await site.publish(stranger, "theirs", open), OTHERS);
  path = `/${await slugOf(owner)}/open`;
  cookie = owner.as.Cookie ?? "";
}, 90_000);
afterAll(() => site.stop());

async function slugOf(owner: Person): Promise<string> {
  return (await site.call(`GET /api/v1/workspaces/${owner.workspaceId}`, { as: owner.as })).body.data.slug;
}

/** The same Worker where the platform itself has https. */
function visitSecurely(address: string, init: RequestInit = {}): Promise<Response> {
  const env = { ...site.env, API_ORIGIN: "https://agentflow.test", CONSOLE_ORIGIN: "https://console.agentflow.test" };
  const execution: unknown = { waitUntil: () => undefined };
  return handleRequest(new Request(address, { redirect: "manual", ...init }), env, execution as ExecutionContext);
}

describe("a custom hostname", () => {
  it("serves its app at the root, whatever the port, the case and the dot at the end", async () => {
    for (const host of [OWN, `${OWN}:8787`, "SHOP.example.TEST", `${OWN}.`]) {
      const answer = await site.visit(`http://${host}/schema`);
      expect([host, answer.status]).toEqual([host, 200]);
      expect(await answer.json()).toMatchObject({ data: { name: "Desk" } });
    }
  });

  it.each([
    "/api/v1/workspaces",
    "/api/auth/get-session",
    "/openapi.json",
    "/healthz",
    "/auth/hand-off?code=x",
    "/%61pi/v1/workspaces",
    "//api/v1/workspaces",
    "/demo/lead-desk",
    "/./api/v1/workspaces",
    "/runs/../api/v1/workspaces",
  ])("has nothing of the platform at %s, not even for a member", async (rest) => {
    const answer = await site.visit(`http://${OWN}${rest}`, { headers: { Cookie: cookie } });
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ code: "not_found" });
  });

  it("does not serve the owner's app by its slug", async () => {
    expect((await site.visit(`http://${OWN}${path}`)).status).toBe(404);
    expect((await site.visit(path)).status).toBe(200);
  });

  it.each<Record<string, string>>([
    { "X-Forwarded-Host": OTHERS },
    { "X-Forwarded-Host": "127.0.0.1:8787" },
    { Forwarded: `host=${OTHERS};proto=https` },
    { "X-Original-Host": OTHERS },
    { "X-Host": OTHERS },
    { "X-Original-URL": "/api/v1/workspaces" },
    { "X-Rewrite-URL": "/api/v1/workspaces" },
    { "X-HTTP-Host-Override": OTHERS },
  ])("is not led elsewhere by %j", async (headers) => {
    const own = await (await site.visit(`http://${OWN}/schema`)).json();
    const told = { ...headers, Cookie: cookie };
    expect(await (await site.visit(`http://${OWN}/schema`, { headers: told })).json()).toEqual(own);
    expect((await site.visit(`http://${OWN}/api/v1/workspaces`, { headers: told })).status).toBe(404);
    expect((await site.visit("http://unknown.example.test/schema", { headers: told })).status).toBe(421);
  });
});

describe("a hostname that leads to the canonical one", () => {
  it("sends everything on, path and query as they are, on the same port", async () => {
    for (const [method, rest] of [
      ["GET", "/"],
      ["GET", "/runs/run_1?a=1&b=%2F"],
      ["POST", "/runs"],
      ["GET", "//evil.test/"],
    ]) {
      const answer = await site.visit(`http://${TWIN}:8787${rest}`, { ...(method ? { method } : {}) });
      expect([answer.status, answer.headers.get("Location")]).toEqual([308, `http://${OWN}:8787${rest}`]);
    }
  });

  it("does so in one step where the platform has https", async () => {
    for (const scheme of ["http", "https"]) {
      const answer = await visitSecurely(`${scheme}://${TWIN}/schema?a=1`);
      expect([answer.status, answer.headers.get("Location")]).toEqual([308, `https://${OWN}/schema?a=1`]);
    }
  });
});

describe("a host that serves nothing", () => {
  it.each([
    "unknown.example.test",
    "sub.shop.example.test",
    "example.test",
    "shop.example.test.evil.test",
    "shop.example.test,other.example.test",
    "192.0.2.1",
    "127.0.0.1",
    "0x7f000001",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "localhost",
    "localhost.:8787",
    "127.0.0.1:80",
    "127.0.0.1.nip.io",
    "xn--shop-.example.test",
    "api",
    "metadata.google.internal",
  ])("is misdirected at %s", async (host) => {
    for (const rest of ["/", "/schema", "/api/v1/workspaces", "/healthz", path]) {
      const answer = await site.visit(`http://${host}${rest}`, { headers: { Cookie: cookie } });
      expect([rest, answer.status, answer.headers.get("Cache-Control")]).toEqual([rest, 421, "no-store"]);
      expect(await answer.json()).toMatchObject({ code: "misdirected_request" });
    }
  });

  it("is looked up only so often for one network, while hosts that are known are served on", async () => {
    expect((await site.visit(`http://${OWN}/schema`)).status).toBe(200);
    const shielded = { ...site.env, LOOK_UPS: { limit: async () => ({ success: false }) } };
    const execution: unknown = { waitUntil: () => undefined };
    const visit = (host: string) => handleRequest(new Request(`http://${host}/schema`), shielded, execution as ExecutionContext);
    expect((await visit("made-up.example.test")).status).toBe(429);
    expect((await visit(OWN)).status).toBe(200);
  });

  it.each([
    ["en", "No app lives at this address"],
    ["zh-CN", "此地址没有应用"],
  ])("says so in a page (%s)", async (language, title) => {
    const headers = { Accept: "text/html", "Accept-Language": language };
    const answer = await site.visit("http://unknown.example.test/", { headers });
    expect([answer.status, answer.headers.get("Content-Type")]).toEqual([421, expect.stringContaining("text/html")]);
    expect(await answer.text()).toContain(title);
  });
});

describe("where the platform has https", () => {
  const HSTS = "Strict-Transport-Security";

  it("sends visitors of a custom hostname there, with path and query", async () => {
    const answer = await visitSecurely(`http://${OWN}/schema?a=1&b=%2F`);
    expect([answer.status, answer.headers.get("Location")]).toEqual([308, `https://${OWN}/schema?a=1&b=%2F`]);
    expect(answer.headers.get(HSTS)).toBeNull();
    const posted = await visitSecurely(`http://${OWN}/runs`, { method: "POST", body: "{}" });
    expect([posted.status, posted.headers.get("Location")]).toEqual([308, `https://${OWN}/runs`]);
  });

  it("goes by the scheme that Cloudflare tells", async () => {
    const scheme = (name: string) => ({ headers: { "CF-Visitor": `{"scheme":"${name}"}` } });
    expect((await visitSecurely(`https://${OWN}/schema`, scheme("http"))).status).toBe(308);
    expect((await visitSecurely(`http://${OWN}/schema`, scheme("https"))).status).toBe(200);
    expect((await visitSecurely(`http://${OWN}/schema`, { headers: { "CF-Visitor": "https" } })).status).toBe(308);
  });

  it("tells browsers to stay there, also when something is wrong", async () => {
    for (const rest of ["/schema", "/nothing/here", "/"]) {
      expect((await visitSecurely(`https://${OWN}${rest}`)).headers.get(HSTS)).toBe("max-age=15552000");
    }
    expect((await visitSecurely("https://unknown.example.test/")).headers.get(HSTS)).toBeNull();
  });

  it("answers an unknown host at once", async () => {
    expect((await visitSecurely("http://unknown.example.test/")).status).toBe(421);
  });

  it("leaves a stack without https alone", async () => {
    const answer = await site.visit(`http://${OWN}/schema`);
    expect([answer.status, answer.headers.get(HSTS)]).toEqual([200, null]);
  });
});
