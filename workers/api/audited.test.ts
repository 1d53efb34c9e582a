import { desc, eq, sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { monthOf } from "#billing";
import { rememberRegion } from "#platform/placement";
import { auditLogs, deadLetters } from "#platform/schema";
import { type Site, startSite } from "../runtime/testing/site.ts";
import type { Person } from "./testing/platform.ts";

/** Operations whose change is made elsewhere than in the platform's database: the tests of their service look for the entries. */
const DATABASE = [
  "POST /api/v1/workspaces/{id}/database",
  "POST /api/v1/workspaces/{id}/database/backups",
  "DELETE /api/v1/workspaces/{id}/database/backups/{backup_id}",
  "POST /api/v1/workspaces/{id}/database/backups/{backup_id}/restore",
  "POST /api/v1/workspaces/{id}/database/migrate",
  "POST /api/v1/workspaces/{id}/database/rotate-credentials",
  "POST /api/v1/workspaces/{id}/database/tables/{name}/import",
  "POST /api/v1/workspaces/{id}/database/tables/{name}/rows",
  "PATCH /api/v1/workspaces/{id}/database/tables/{name}/rows/{row_id}",
  "DELETE /api/v1/workspaces/{id}/database/tables/{name}/rows/{row_id}",
];

/** What only operators may do, and what takes a visitor or Cloudflare: tests of their own look for the entries. */
const ELSEWHERE = [
  "POST /api/v1/apps/{id}/domains/{domain_id}/certificate/renew",
  "POST /api/v1/apps/{id}/sessions/{session_id}/end",
  "POST /api/v1/workspaces/{id}/invoices/{invoice_id}/mark-paid",
  "POST /api/v1/workspaces/{id}/invoices/{invoice_id}/credit-notes",
  "POST /api/v1/workspaces/{id}/usage/corrections",
];

/** Operations that change nothing that outlasts a run, which is its own record, or that only read. */
const NO_CHANGE = [
  "POST /api/v1/workspaces/{id}/database/query",
  "POST /api/v1/apps/{id}/test-runs",
  "POST /api/v1/runs/{id}/replay",
  "POST /api/v1/runs/{id}/preview",
  "POST /api/v1/runs/{id}/signals/{name}",
  "POST /api/v1/runs/{id}/cancel",
  // Not a member's: its caller is known by a signature.
  "POST /api/v1/hooks/{token}",
  "POST /api/v1/billing/stripe/webhook",
];

const SOURCE = { "CF-Connecting-IP": "203.0.113.9", "User-Agent": "the tests" };

let site: Site;
let owner: Person;
let guest: Person;
const done = new Map<string, string>();

beforeAll(async () => {
  site = await startSite();
  // Whatever counters are told, they take it.
  const unused = { limit: null, hard: false, used: 0, reserved: 0 };
  const counter = {
    refresh: async () => undefined,
    counts: async () => ({ ...monthOf(Date.now()), meters: { requests: unused, tokens: unused } }),
    reconcile: async () => ({ settled: true, counted: 0 }),
  };
  Object.assign(site.env, { EXECUTIONS: { send: async () => undefined }, QUOTA_COUNTER: { getByName: () => counter } });
  [owner, guest] = [await site.signUp("Owner"), await site.signUp("Guest")];
}, 90_000);
afterAll(() => site.stop());

/** Carries an operation out, and looks for the entry that its request has left. */
async function perform(operation: string, ids: Record<string, string>, body?: unknown, person = owner) {
  const route = operation.replace(/\{([a-z_]+)\}/g, (_, name: string) => ids[name] ?? "missing");
  const answer = await site.call(route, { as: person.as, headers: SOURCE, ...(body === undefined ? {} : { body }) });
  expect([operation, answer.status < 300, answer.body]).toEqual([operation, true, answer.body]);
  const rows = await site
    .context()
    .db.select()
    .from(auditLogs)
    .where(eq(auditLogs.requestId, answer.headers.get("X-Request-Id") ?? ""))
    .orderBy(desc(auditLogs.id));
  expect([operation, rows.length > 0]).toEqual([operation, true]);
  for (const row of rows) {
    expect(row).toMatchObject({ actorType: "user", actorId: person.userId });
    expect([row.ipHash, row.userAgentHash]).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/), expect.stringMatching(/^[0-9a-f]{32}$/)]);
    expect(JSON.stringify(row)).not.toMatch(/203\.0\.113\.9|the tests/);
  }
  done.set(operation, rows[0]?.action ?? "");
  return answer.body.data;
}

const W = "/api/v1/workspaces/{id}";
const A = "/api/v1/apps/{id}";

