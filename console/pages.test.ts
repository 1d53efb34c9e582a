import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { buildConsole, isBuilt } from "./build.ts";
import {
  APP,
  createStubApi,
  DOMAIN_SHOWN,
  problem,
  RUN,
  SESSION,
  SESSION_COOKIE,
  type StubApi,
  WORKSPACE,
  WORKSPACE_SHOWN,
} from "./testing/stub-api.ts";

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
    [`${app}/runs?status=waiting`, "Runs", "Waiting"],
    [`${app}/runs/${RUN}`, "Run · Lead desk", "ada@example.com"],
    [`${app}/runs/run_5`, "Run · Lead desk", "Send this offer to Ada?"],
    [`${app}/sessions`, "Sessions · Lead desk", "Ended"],
    [`${app}/sessions/${SESSION}`, "Session · Lead desk", "Can you deliver to Turku?"],
    [`${app}/test`, "Test · Lead desk", "Nothing tested yet"],
    [`${app}/test?run=run_2&based=${RUN}&what=from:reply`, "Test · Lead desk", "did not answer within 20 seconds"],
    [`${app}/triggers`, "Triggers · Lead desk", "0 9 * * 1-5 (Europe/Berlin)"],
    [`${app}/triggers/new/schedule`, "New schedule", "Asia/Shanghai"],
    [`${app}/triggers/new/webhook`, "New webhook", "At once"],
    [`${app}/triggers/new/app`, "New trigger by another app", "Summariser"],
    [`${app}/triggers/trg_1`, "Morning report", "&quot;message&quot;: &quot;Hi&quot;"],
    [`${app}/triggers/trg_2`, "Webhook", "https://agentflow.example.com/api/v1/hooks/tok_1"],
    [`${app}/domains`, "Domains · Lead desk", "shop.northwind.example"],
    [`${app}/domains`, "Domains · Lead desk", "Redirects to shop.northwind.example"],
    [`${app}/domains`, "Domains · Lead desk", "93 of 100 domains of this deployment are used. Nearly all are used."],
    [`${app}/domains/dom_1`, "shop.northwind.example · Lead desk", "Lead desk, Version 2, pinned"],
    [`${app}/domains/dom_2`, "offers.northwind.example · Lead desk", 'value="k3f9a81c52d0.customers.agentflow.example.com"'],
    [`${app}/domains/dom_3`, "www.shop.northwind.example", "The certificate expires within 7 days and has not been renewed."],
    [`${app}/domains/dom_4`, "bücher.example", "Cloudflare does not take this hostname: it is reserved."],
    [`${app}/domains/dom_4`, "bücher.example", "The top of a domain cannot have an ordinary CNAME."],
    [`${home}/secrets`, "Secrets", "crm_token"],
    [`${home}/dead-letters`, "Dead letters", "It answered 500 eight times."],
    [`${home}/members`, "Members", "jonas@northwind.example"],
    [`${home}/api-keys`, "API keys", "afk_9Jx2Qp"],
    [`${home}/usage`, "Usage", "962 of 1,000"],
    [`${home}/usage`, "Usage", "Highest: 321"],
    [`${home}/usage?meter=tokens&interval=hour`, "Usage", "Nothing was used in this time."],
    [`${home}/billing`, "Billing", "INV-000007"],
    [`${home}/billing?plan=pro`, "Billing", "$14.50"],
    [`${home}/billing`, "Billing", "Payment failed"],
    [`${home}/billing/ivc_1`, "Invoice INV-000007", "$2.98"],
    [`${home}/usage`, "Usage", "Requests: 96 % of what the plan includes is used."],
    [`${app}/budget`, "Budget · Lead desk", "120 of 500"],
    [`${home}/billing/ivc_1`, "Invoice INV-000007", 'href="https://invoice.stripe.com/i/acct_1/ivst_1"'],
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
    [409, "invalid_state", "Not possible in its current state"],
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

  it("set an app's budget, in which an empty field is no limit", async () => {
    const api = createStubApi();
    const response = await ask(`${app}/budget`, { form: { requests: " 250 ", tokens: "" } }, api);
    expect(response.headers.get("Location")).toBe(`${app}/budget`);
    const call = api.calls.find(({ method }) => method === "PUT");
    expect([call?.path, JSON.parse(call?.body ?? "")]).toEqual([`/apps/${APP}/budget`, { requests: 250, tokens: null }]);
    expect((await ask(`${app}/budget`, { form: { requests: "-1", tokens: "" } })).status).toBe(422);
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

  it("change the plan, and lead back to the plans", async () => {
    const api = createStubApi();
    const response = await ask(`${home}/billing`, { form: { intent: "plan", plan: "pro" } }, api);
    expect([response.status, response.headers.get("Location")]).toEqual([302, `${home}/billing`]);
    expect(api.calls.find(({ method }) => method === "POST")).toMatchObject({ path: `${home}/plan`, body: '{"plan":"pro"}' });
  });

  it("close a workspace and open it again, and show on every page that it is closed", async () => {
    const closing = createStubApi();
    expect((await ask(`${home}/settings`, { form: { intent: "delete" } }, closing)).status).toBe(302);
    expect(closing.calls.find(({ method }) => method === "DELETE")).toMatchObject({ path: home });
    const shown = (delete_at: string) =>
      createStubApi((request, path) =>
        path === home && request.method === "GET"
          ? Response.json({ data: { ...WORKSPACE_SHOWN, status: "deleting", delete_at } })
          : undefined,
      );
    const closed = shown("2999-12-04T18:30:00.000Z");
    for (const page of ["apps", "settings"]) expect(await (await ask(`${home}/${page}`, {}, closed)).text()).toContain(">Restore<");
    await ask(`${home}/settings`, { form: { intent: "restore" } }, closed);
    expect(closed.calls.find(({ method }) => method === "PATCH")).toMatchObject({ path: home, body: '{"status":"active"}' });
    const gone = await (await ask(`${home}/settings`, {}, shown("2026-11-20T09:00:00.000Z"))).text();
    expect(gone).toContain("can no longer be restored");
    expect(gone).not.toContain(">Restore<");
  });

  it("show what is wrong with invoice details at its field", async () => {
    const fault = { path: "time_zone", code: "invalid_time_zone", message: "Give the name of a zone." };
    const refusing = createStubApi((request) => (request.method === "PATCH" ? problem(422, "validation_failed", [fault]) : undefined));
    const form = { intent: "profile", customer_name: "Northwind", time_zone: "Mars/Base", anchor_day: "1" };
    const response = await ask(`${home}/billing`, { form }, refusing);
    expect(response.status).toBe(422);
    expect(await response.text()).toContain("Give the name of a zone.");
  });

  it("hand on an invoice and the usage as files", async () => {
    const file = (type: string, name: string) =>
      new Response("a file", { headers: { "Content-Type": type, "Content-Disposition": `attachment; filename="${name}"` } });
    const api = createStubApi((_, path) => {
      if (path.endsWith("/invoices/ivc_1.pdf")) return file("application/pdf", "INV-000007.pdf");
      return path.endsWith("/usage") ? file("text/csv", "usage.csv") : undefined;
    });
    for (const [path, type] of [
      ["billing/ivc_1/download", "application/pdf"],
      ["usage/download", "text/csv"],
    ]) {
      const response = await ask(`${home}/${path}`, {}, api);
      expect([response.headers.get("Content-Type"), await response.text()]).toEqual([type, "a file"]);
      expect(response.headers.get("Content-Disposition")).toMatch(/^attachment/);
    }
  });

  it("show a new key once", async () => {
    const request = new URLSearchParams({ intent: "create", name: "Importer" });
    request.append("scopes", "runs:create");
    const html = await (await ask(`${home}/api-keys`, { form: Object.fromEntries(request) })).text();
    expect(html).toContain("afk_5pGm0bT7yq2XvK1nR8sWcE4uZ9");
    expect(html).toContain("Copy it now");
  });

  it("are refused when they are no form", async () => {
    const answer = await ask("/sign-in", { form: {}, headers: { "Content-Type": "application/json" }, signedIn: false });
    expect(answer.status).toBe(400);
  });

  it("do not come from other sites", async () => {
    for (const headers of [{ Origin: "https://evil.example" }, { Origin: "null" }]) {
      const api = createStubApi();
      expect((await ask(`${app}/publish`, { form: { changelog: "" }, headers }, api)).status).toBe(403);
      expect(api.calls).toEqual([]);
    }
  });
});

