import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { buildConsole, isBuilt } from "./build.ts";
import { APP, createStubApi, problem, RUN, SESSION_COOKIE, type StubApi, WORKSPACE } from "./testing/stub-api.ts";

/*
 * The built Worker, as Pages runs it, with a stub of the API behind its service binding.
 */

const ORIGIN = "https://console.example.com";
const home = `/workspaces/${WORKSPACE}`;
const app = `${home}/apps/${APP}`;

type Fetch = (request: Request, env: object) => Promise<Response>;
const workerModule = z.object({ default: z.object({ fetch: z.custom<Fetch>((value) => typeof value === "function") }) });
const built: { fetch: Fetch } = { fetch: () => Promise.reject(new Error("not built")) };

beforeAll(async () => {
  if (!(await isBuilt())) await buildConsole();
  const path = new URL("./build/pages/_worker.js", import.meta.url).pathname;
  built.fetch = workerModule.parse(await import(pathToFileURL(path).href)).default.fetch;
}, 120_000);

const ASSETS = { fetch: async () => new Response("an asset") };

interface Asked {
  readonly form?: Record<string, string>;
  readonly headers?: Record<string, string>;
  readonly signedIn?: boolean;
}

/** Asks for a page as a browser does: posts carry their origin. */
function ask(path: string, { form, headers = {}, signedIn = true }: Asked = {}, api: StubApi = createStubApi()): Promise<Response> {
  const request = new Request(`${ORIGIN}${path}`, {
    method: form ? "POST" : "GET",
    headers: { ...(form ? { Origin: ORIGIN } : {}), ...(signedIn ? { Cookie: SESSION_COOKIE } : {}), ...headers },
    body: form ? new URLSearchParams(form) : null,
  });
  return built.fetch(request, { API: api, ASSETS });
}

