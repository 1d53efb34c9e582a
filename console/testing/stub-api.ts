import { manifestFrom } from "../app/manifest/templates.ts";
import type { Service } from "../app/visit.ts";

/*
 * A members' API with nothing behind it: fixed answers in the shapes of the contract, for tests of the pages.
 */

export const WORKSPACE = "wrk_01k9x3y1v5f5q8m2n7b4c6d8ea";
export const APP = "app_01k9x3y1v5f5q8m2n7b4c6d8eb";
export const RUN = "run_01k9x3y1v5f5q8m2n7b4c6d8ec";
const VERSION = "apv_01k9x3y1v5f5q8m2n7b4c6d8e";
export const SESSION_COOKIE = "agentflow.session_token=stub";

const ALL_PERMISSIONS =
  "workspace:read workspace:update workspace:delete members:read members:manage api_keys:manage apps:read apps:create apps:edit apps:publish runs:read runs:create runs:manage secrets:manage domains:manage billing:read billing:manage".split(
    " ",
  );

function workspace(id: string, name: string, slug: string, isDefault: boolean) {
  const times = { created_at: "2026-09-03T08:12:00.000Z", updated_at: "2026-09-03T08:12:00.000Z" };
  const living = { status: "active", delete_at: null };
  return { id, name, slug, region: "auto", ...living, is_default: isDefault, role: "owner", permissions: ALL_PERMISSIONS, ...times };
}

export const WORKSPACE_SHOWN = workspace(WORKSPACE, "Northwind Studio", "northwind", true);

const workspaces = [WORKSPACE_SHOWN, workspace("wrk_01k9x3y1v5f5q8m2n7b4c6d8ez", "Mira’s workspace", "mira", false)];

function app(id: string, name: string, slug: string, description: string, status: string, number: number | null) {
  return {
    id,
    workspace_id: WORKSPACE,
    slug,
    name,
    description,
    status,
    draft_revision: 7,
    current_version: number === null ? null : { id: `${VERSION}${number}`, number },
    public_url: `https://agentflow.example.com/northwind/${slug}`,
    published_at: number === null ? null : "2026-11-20T14:03:00.000Z",
    created_at: "2026-10-01T09:00:00.000Z",
    updated_at: "2026-11-21T16:40:00.000Z",
  };
}

const apps = [
  app(APP, "Lead desk", "lead-desk", "Sorts a visitor's message, answers it, and files it.", "published", 3),
  app("app_01k9x3y1v5f5q8m2n7b4c6d8e1", "Summariser", "summariser", "Turns a long text into a few sentences.", "draft", null),
  app("app_01k9x3y1v5f5q8m2n7b4c6d8e2", "Returns helper", "returns-helper", "", "unpublished", 11),
];

const members = [
  ["mem_1", "usr_1", "Mira Okafor", "mira@northwind.example", "rol_owner", "owner"],
  ["mem_2", "usr_2", "Jonas Lindqvist", "jonas@northwind.example", "rol_member", "member"],
  ["mem_3", "usr_3", "陈立", "chen.li@northwind.example", "rol_viewer", "viewer"],
].map(([id, user_id, name, email, role_id, role]) => ({ id, user_id, name, email, role_id, role, created_at: "2026-09-03T08:12:00.000Z" }));

const roles = ["owner", "admin", "member", "viewer"].map((name) => ({ id: `rol_${name}`, name, is_system: true, permissions: [] }));

const invitations = [
  { id: "inv_1", email: "sofia@partner.example", role_id: "rol_viewer", role: "viewer", expires_at: "2026-11-29T10:00:00.000Z" },
];

const keys = [
  {
    id: "key_1",
    name: "Website form",
    preview: "afk_9Jx2Qp",
    scopes: ["runs:create"],
    last_used_at: "2026-11-21T10:00:00.000Z",
    revoked_at: null,
  },
  {
    id: "key_2",
    name: "Old importer",
    preview: "afk_b71LsD",
    scopes: ["apps:read", "runs:read"],
    last_used_at: null,
    revoked_at: "2026-10-30T10:00:00.000Z",
  },
].map((key) => ({ ...key, created_by: "usr_1", expires_at: null, created_at: "2026-10-02T10:00:00.000Z" }));

const versions = [
  [3, "Answers in the visitor's language.\nLimits raised for the fair.", true],
  [2, "", false],
  [1, "First version", false],
].map(([number, changelog, is_current]) => ({
  id: `${VERSION}${number}`,
  number,
  name: "Lead desk",
  changelog,
  created_by: "usr_1",
  created_at: "2026-11-20T14:03:00.000Z",
  is_current,
}));