async function changePeople(id: string): Promise<void> {
  const role = await perform(`POST ${W}/roles`, { id }, { name: "reader", permissions: ["apps:read"] });
  await perform(`PATCH ${W}/roles/{role_id}`, { id, role_id: role.id }, { name: "readers" });
  const invited = { email: guest.email, role_id: role.id };
  const unwanted = await perform(`POST ${W}/invitations`, { id }, { ...invited, email: "nobody@example.test" });
  await perform(`DELETE ${W}/invitations/{invitation_id}`, { id, invitation_id: unwanted.id });
  const { token } = await perform(`POST ${W}/invitations`, { id }, invited);
  await perform("POST /api/v1/invitations/{token}/accept", { token }, {}, guest);
  const members = await site.call(`GET /api/v1/workspaces/${id}/members`, { as: owner.as });
  const member_id = members.body.data.find((one: { user_id: string }) => one.user_id === guest.userId).id;
  const roles = await site.call(`GET /api/v1/workspaces/${id}/roles`, { as: owner.as });
  const admin = roles.body.data.find((one: { name: string }) => one.name === "admin").id;
  await perform(`PATCH ${W}/members/{member_id}`, { id, member_id }, { role_id: admin });
  await perform(`DELETE ${W}/roles/{role_id}`, { id, role_id: role.id });
  await perform(`POST ${W}/transfer-ownership`, { id }, { member_id });
  const others = await site.call(`GET /api/v1/workspaces/${id}/members`, { as: guest.as });
  const mine = others.body.data.find((one: { user_id: string }) => one.user_id === owner.userId).id;
  await perform(`POST ${W}/transfer-ownership`, { id }, { member_id: mine }, guest);
  await perform(`DELETE ${W}/members/{member_id}`, { id, member_id });
}

async function changeDomain(id: string, version_id: string): Promise<void> {
  const { id: domain_id } = await perform(`POST ${A}/domains`, { id }, { hostname: "desk.example.test" });
  await site.settle();
  const proved = sql`UPDATE app_domains SET verified_at = now(), checked_at = NULL WHERE id = ${domain_id}`;
  await site.context().db.execute(proved);
  await perform(`PATCH ${A}/domains/{domain_id}`, { id, domain_id }, { canonical: true });
  await perform(`POST ${A}/domains/{domain_id}/verify`, { id, domain_id }, {});
  await perform(`POST ${A}/domains/{domain_id}/activate`, { id, domain_id }, { version_id });
  await perform(`POST ${A}/domains/{domain_id}/rollback`, { id, domain_id }, {});
  await perform(`DELETE ${A}/domains/{domain_id}`, { id, domain_id });
}

async function changeApp(workspaceId: string): Promise<void> {
  const app = await perform(`POST ${W}/apps`, { id: workspaceId }, { name: "Desk", slug: "desk" });
  const { id } = app;
  await perform(`PATCH ${A}`, { id }, { name: "Front desk" });
  const manifest = (await site.call(`GET /api/v1/apps/${id}/manifest`, { as: owner.as })).body.data;
  await perform(`PUT ${A}/draft`, { id }, { ...manifest, description: "For all." });
  const first = await perform(`POST ${A}/versions`, { id }, {});
  await perform(`POST ${A}/publish`, { id }, { version_id: first.id });
  await perform(`PUT ${A}/draft`, { id }, { ...manifest, description: "For everybody." });
  await perform(`POST ${A}/publish`, { id }, {});
  await perform(`POST ${A}/rollback`, { id }, { version_id: first.id });
  await perform(`PATCH ${A}/access-policy`, { id }, { access_mode: "password", password: "open sesame please" });
  await changeDomain(id, first.id);
  const trigger = await perform(`POST ${A}/triggers`, { id }, { type: "webhook", name: "Hook" });
  await perform(`PATCH ${A}/triggers/{trigger_id}`, { id, trigger_id: trigger.id }, { enabled: false });
  await perform(`POST ${A}/triggers/{trigger_id}/rotate-secret`, { id, trigger_id: trigger.id }, {});
  await perform(`DELETE ${A}/triggers/{trigger_id}`, { id, trigger_id: trigger.id });
  await perform(`POST ${A}/signing-secret/rotate`, { id }, {});
  await perform(`PUT ${A}/budget`, { id }, { requests: 500, tokens: null });
  await perform(`POST ${A}/unpublish`, { id }, {});
  await perform(`POST ${A}/archive`, { id }, {});
  await perform(`DELETE ${A}`, { id });
}

async function changeWorkspace(id: string): Promise<void> {
  const key = await perform(`POST ${W}/api-keys`, { id }, { name: "k", scopes: ["runs:create"] });
  const { id: key_id } = await perform(`POST ${W}/api-keys/{key_id}/rotate`, { id, key_id: key.id }, {});
  await perform(`DELETE ${W}/api-keys/{key_id}`, { id, key_id });
  await perform(`POST ${W}/secrets`, { id }, { name: "token", value: "a very secret value" });
  await perform(`DELETE ${W}/secrets/{name}`, { id, name: "token" });
  const letter = { id: "dlt_1", workspaceId: id, queue: "executions", body: { type: "go", runId: "run_1", appId: "app_1" }, error: "x" };
  await site.context().db.insert(deadLetters).values(letter);
  await perform(`POST ${W}/dead-letters/{letter_id}/replay`, { id, letter_id: "dlt_1" }, {});
  const rule = await perform(`POST ${W}/visitor-rules`, { id }, { kind: "deny", match: { ip: "198.51.100.7" } });
  await perform(`DELETE ${W}/visitor-rules/{rule_id}`, { id, rule_id: rule.id });
  await perform(`PATCH ${W}/billing-profile`, { id }, { customer_name: "Acme Limited" });
  await perform(`POST ${W}/plan`, { id }, { plan: "pro" });
  await perform(`PATCH ${W}`, { id }, { name: "Acme Limited" });
  await perform(`DELETE ${W}`, { id });
}