describe("pages", () => {
  it.each([
    [`${home}/apps`, "Apps · Northwind Studio", "Lead desk"],
    [`${home}/apps/new`, "New app", "Summariser"],
    [app, "Manifest · Lead desk", "&quot;manifest&quot;: &quot;1&quot;"],
    [`${app}/publish`, "Publish", "Publish this draft"],
    [`${app}/versions`, "Versions", "Roll back"],
    [`${app}/access`, "Access", "https://www.northwind.example"],
    [`${app}/runs`, "Runs", "Completed"],
    [`${app}/runs/${RUN}`, "Run · Lead desk", "ada@example.com"],
    [`${home}/members`, "Members", "jonas@northwind.example"],
    [`${home}/api-keys`, "API keys", "afk_9Jx2Qp"],
    [`${home}/usage`, "Usage", "962 of 1,000"],
    [`${home}/settings`, "Settings", "northwind"],
  ])("%s is rendered whole on the server", async (path, title, content) => {
    const response = await ask(path);
    const html = (await response.text()).replaceAll("<!-- -->", "");
    expect(response.status).toBe(200);
    expect(html).toMatch(new RegExp(`<title>${title}[^<]*AgentFlow</title>`));
    expect(html).toContain(content);
  });

  it("speak the language that is asked for, and the chosen one before that", async () => {
    const asked = await (await ask(`${home}/apps`, { headers: { "Accept-Language": "zh-CN" } })).text();
    expect(asked).toContain('lang="zh-Hans"');
    expect(asked).toContain("新建应用");
    const headers = { "Accept-Language": "zh-CN", Cookie: `${SESSION_COOKIE}; af_language=en` };
    expect(await (await ask(`${home}/apps`, { headers })).text()).toContain('lang="en"');
  });

  it("allow only scripts with this answer's nonce, and are not kept by caches", async () => {
    const responses = await Promise.all([ask(`${home}/apps`), ask(`${home}/apps`)]);
    const nonces = responses.map(
      ({ headers }) => /script-src 'self' 'nonce-([^']+)'/.exec(headers.get("Content-Security-Policy") ?? "")?.[1],
    );
    expect(nonces[0]).toBeTruthy();
    expect(nonces[0]).not.toBe(nonces[1]);
    const scripts = (await responses[0]?.text())?.match(/<script[^>]*>/g) ?? [];
    expect(scripts.length).toBeGreaterThan(0);
    for (const script of scripts) expect(script).toContain(`nonce="${nonces[0]}"`);
    expect(responses[0]?.headers.get("Cache-Control")).toBe("private, no-store");
  });

  it("go to sign-in without a session, and come back", async () => {
    const response = await ask(`${app}/runs?cursor=a`, { signedIn: false });
    expect(response.status).toBe(302);
    expect(response.headers.get("Location")).toBe(`/sign-in?next=${encodeURIComponent(`${app}/runs?cursor=a`)}`);
  });

  it.each([
    [404, "not_found", "Page not found"],
    [403, "forbidden", "Not allowed"],
    [503, "database_unavailable", "Not available right now"],
  ])("end in a finished page when the API answers %d", async (status, code, title) => {
    const api = createStubApi((_, path) => (path === `/apps/${APP}` ? problem(status, code) : undefined));
    const response = await ask(app, {}, api);
    const html = await response.text();
    expect(response.status).toBe(status);
    expect(html).toContain(title);
    expect(html).toContain("Northwind Studio");
    expect(html).not.toContain("Detail of");
  });

  it("lead from the front door to the workspace used last, else to the newest", async () => {
    const newest = await ask("/");
    expect(newest.headers.get("Location")).toMatch(/^\/workspaces\/wrk_01k9x3y1v5f5q8m2n7b4c6d8ez\/apps$/);
    const visited = await ask(`${home}/apps`);
    const remembered =
      visited.headers
        .getSetCookie()
        .find((cookie) => cookie.startsWith("af_workspace="))
        ?.split(";")[0] ?? "";
    const last = await ask("/", { headers: { Cookie: `${SESSION_COOKIE}; ${remembered}` } });
    expect(last.headers.get("Location")).toBe(`${home}/apps`);
  });

  it("end in a page at the front door too", async () => {
    const response = await ask(
      "/",
      {},
      createStubApi((_, path) => (path === "/workspaces" ? problem(503, "database_unavailable") : undefined)),
    );
    expect(response.status).toBe(503);
    expect(await response.text()).toContain("Not available right now");
  });

  it("do not show another app's run under this one", async () => {
    expect((await ask(`${home}/apps/app_01k9x3y1v5f5q8m2n7b4c6d8e1/runs/${RUN}`)).status).toBe(404);
  });
});