const policy = {
  access_mode: "public_anonymous",
  data_classification: "public",
  password_set: false,
  rate_limit: { per_ip: { max_requests: 120, window_seconds: 60 }, per_session: { max_requests: 60, window_seconds: 60 }, per_app: null },
  allowed_origins: ["https://www.northwind.example", "*"],
  require_captcha: false,
};

function run(id: string, status: string, duration: number | null) {
  const failed = status === "failed";
  return {
    id,
    app_id: APP,
    version_id: `${VERSION}3`,
    status,
    trigger: "visitor",
    session_id: null,
    inputs: { email: "ada@example.com", message: "How much is the big one, and can you deliver to Turku before Friday?" },
    outputs: failed
      ? null
      : { reply: "The large model costs 249 euros. Delivery to Turku takes two days.", kind: "sales", lead_id: "019a9f1c-8d20-7c33" },
    error: failed ? { code: "model_unavailable", message: "The model did not answer within 20 seconds.", node_id: "reply" } : null,
    usage: { input_tokens: 412, output_tokens: 118, total_tokens: 530 },
    parent_id: null,
    waiting: null,
    started_at: "2026-11-22T18:20:04.000Z",
    finished_at: duration === null ? null : "2026-11-22T18:20:06.000Z",
    duration_ms: duration,
  };
}

const question = {
  node_id: "approve",
  title: "Send this offer to Ada?",
  to: ["owner", "mem_2"],
  fields: [
    { name: "reason", label: "Reason", type: "text", required: false },
    { name: "discount", label: "Discount in percent", type: "number", required: true },
    { name: "urgent", label: "Send at once", type: "boolean", required: false },
  ],
  asked_at: "2026-11-22T18:20:05.000Z",
  expires_at: "2026-11-29T18:20:05.000Z",
};

const runs = [
  run(RUN, "completed", 1840),
  run("run_2", "failed", 20_412),
  run("run_3", "running", null),
  run("run_4", "completed", 96_000),
  { ...run("run_5", "waiting", null), waiting: [question] },
];

const callbacks = [
  {
    id: `${RUN}:callback`,
    url: "https://hooks.northwind.example/agentflow",
    status: "due",
    error: null,
    due_at: "2026-11-22T18:21:00.000Z",
    attempts: [{ attempt: 1, status: 503, error: "It answered 503.", duration_ms: 120, attempted_at: "2026-11-22T18:20:07.000Z" }],
  },
];

function trigger(id: string, type: string, name: string, config: object) {
  const times = { created_at: "2026-11-20T14:03:00.000Z", updated_at: "2026-11-20T14:03:00.000Z", last_fired_at: null };
  const url = type === "webhook" ? "https://agentflow.example.com/api/v1/hooks/tok_1" : null;
  return { id, app_id: APP, type, name, enabled: true, config, url, next_fire_at: null, ...times };
}

const triggers = [
  {
    ...trigger("trg_1", "schedule", "Morning report", {
      cron: "0 9 * * 1-5",
      timezone: "Europe/Berlin",
      missed: "skip",
      inputs: { message: "Hi" },
    }),
    next_fire_at: "2026-11-23T08:00:00.000Z",
  },
  trigger("trg_2", "webhook", "", { mode: "accept" }),
  trigger("trg_3", "app", "After summaries", { app: "summariser", on: ["completed", "failed"] }),
];

function domain(id: string, hostname: string, status: string, changes: object = {}) {
  const done = status === "active";
  const state = done ? "found" : "missing";
  const record = { required: true, state, found: [] };
  const target = "k3f9a81c52d0.customers.agentflow.example.com";
  return {
    id,
    app_id: APP,
    hostname,
    unicode_hostname: hostname,
    status,
    next_step: done ? null : { code: "add_ownership_record", message: "Set the TXT record." },
    records: [
      { ...record, purpose: "ownership", type: "TXT", name: `_agentflow.${hostname}`, value: "agentflow-k3f9a81c52d0", required: false },
      { ...record, purpose: "routing", type: "CNAME", name: hostname, value: target },
      { ...record, purpose: "ownership", type: "TXT", name: `_cf-custom-hostname.${hostname}`, value: "0d89c70d-ad9f", required: false },
    ],
    checks: {
      ownership: { state: done ? "passed" : "failed", detail: done ? "txt" : "missing" },
      routing: { state: done ? "passed" : "pending", detail: done ? "cname" : "not_everywhere" },
      hostname: { status: done ? "active" : null, errors: [] },
      certificate: { status: done ? "active" : null, method: "http", expires_at: done ? "2027-02-12T09:00:00.000Z" : null, errors: [] },
      checked_at: "2026-11-22T18:20:06.000Z",
      next_check_at: done ? null : "2026-11-22T18:22:06.000Z",
    },
    canonical: done,
    redirect_to: null,
    version_id: null,
    previous: null,
    notices: [],
    behind_proxy: false,
    ...changes,
  };
}