describe("runs", () => {
  const waiting = `${app}/runs/run_5`;

  it("say who may answer a question, by name", async () => {
    const html = (await (await ask(waiting)).text()).replaceAll("<!-- -->", "");
    expect(html).toContain("Owner, Jonas Lindqvist");
    expect(html).toMatch(/<input type="number"[^>]*name="field.discount"/);
  });

  it("take an answer, each field with its type, and lead back to where it was given", async () => {
    const api = createStubApi();
    const form = { intent: "approved", row: "approve", next: `${app}/test?run=run_5`, "field.discount": "5", "field.urgent": "on" };
    const response = await ask(waiting, { form }, api);
    expect(response.headers.get("Location")).toBe(`${app}/test?run=run_5`);
    const call = api.calls.find(({ method }) => method === "POST");
    expect(call?.path).toBe("/runs/run_5/signals/approve");
    expect(JSON.parse(call?.body ?? "")).toEqual({ decision: "approved", fields: { discount: 5, urgent: true } });
  });

  it("show what is wrong with an answer at its field, and keep the answer", async () => {
    const fault = { path: "fields.discount", code: "invalid_type", message: "Give a number." };
    const api = createStubApi((request) => (request.method === "POST" ? problem(422, "validation_failed", [fault]) : undefined));
    const form = { intent: "approved", row: "approve", "field.reason": "An old customer", "field.discount": "some" };
    const response = await ask(waiting, { form }, api);
    const html = await response.text();
    expect(response.status).toBe(422);
    expect(html).toMatch(/<p id="[^"]*"[^>]*>Give a number\.<\/p>/);
    expect(html).toContain("An old customer");
  });

  it("say so when somebody else was faster", async () => {
    const api = createStubApi((request) => (request.method === "POST" ? problem(409, "conflict") : undefined));
    const response = await ask(`${app}/runs/${RUN}`, { form: { intent: "rejected", row: "approve" } }, api);
    expect(response.status).toBe(409);
    expect(await response.text()).toContain("Detail of conflict.");
  });

  it.each([
    [{ intent: "cancel" }, "/runs/run_3/cancel", {}, "run_3"],
    [{ intent: "replay" }, "/runs/run_3/replay", {}, "run_3"],
    [{ intent: "replay", row: "reply" }, "/runs/run_3/replay", { from_node: "reply" }, "run_3"],
  ])("are asked %j", async (form, path, body, next) => {
    const api = createStubApi();
    const response = await ask(`${app}/runs/run_3`, { form }, api);
    expect(response.headers.get("Location")).toBe(`${app}/runs/${next}`);
    const call = api.calls.find(({ method }) => method === "POST");
    expect([call?.path, JSON.parse(call?.body ?? "")]).toEqual([path, body]);
  });

  it("try an expression, and show the result or the fault at its place", async () => {
    const form = { intent: "preview", value: "{{ outputs }}" };
    const html = await (await ask(`${app}/runs/${RUN}`, { form })).text();
    expect(html).toContain("&quot;total&quot;: 249");
    const fault = { path: "value", code: "invalid_expression", message: "position 4: there is no such name." };
    const api = createStubApi((request) => (request.method === "POST" ? problem(422, "validation_failed", [fault]) : undefined));
    expect(await (await ask(`${app}/runs/${RUN}`, { form }, api)).text()).toContain("position 4: there is no such name.");
  });
});