describe("forms without scripts", () => {
  it("sign in: the session's cookie goes to the browser, which goes on only to our own pages", async () => {
    const form = { email: "mira@northwind.example", password: "correct horse" };
    const response = await ask("/sign-in?next=%2F%2Fevil.example", { form, signedIn: false });
    expect(response.status).toBe(302);
    expect(response.headers.get("Location")).toBe("/");
    expect(response.headers.getSetCookie()).toContainEqual(expect.stringContaining(SESSION_COOKIE));
  });

  it("say what was wrong, and never repeat the password", async () => {
    const api = createStubApi((_, path) =>
      path === "/api/auth/sign-in/email" ? Response.json({ code: "INVALID_EMAIL_OR_PASSWORD", message: "x" }, { status: 401 }) : undefined,
    );
    const response = await ask("/sign-in", { form: { email: "mira@northwind.example", password: "hunter22" }, signedIn: false }, api);
    const html = await response.text();
    expect(response.status).toBe(400);
    expect(html).toContain("E-mail or password is not right.");
    expect(html).toContain("mira@northwind.example");
    expect(html).not.toContain("hunter22");
  });

  it("create an app from a template under a name, once", async () => {
    const api = createStubApi();
    const form = { intent: "template", template: "summary", name: "Digest", once: "key-1" };
    const response = await ask(`${home}/apps/new`, { form }, api);
    expect(response.headers.get("Location")).toBe(app);
    const call = api.calls.find(({ method }) => method === "POST");
    expect(call?.headers.get("Idempotency-Key")).toBe("key-1");
    expect(JSON.parse(call?.body ?? "")).toMatchObject({ manifest: "1", name: "Digest" });
  });

  it("save the draft that was edited", async () => {
    const api = createStubApi();
    const html = await (await ask(`${app}?index`, { form: { manifest: '{\r\n"name": "x"\r\n}', revision: "7" } }, api)).text();
    const call = api.calls.find(({ method }) => method === "PUT");
    expect(call?.path).toBe(`/apps/${APP}/draft`);
    expect(call?.headers.get("If-Match")).toBe('"7"');
    expect(html).toContain("Draft saved as revision 8.");
  });

  it("show each fault of a manifest with its place, and keep the text", async () => {
    const fault = { path: "workflow.nodes[0].type", code: "unknown_type", message: "There is no such node." };
    const api = createStubApi((request) => (request.method === "PUT" ? problem(422, "validation_failed", [fault]) : undefined));
    const manifest = '{\n  "workflow": {\n    "nodes": [\n      { "type": "dance" }\n    ]\n  }\n}';
    const response = await ask(`${app}?index`, { form: { manifest, revision: "7" } }, api);
    const html = (await response.text()).replaceAll("<!-- -->", "");
    expect(response.status).toBe(422);
    expect(html).toContain("There is no such node.");
    expect(html).toContain("Line 4, column 17");
    expect(html).toContain("&quot;dance&quot;");
  });

  it("leave a conflict to whoever edits: their text stays, and overwriting names the newer revision", async () => {
    const api = createStubApi((request, path) => {
      if (request.method === "PUT") return problem(412, "revision_mismatch");
      return path.endsWith("/manifest") ? Response.json({ data: { name: "theirs" } }, { headers: { ETag: '"9"' } }) : undefined;
    });
    const response = await ask(`${app}?index`, { form: { manifest: '{ "name": "mine" }', revision: "7" } }, api);
    const html = (await response.text()).replaceAll("<!-- -->", "");
    expect(response.status).toBe(412);
    expect(html).toContain("You started from revision 7; the saved draft is now revision 9.");
    expect(html).toContain("mine");
    expect(html).toMatch(/<button[^>]*value="9" name="revision"/);
  });

  it("publish, and say so on the next page only", async () => {
    const published = await ask(`${app}/publish`, { form: { changelog: "Shorter answers", once: "key-2" } });
    expect(published.headers.get("Location")).toBe(app);
    const cookie = published.headers.getSetCookie().find((each) => each.startsWith("af_flash="));
    expect(cookie).toContain("HttpOnly");
    const next = await ask(app, { headers: { Cookie: `${SESSION_COOKIE}; ${cookie?.split(";")[0]}` } });
    expect(await next.text()).toContain("Published. Visitors get the new version now.");
    expect(next.headers.getSetCookie()).toContainEqual(expect.stringMatching(/^af_flash=;.*Max-Age=0/));
  });

  it("show a new key once", async () => {
    const request = new URLSearchParams({ intent: "create", name: "Importer" });
    request.append("scopes", "runs:create");
    const html = await (await ask(`${home}/api-keys`, { form: Object.fromEntries(request) })).text();
    expect(html).toContain("afk_5pGm0bT7yq2XvK1nR8sWcE4uZ9");
    expect(html).toContain("Copy it now");
  });

  it("do not come from other sites", async () => {
    for (const headers of [{ Origin: "https://evil.example" }, { Origin: "null" }]) {
      const api = createStubApi();
      expect((await ask(`${app}/publish`, { form: { changelog: "" }, headers }, api)).status).toBe(403);
      expect(api.calls).toEqual([]);
    }
  });
});

describe("the host", () => {
  it("hands the API's addresses to the API as they are", async () => {
    const api = createStubApi((request) =>
      Response.json({ url: request.url, method: request.method, body: "kept" }, { headers: { "X-Kind": "api" } }),
    );
    const response = await ask("/api/v1/workspaces?limit=2", { form: { a: "b" }, headers: { Origin: "https://elsewhere.example" } }, api);
    expect(response.headers.get("X-Kind")).toBe("api");
    expect(await response.json()).toMatchObject({ url: `${ORIGIN}/api/v1/workspaces?limit=2`, method: "POST" });
  });

  it("serves files without asking anybody", async () => {
    expect(await (await ask("/assets/root.css")).text()).toBe("an asset");
  });
});