export const DOMAIN_SHOWN = domain("dom_2", "offers.northwind.example", "pending");

const domains = [
  domain("dom_1", "shop.northwind.example", "active", {
    previous: { app_id: APP, version_id: `${VERSION}2`, at: "2026-11-20T14:03:00.000Z" },
  }),
  DOMAIN_SHOWN,
  domain("dom_3", "www.shop.northwind.example", "active", {
    canonical: false,
    redirect_to: "shop.northwind.example",
    notices: [{ code: "certificate_expires_in_7_days", at: "2026-11-22T18:20:06.000Z" }],
  }),
  domain("dom_4", "xn--bcher-kva.example", "action_needed", {
    unicode_hostname: "bücher.example",
    next_step: { code: "hostname_refused", message: "Cloudflare does not take this hostname: it is reserved." },
    records: [
      {
        purpose: "routing",
        type: "ALIAS",
        name: "xn--bcher-kva.example",
        value: "customers.agentflow.example.com",
        required: true,
        state: "wrong",
        found: ["192.0.2.7"],
      },
    ],
  }),
];

const hostnameQuota = { allocated: 100, used: 93, exceeded: false, source: "cloudflare" };

const secrets = [
  { id: "sec_1", name: "crm_token", created_by: "usr_1", created_at: "2026-10-02T10:00:00.000Z", updated_at: "2026-10-02T10:00:00.000Z" },
];

const letters = [
  {
    id: "dlv_1",
    kind: "callback",
    app_id: APP,
    run_id: RUN,
    error: "It answered 500 eight times.",
    attempts: 8,
    payload: { url: "https://hooks.northwind.example/agentflow" },
    created_at: "2026-11-22T18:20:06.000Z",
  },
];

function nodeLog(seq: number, node: readonly [string, string], status: string, start: number, duration: number) {
  const [node_id, node_type] = node;
  return {
    seq,
    node_id,
    node_type,
    status,
    attempts: node_id === "reply" ? 2 : 1,
    port: node_id === "kind" ? "sales" : null,
    inputs: { text: "How much is the big one, and can you deliver to Turku before Friday?" },
    outputs: status === "failed" ? null : { intent: "sales", confidence: 0.93 },
    error: status === "failed" ? { code: "model_unavailable", message: "The model did not answer within 20 seconds." } : null,
    input_tokens: node_type === "db" ? 0 : 206,
    output_tokens: node_type === "db" ? 0 : 59,
    started_at: new Date(Date.parse("2026-11-22T18:20:04.000Z") + start).toISOString(),
    duration_ms: duration,
  };
}

const nodes = [
  nodeLog(0, ["start", "start"], "completed", 0, 2),
  nodeLog(1, ["kind", "intent"], "completed", 4, 610),
  nodeLog(2, ["reply", "generate"], "completed", 616, 1090),
  nodeLog(3, ["save", "db"], "completed", 1710, 118),
  nodeLog(4, ["end", "end"], "completed", 1830, 6),
];

const quota = {
  period_start: "2026-11-01T00:00:00.000Z",
  period_end: "2026-12-01T00:00:00.000Z",
  plan: "free",
  meters: {
    requests: { limit: 1000, hard: true, used: 962, reserved: 8 },
    tokens: { limit: 200_000, hard: true, used: 48_310, reserved: 0 },
    run_ms: { limit: null, hard: false, used: 5_430_000, reserved: 0 },
  },
};

const budget = {
  requests: 500,
  tokens: null,
  period_start: quota.period_start,
  period_end: quota.period_end,
  meters: { requests: { limit: 500, hard: true, used: 120, reserved: 0 }, tokens: { limit: null, hard: false, used: 9_000, reserved: 0 } },
};

const month = {
  period_start: "2026-11-01T00:00:00.000Z",
  period_end: "2026-12-01T00:00:00.000Z",
  time_zone: "Europe/Berlin",
  currency: "USD",
};

const upcoming = {
  ...month,
  total: "3.20",
  projected_total: "4.80",
  meters: [
    { meter: "requests", used: 950, included: 1000, unit_price: null },
    { meter: "tokens", used: 48_310, included: 200_000, unit_price: "0.00001" },
    { meter: "db_storage_bytes", used: 0, included: null, unit_price: null },
  ],
};