describe("sessions", () => {
  it("can be ended, unless they are", async () => {
    const api = createStubApi();
    const response = await ask(`${app}/sessions/${SESSION}`, { form: { intent: "end" } }, api);
    expect(response.headers.get("Location")).toBe(`${app}/sessions/${SESSION}`);
    expect(api.calls.find(({ method }) => method === "POST")?.path).toBe(`/apps/${APP}/sessions/${SESSION}/end`);
    expect(await (await ask(`${app}/sessions/${SESSION}`)).text()).toContain("End this session?");
    const ended = await (await ask(`${app}/sessions/vis_01k9x3y1v5f5q8m2n7b4c6d8eg`)).text();
    expect(ended).toContain("Ada asked for the price of the large model.");
    expect(ended).not.toContain("End this session?");
  });
});

describe("tests of a draft", () => {
  it("are asked for once, by the declared inputs, and shown beside their form", async () => {
    const api = createStubApi();
    const form = { "input.email": "ada@example.com", "input.message": "Hello", what: "from:reply", based: RUN, once: "key-3", pinned: "" };
    const response = await ask(`${app}/test`, { form }, api);
    expect(response.headers.get("Location")).toBe(`${app}/test?run=run_3&what=from%3Areply&based=${RUN}`);
    const call = api.calls.find(({ method }) => method === "POST");
    expect(call?.path).toBe(`/apps/${APP}/test-runs`);
    expect(call?.headers.get("Prefer")).toBe("respond-async");
    expect(call?.headers.get("Idempotency-Key")).toBe("key-3");
    const inputs = { email: "ada@example.com", message: "Hello" };
    expect(JSON.parse(call?.body ?? "")).toEqual({ inputs, from_node: "reply", run_id: RUN });
  });

  it("begin with what an earlier run was given, and gave", async () => {
    const html = await (await ask(`${app}/test?based=${RUN}&what=only:reply`)).text();
    expect(html).toContain("deliver to Turku before Friday?</textarea>");
    expect(html).toMatch(/name="pinned"[^>]*>\{\s+&quot;kind&quot;/);
    expect(html).toContain('<option value="only:reply" selected');
  });

  it("show each fault at its field", async () => {
    const faults = [
      { path: "inputs.email", code: "invalid_format", message: "Give an e-mail address." },
      { path: "pinned.kind", code: "missing_output", message: "No earlier output of it is known." },
    ];
    const api = createStubApi((request) => (request.method === "POST" ? problem(422, "validation_failed", faults) : undefined));
    const html = await (await ask(`${app}/test`, { form: { "input.email": "ada", pinned: "{}" } }, api)).text();
    expect(html).toMatch(/<p id="[^"]*"[^>]*>Give an e-mail address\.<\/p>/);
    expect(html).toMatch(/<p id="[^"]*"[^>]*>kind No earlier output of it is known\.<\/p>/);
  });
});

describe("triggers", () => {
  it("are made from their form; a webhook's secret is shown once, with how to sign", async () => {
    const api = createStubApi();
    const form = { mode: "wait", name: "Shop", enabled: "on", inputs: "", once: "key-4" };
    const html = await (await ask(`${app}/triggers/new/webhook`, { form }, api)).text();
    const call = api.calls.find(({ method }) => method === "POST");
    expect(JSON.parse(call?.body ?? "")).toEqual({ type: "webhook", name: "Shop", enabled: true, config: { mode: "wait" } });
    expect(html).toContain('value="whsec_b25jZSBvbmx5"');
    expect(html).toContain("webhook-signature");
  });

  it("show a fault at its field, and keep what was entered", async () => {
    const fault = { path: "config.cron", code: "custom", message: "Give five fields." };
    const api = createStubApi((request) => (request.method === "PATCH" ? problem(422, "validation_failed", [fault]) : undefined));
    const form = { cron: "every day", timezone: "UTC", missed: "skip", intent: "save" };
    const response = await ask(`${app}/triggers/trg_1`, { form }, api);
    const html = await response.text();
    expect(response.status).toBe(422);
    expect(html).toMatch(/<p id="[^"]*"[^>]*>Give five fields\.<\/p>/);
    expect(html).toContain('value="every day"');
  });

  it("are switched and deleted", async () => {
    const api = createStubApi();
    await ask(`${app}/triggers`, { form: { intent: "switch", row: "trg_1", to: "off" } }, api);
    await ask(`${app}/triggers`, { form: { intent: "delete", row: "trg_1" } }, api);
    const changes = api.calls.filter(({ method }) => method !== "GET").map(({ method, path, body }) => [method, path, body]);
    expect(changes).toEqual([
      ["PATCH", `/apps/${APP}/triggers/trg_1`, '{"enabled":false}'],
      ["DELETE", `/apps/${APP}/triggers/trg_1`, ""],
    ]);
  });

  it("keep the secret of callbacks off the page until it is asked for", async () => {
    expect(await (await ask(`${app}/triggers`)).text()).not.toContain("whsec_");
    expect(await (await ask(`${app}/triggers`, { form: { intent: "show" } })).text()).toContain("whsec_c2lnbmluZw==");
  });
});

describe("domains", () => {
  const changes = (api: StubApi) =>
    api.calls.filter(({ method }) => method !== "GET").map(({ method, path, body }) => [method, path, body]);
  const at = `/apps/${APP}/domains`;

  it("are added from their form, and then say what to set", async () => {
    const api = createStubApi();
    const form = { intent: "add", hostname: " Offers.Northwind.example ", www: "on", certificate_method: "delegated" };
    const response = await ask(`${app}/domains`, { form }, api);
    expect(response.headers.get("Location")).toBe(`${app}/domains/dom_2`);
    const body = { hostname: "Offers.Northwind.example", www: true, certificate_method: "delegated" };
    expect(changes(api)).toEqual([["POST", at, JSON.stringify(body)]]);
  });

  it("show a fault at its field, and keep what was entered", async () => {
    const fault = { path: "hostname", code: "invalid_hostname", message: "Must be a hostname of your own." };
    const api = createStubApi((request) => (request.method === "POST" ? problem(422, "validation_failed", [fault]) : undefined));
    const html = await (await ask(`${app}/domains`, { form: { intent: "add", hostname: "http://x", www: "on" } }, api)).text();
    expect(html).toMatch(/<p id="[^"]*"[^>]*>Must be a hostname of your own\.<\/p>/);
    expect(html).toContain('value="http://x"');
    expect(html).toMatch(/<input[^>]*name="www"[^>]*checked/);
  });

  it.each([
    [{ intent: "verify" }, "POST", "/verify", "{}"],
    [{ intent: "canonical" }, "PATCH", "", '{"canonical":true}'],
    [{ intent: "redirect" }, "PATCH", "", '{"redirect":true}'],
    [{ intent: "stop_redirect" }, "PATCH", "", '{"redirect":false}'],
    [{ intent: "method", certificate_method: "txt" }, "PATCH", "", '{"certificate_method":"txt"}'],
    [{ intent: "renew", certificate_method: "http" }, "POST", "/certificate/renew", "{}"],
    [{ intent: "switch_version", version_id: "apv_2" }, "POST", "/activate", '{"version_id":"apv_2"}'],
    [{ intent: "switch_version", version_id: "" }, "POST", "/activate", '{"version_id":null}'],
    [{ intent: "switch_app", app_id: "app_2" }, "POST", "/activate", '{"app_id":"app_2"}'],
    [{ intent: "start" }, "POST", "/activate", "{}"],
    [{ intent: "stop" }, "POST", "/rollback", "{}"],
    [{ intent: "rollback" }, "POST", "/rollback", "{}"],
  ])("do what is asked for by %j", async (form: Record<string, string>, method, below, body) => {
    const api = createStubApi();
    const response = await ask(`${app}/domains/dom_1`, { form }, api);
    expect(response.headers.get("Location")).toBe(`${app}/domains/dom_1`);
    expect(changes(api)).toEqual([[method, `${at}/dom_1${below}`, body]]);
  });

  it("are removed after a question", async () => {
    const api = createStubApi();
    expect(await (await ask(`${app}/domains/dom_1`)).text()).toContain("Remove shop.northwind.example?");
    const response = await ask(`${app}/domains/dom_1`, { form: { intent: "remove" } }, api);
    expect(response.headers.get("Location")).toBe(`${app}/domains`);
    expect(changes(api)).toEqual([["DELETE", `${at}/dom_1`, ""]]);
  });

  it("say why a check cannot be made just now", async () => {
    const api = createStubApi((request) => (request.method === "POST" ? problem(429, "rate_limited") : undefined));
    const response = await ask(`${app}/domains/dom_2`, { form: { intent: "verify" } }, api);
    expect(response.status).toBe(429);
    expect(await response.text()).toContain("Too many requests. Please wait a moment.");
  });

  it("need no quota to be shown, and no buttons for whoever may not use them", async () => {
    const down = createStubApi((_, path) => (path.endsWith("/domains/quota") ? problem(502, "upstream_unavailable") : undefined));
    expect((await ask(`${app}/domains`, {}, down)).status).toBe(200);
    const viewer = createStubApi((_, path) =>
      path === "/workspaces"
        ? Response.json({ data: [{ ...WORKSPACE_SHOWN, permissions: ["apps:read"] }], next_cursor: null })
        : path === `/workspaces/${WORKSPACE}`
          ? Response.json({ data: { ...WORKSPACE_SHOWN, permissions: ["apps:read"] } })
          : undefined,
    );
    const html = await (await ask(`${app}/domains/dom_2`, {}, viewer)).text();
    expect(html).toContain("_agentflow.offers.northwind.example");
    expect(html).not.toContain("Remove domain");
    expect(html).not.toContain("Check now");
  });

  it("show an empty list as a beginning", async () => {
    const api = createStubApi((_, path) => (path === at ? Response.json({ data: [], next_cursor: null }) : undefined));
    expect(await (await ask(`${app}/domains`, {}, api)).text()).toContain("No domain yet");
  });

  it("say the next step in the page's language, and what is new in the API's words", async () => {
    const headers = { "Accept-Language": "zh-CN" };
    expect(await (await ask(`${app}/domains/dom_2`, { headers })).text()).toContain("请证明域名归你所有");
    const next_step = { code: "brand_new", message: "Something new to do." };
    const shown = createStubApi((_, path) =>
      path === `${at}/dom_2` ? Response.json({ data: { ...DOMAIN_SHOWN, next_step } }) : undefined,
    );
    expect(await (await ask(`${app}/domains/dom_2`, { headers }, shown)).text()).toContain("Something new to do.");
  });
});

it("secrets go one way: a refused one is not repeated", async () => {
  const fault = { path: "name", code: "invalid_format", message: "Small letters only." };
  const api = createStubApi((request) => (request.method === "POST" ? problem(422, "validation_failed", [fault]) : undefined));
  const html = await (await ask(`${home}/secrets`, { form: { intent: "set", name: "CRM", value: "hunter22" } }, api)).text();
  expect(html).toMatch(/<p id="[^"]*"[^>]*>Small letters only\.<\/p>/);
  expect(html).toContain('value="CRM"');
  expect(html).not.toContain("hunter22");
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