describe("every change that a member makes", () => {
  it("is in the audit log: who, what, and from where by keyed hashes", { timeout: 60_000 }, async () => {
    const { id } = await perform("POST /api/v1/workspaces", {}, { name: "Acme" });
    rememberRegion(id, "auto");
    await changePeople(id);
    await changeApp(id);
    await changeWorkspace(id);
    const log = await site.call(`GET /api/v1/workspaces/${id}/audit-logs?limit=100`, { as: owner.as });
    expect(JSON.stringify(log.body)).not.toMatch(/a very secret value|open sesame|afk_|whsec_|scrypt/);
  });

  it("is looked for here, or belongs to what has reasons of its own", async () => {
    const { body } = await site.call("GET /openapi.json");
    const operations = Object.entries<object>(body.paths)
      .filter(([path]) => path.startsWith("/api/"))
      .flatMap(([path, item]) => Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`))
      .filter((operation) => /^(POST|PUT|PATCH|DELETE) /.test(operation));
    expect([...done.keys(), ...DATABASE, ...ELSEWHERE, ...NO_CHANGE].sort()).toEqual(operations.sort());
  });
});

describe("the audit log", () => {
  const list = (query: string) => site.call(`GET /api/v1/workspaces/${owner.workspaceId}/audit-logs?${query}`, { as: owner.as });
  const actions = async (query: string) => (await list(query)).body.data.map((entry: { action: string }) => entry.action);

  beforeAll(async () => {
    const base = `/api/v1/workspaces/${owner.workspaceId}`;
    for (const name of ["one", "two", "three"]) await site.call(`POST ${base}/secrets`, { as: owner.as, body: { name, value: "x" } });
    await site.call(`DELETE ${base}/secrets/one`, { as: owner.as });
    await site.call(`POST ${base}/roles`, { as: owner.as, body: { name: 'Say "hi", all', permissions: ["apps:read"] } });
  });

  it("is narrowed down by who, what, on what and when, all at once", async () => {
    expect(await actions("action=secret.set")).toEqual(["secret.set", "secret.set", "secret.set"]);
    expect(await actions("target_type=secret&target_id=one")).toEqual(["secret.deleted", "secret.set"]);
    expect(await actions(`actor=${owner.userId}&action=secret.deleted`)).toEqual(["secret.deleted"]);
    expect(await actions(`actor=${guest.userId}`)).toEqual([]);
    const [deleted] = (await list("action=secret.deleted")).body.data;
    const at = encodeURIComponent(deleted.created_at);
    expect(await actions(`from=${at}&target_type=secret`)).toEqual(["secret.deleted"]);
    expect(await actions(`to=${at}&target_type=secret`)).toEqual(["secret.set", "secret.set", "secret.set"]);
    expect(await list("from=yesterday")).toMatchObject({ status: 422, body: { errors: [{ path: "from" }] } });
  });

  it("is paged within what it is narrowed down to", async () => {
    const first = await list("action=secret.set&limit=2");
    expect(first.body.data).toHaveLength(2);
    const rest = await list(`action=secret.set&limit=2&cursor=${first.body.next_cursor}`);
    expect([rest.body.data.length, rest.body.next_cursor]).toEqual([1, null]);
  });

  it("is given as a file", async () => {
    const file = async (query: string) =>
      site.call(`GET /api/v1/workspaces/${owner.workspaceId}/audit-logs/export?${query}`, { as: owner.as });
    const csv = await file("action=role.created");
    expect(csv.headers.get("Content-Type")).toBe("text/csv; charset=utf-8");
    expect(csv.headers.get("Content-Disposition")).toBe('attachment; filename="audit-log.csv"');
    const [head = "", entry = "", ...rest] = csv.body.split("\r\n");
    expect(head).toMatch(/^created_at,actor_type,actor_id,action,/);
    expect(entry).toContain(`,user,${owner.userId},role.created,role,`);
    expect(entry).toContain(String.raw`"{""name"":""Say \""hi\"", all"",""permissions"":[""apps:read""]}"`);
    expect(rest).toEqual([""]);
    const lines = (await file("format=ndjson&target_type=secret")).body.trim().split("\n");
    expect(lines.map((line: string) => JSON.parse(line).action)).toEqual(["secret.deleted", "secret.set", "secret.set", "secret.set"]);
    expect((await file("format=xlsx")).status).toBe(422);
  });
});