const usage = { points: [{ at: "2026-11-03T00:00:00.000Z", app_id: null, meter: "requests", quantity: 321 }] };

const plans = [
  { code: "free", name: "Free", currency: "USD", price_minor: 0, limits: { requests: 1000 }, overage_micros: {} },
  { code: "pro", name: "Pro", currency: "USD", price_minor: 2900, limits: { requests: 200_000 }, overage_micros: { requests: 200 } },
];

const preview = {
  when: "now",
  effective_at: "2026-11-16T00:00:00.000Z",
  currency: "USD",
  lines: [{ kind: "proration_charge", plan_name: "Pro", amount_minor: 1450 }],
  total: "14.50",
};

const customer = { name: "Northwind Ltd", address: "1 Harbour Road\nLeeds", tax_id: "GB 123", email: "books@northwind.example" };

const invoice = {
  ...month,
  id: "ivc_1",
  number: "INV-000007",
  status: "open",
  customer,
  subtotal: "31.98",
  tax_basis_points: 1900,
  tax: "6.08",
  total: "38.06",
  due: "33.06",
  issued_at: "2026-12-01T01:37:00.000Z",
  paid_at: null,
  payment_status: "payment_failed",
  payment_url: "https://invoice.stripe.com/i/acct_1/ivst_1",
  lines: [
    { ...lineFor("base", null), amount: "29.00" },
    { ...lineFor("overage", "requests"), line: 2, used: 214_900, included: 200_000, unit_price: "0.0002", amount: "2.98" },
  ],
  credit_notes: [{ id: "crn_1", number: "CN-000001", amount: "5.00", reason: "An outage", created_at: "2026-12-02T10:00:00.000Z" }],
};

function lineFor(kind: string, meter: string | null) {
  const covers = { covers_start: month.period_start, covers_end: month.period_end };
  return { line: 1, kind, plan_name: "Pro", meter, ...covers, used: null, included: null, unit_price: null };
}

const profile = { customer_name: customer.name, ...customer, time_zone: month.time_zone, anchor_day: 31, payments: "stripe" };
const planState = { plan: "free", next_plan: "pro", period_start: month.period_start, period_end: month.period_end };

/** What a workspace has one of, by the rest of its address. */
const OF_WORKSPACE: Readonly<Record<string, unknown>> = {
  quota,
  "domains/quota": hostnameQuota,
  usage,
  plan: planState,
  "plan/preview": preview,
  "billing-profile": profile,
  "invoices/upcoming": upcoming,
  "invoices/ivc_1": invoice,
};

export const SESSION = "vis_01k9x3y1v5f5q8m2n7b4c6d8ef";
const sessions = [
  { id: SESSION, started_at: "2026-11-21T16:40:00.000Z", last_seen_at: "2026-11-21T16:52:00.000Z", runs: 2, ended_at: null },
  {
    id: "vis_01k9x3y1v5f5q8m2n7b4c6d8eg",
    started_at: "2026-11-20T09:00:00.000Z",
    last_seen_at: "2026-11-20T09:00:00.000Z",
    runs: 1,
    ended_at: "2026-11-21T10:00:00.000Z",
  },
];
const conversation = {
  summary: "Ada asked for the price of the large model.",
  turns: [{ run_id: RUN, said: "Can you deliver to Turku?", answer: "Yes, in two days.", at: "2026-11-21T16:52:00.000Z" }],
};

const LISTS: readonly (readonly [RegExp, readonly unknown[]])[] = [
  [/^\/workspaces$/, workspaces],
  [/^\/workspaces\/[^/]+\/apps$/, apps],
  [/^\/workspaces\/[^/]+\/members$/, members],
  [/^\/workspaces\/[^/]+\/roles$/, roles],
  [/^\/workspaces\/[^/]+\/invitations$/, invitations],
  [/^\/workspaces\/[^/]+\/api-keys$/, keys],
  [/^\/apps\/[^/]+\/versions$/, versions],
  [/^\/apps\/[^/]+\/runs$/, runs],
  [/^\/apps\/[^/]+\/sessions$/, sessions],
  [/^\/runs\/[^/]+\/nodes$/, nodes],
  [/^\/runs\/[^/]+\/callbacks$/, callbacks],
  [/^\/apps\/[^/]+\/triggers$/, triggers],
  [/^\/apps\/[^/]+\/domains$/, domains],
  [/^\/workspaces\/[^/]+\/secrets$/, secrets],
  [/^\/workspaces\/[^/]+\/invoices$/, [invoice]],
  [/^\/billing\/plans$/, plans],
  [/^\/workspaces\/[^/]+\/dead-letters$/, letters],
];

function objectAt(path: string): unknown {
  const [, collection, id, part, partId] = path.split("/");
  if (collection === "workspaces" && part !== undefined) return OF_WORKSPACE[path.split("/").slice(3).join("/")];
  if (collection === "workspaces") return workspaces.find((one) => one.id === id);
  if (collection === "runs") return runs.find((one) => one.id === id);
  if (collection !== "apps") return undefined;
  if (part === "manifest") return manifestFrom("leads", "");
  if (part === "access-policy") return policy;
  if (part === "budget") return budget;
  if (part === "triggers") return triggers.find((one) => one.id === partId);
  if (part === "domains") return domains.find((one) => one.id === partId);
  if (part === "sessions") return sessions.map((one) => ({ ...one, conversation })).find((one) => one.id === partId);
  if (part === "signing-secret") return { secret: "whsec_c2lnbmluZw==" };
  if (part === "versions") return { ...versions[0], manifest: manifestFrom("leads", "") };
  return apps.find((one) => one.id === id);
}

export function problem(status: number, code: string, errors: readonly unknown[] = []): Response {
  const body = { type: "about:blank", title: code, status, detail: `Detail of ${code}.`, code, request_id: "req_stub", errors };
  return Response.json(body, { status, headers: { "Content-Type": "application/problem+json" } });
}

function read(path: string): Response {
  const list = LISTS.find(([pattern]) => pattern.test(path));
  if (list) return Response.json({ data: list[1], next_cursor: null });
  const found = objectAt(path);
  return found ? Response.json({ data: found }, { headers: { ETag: '"7"' } }) : problem(404, "not_found");
}

export interface StubApi extends Service {
  /** What was asked, in order. */
  readonly calls: { readonly method: string; readonly path: string; readonly body: string; readonly headers: Headers }[];
}

/** Answers like the API; `override` goes first, for what a test is about. */
export function createStubApi(override: (request: Request, path: string) => Response | undefined = () => undefined): StubApi {
  const calls: StubApi["calls"] = [];
  return {
    calls,
    async fetch(request) {
      const { pathname } = new URL(request.url);
      const path = pathname.replace(/^\/api\/v1/, "");
      calls.push({ method: request.method, path, body: await request.clone().text(), headers: request.headers });
      const special = override(request, path);
      if (special) return special;
      const signedIn = (request.headers.get("Cookie") ?? "").includes(SESSION_COOKIE);
      if (path === "/api/auth/get-session")
        return Response.json(
          signedIn ? { session: {}, user: { id: "usr_1", name: "Mira Okafor", email: "mira@northwind.example" } } : null,
        );
      if (path.startsWith("/api/auth/sign-in"))
        return Response.json({}, { headers: { "Set-Cookie": `${SESSION_COOKIE}; Path=/; HttpOnly` } });
      if (!signedIn) return problem(401, "unauthenticated");
      return request.method === "GET" ? read(path) : change(request.method, path);
    },
  };
}

function change(method: string, path: string): Response {
  if (path.endsWith("/test-runs")) return Response.json({ data: { ...runs[2], run_id: "run_3" } }, { status: 202 });
  if (path.endsWith("/replay")) return Response.json({ data: runs[2] }, { status: 202 });
  if (path.endsWith("/preview")) return Response.json({ data: { value: { total: 249 }, type: "object" } });
  if (path.endsWith("/triggers") || path.endsWith("/rotate-secret"))
    return Response.json({ data: { ...triggers[1], secret: "whsec_b25jZSBvbmx5" } }, { status: 201 });
  if (method !== "DELETE" && path.includes("/domains")) return Response.json({ data: domains[1] }, { status: 201 });
  if (method === "POST" && path.endsWith("/apps")) return Response.json({ data: apps[0] }, { status: 201 });
  if (path.endsWith("/draft")) return Response.json({ data: { revision: 8 } });
  if (path.endsWith("/api-keys") || path.endsWith("/rotate"))
    return Response.json({ data: { id: "key_3", name: "New key", key: "afk_5pGm0bT7yq2XvK1nR8sWcE4uZ9" } }, { status: 201 });
  if (path.endsWith("/invitations"))
    return Response.json({ data: { id: "inv_1", email: "new@example.com", token: "tok_abc123" } }, { status: 201 });
  return Response.json({ data: apps[0] });
}
