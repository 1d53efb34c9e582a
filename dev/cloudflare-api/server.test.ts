import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Cloudflare, { APIError } from "cloudflare";
import { beforeEach, describe, expect, it } from "vitest";
import { type CloudflareApi, startCloudflareApi } from "./server.ts";

const ZONE = "023e105f4ecef8ad9ca31a8372d0c353";
const TOKEN = "cf-double";
const HOST = "shop.acme.dev";
const SECOND = 1_000;
const DAY = 86_400 * SECOND;

let api: CloudflareApi;
let records: Record<string, readonly string[]>;
let files: Record<string, string>;

beforeEach(async () => {
  records = {};
  files = {};
  api = await startCloudflareApi({
    port: 0,
    token: TOKEN,
    zoneId: ZONE,
    target: "customers.agentflow.dev",
    lookUp: async (name, type) => records[`${type} ${name}`] ?? [],
    visit: async (url) => files[url] ?? null,
    time: "manual",
    refuseReserved: true,
  });
  return () => api.close();
});

/** Cloudflare's own client, which knows its answers; it asks once. */
const client = (apiToken = TOKEN) => new Cloudflare({ apiToken, baseURL: api.origin, maxRetries: 0, timeout: 500 }).customHostnames;
const zone = { zone_id: ZONE };
const create = (hostname = HOST, method: "http" | "txt" = "http") =>
  client().create({ ...zone, hostname, ssl: { method, type: "dv", settings: { min_tls_version: "1.2" } } });
const statusesOf = async (id: string) => {
  const { status, ssl } = await client().get(id, zone);
  return [status, ssl?.status];
};
const refresh = (id: string, method: "http" | "txt" = "http") => client().edit(id, { ...zone, ssl: { method, type: "dv" } });

/** Lets time pass in steps, each of them seen, as somebody does who asks now and then. */
async function pass(id: string, ...steps: readonly number[]) {
  const seen = [];
  for (const step of steps) {
    api.clock.advance(step);
    seen.push(await statusesOf(id));
  }
  return seen;
}

async function refusal(call: Promise<unknown>) {
  const error = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof APIError)) throw new Error(`It was not refused: ${String(error)}`);
  return [error.status, error.errors[0]?.code];
}

describe("Cloudflare's API of custom hostnames for Cloudflare's own client", () => {
  it("takes a hostname whose DNS leads to the target through all steps to an active certificate", async () => {
    const { id, status, ssl, ownership_verification } = await create();
    expect([status, ssl?.status, ssl?.settings?.min_tls_version]).toEqual(["pending", "initializing", "1.2"]);
    expect(ownership_verification).toMatchObject({ type: "txt", name: `_cf-custom-hostname.${HOST}` });
    expect(await pass(id, SECOND)).toEqual([["pending", "pending_validation"]]);
    const waiting = await client().get(id, zone);
    expect(waiting.verification_errors).toEqual(["custom hostname does not CNAME to this zone."]);
    expect(waiting.ssl?.validation_records?.[0]?.http_url).toContain(`http://${HOST}/.well-known/acme-challenge/`);

    records[`CNAME ${HOST}`] = ["abc.acme.dev."];
    records["CNAME abc.acme.dev"] = ["claim.customers.agentflow.dev"];
    expect(await pass(id, 60 * SECOND, 2 * SECOND, 2 * SECOND)).toEqual([
      ["active", "pending_issuance"],
      ["active", "pending_deployment"],
      ["active", "active"],
    ]);
    const live = await client().get(id, zone);
    expect(live.ownership_verification).toBeUndefined();
    expect(Date.parse(live.ssl?.expires_on ?? "")).toBeGreaterThan(api.clock.now() + 89 * DAY);
  });

  it.each([
    ["the same addresses", { "A acme.dev": ["192.0.2.7"], "A customers.agentflow.dev": ["192.0.2.7", "192.0.2.8"] }],
    ["a CNAME to the target itself", { "CNAME acme.dev": ["Customers.AgentFlow.dev"] }],
  ])("takes %s for leading to the target", async (_how, planted: Record<string, readonly string[]>) => {
    records = planted;
    const { id } = await create("acme.dev");
    expect(await pass(id, SECOND)).toEqual([["active", "pending_issuance"]]);
  });

  it.each([
    ["other addresses", { "A acme.dev": ["192.0.2.9"], "A customers.agentflow.dev": ["192.0.2.7"] }],
    ["a name that ends alike", { "CNAME acme.dev": ["evilcustomers.agentflow.dev"] }],
    ["a ring", { "CNAME acme.dev": ["acme.dev"] }],
  ])("does not take %s for it", async (_how, planted: Record<string, readonly string[]>) => {
    records = planted;
    const { id } = await create("acme.dev");
    expect(await pass(id, SECOND)).toEqual([["pending", "pending_validation"]]);
  });

  it("validates beforehand by a TXT record and a delegated challenge, or by files", async () => {
    const first = await create(HOST, "txt");
    api.clock.advance(SECOND);
    records[`TXT ${first.ownership_verification?.name}`] = [first.ownership_verification?.value ?? ""];
    const delegation = (await client().get(first.id, zone)).ssl?.dcv_delegation_records?.[0];
    records[`CNAME ${delegation?.cname}`] = [delegation?.cname_target ?? ""];
    expect(await pass(first.id, SECOND, 4 * SECOND)).toEqual([
      ["active", "pending_issuance"],
      ["active", "active"],
    ]);

    const second = await create("www.acme.dev");
    api.clock.advance(SECOND);
    const { ownership_verification_http: file, ssl } = await client().get(second.id, zone);
    const challenge = ssl?.validation_records?.[0];
    files = { [file?.http_url ?? ""]: file?.http_body ?? "", [challenge?.http_url ?? ""]: challenge?.http_body ?? "" };
    expect(await pass(second.id, SECOND)).toEqual([["active", "pending_issuance"]]);
  });

  it("gives up after a week, begins anew when asked to, and deletes what has moved for a week", async () => {
    const { id } = await create();
    api.clock.advance(SECOND);
    expect(await pass(id, 7 * DAY)).toEqual([["moved", "validation_timed_out"]]);
    await refresh(id);
    expect(await pass(id, SECOND, 7 * DAY)).toEqual([
      ["pending", "pending_validation"],
      ["moved", "validation_timed_out"],
    ]);
    api.clock.advance(7 * DAY);
    expect(await refusal(client().get(id, zone))).toEqual([404, 1436]);
  });

  it("notices when DNS leads away, but not for what was validated beforehand", async () => {
    records[`CNAME ${HOST}`] = ["x.customers.agentflow.dev"];
    const { id } = await create();
    await pass(id, SECOND, 5 * SECOND);
    records = {};
    expect(await pass(id, SECOND)).toEqual([["moved", "active"]]);
  });

  it("renews by itself where it can; else it waits, and the certificate expires", async () => {
    records[`CNAME ${HOST}`] = ["x.customers.agentflow.dev"];
    const { id } = await create();
    await pass(id, SECOND, 5 * SECOND);
    const first = (await client().get(id, zone)).ssl?.expires_on;
    await pass(id, 61 * DAY);
    expect(Date.parse((await client().get(id, zone)).ssl?.expires_on ?? "")).toBeGreaterThan(Date.parse(first ?? ""));

    const byHand = await create("txt.acme.dev", "txt");
    api.clock.advance(SECOND);
    const { validation_records } = (await client().get(byHand.id, zone)).ssl ?? {};
    const [record] = validation_records ?? [];
    records[`TXT ${record?.txt_name}`] = [record?.txt_value ?? ""];
    records["CNAME txt.acme.dev"] = ["x.customers.agentflow.dev"];
    expect(await pass(byHand.id, SECOND, 5 * SECOND, 61 * DAY, 30 * DAY)).toEqual([
      ["active", "pending_issuance"],
      ["active", "active"],
      ["active", "pending_validation"],
      ["active", "expired"],
    ]);
  });

  it("lists by page and by name", async () => {
    for (const name of ["a", "b", "c", "d", "e", "f", "g"]) api.add(`${name}.acme.dev`);
    const names = [];
    for await (const { hostname } of client().list({ ...zone, per_page: 5 })) names.push(hostname);
    expect(names).toEqual(["a", "b", "c", "d", "e", "f", "g"].map((name) => `${name}.acme.dev`));
    const found = async (query: string) =>
      (await fetch(`${api.origin}/zones/${ZONE}/custom_hostnames?${query}`, { headers: { authorization: `Bearer ${TOKEN}` } })).json();
    expect(await found("hostname=b.acme.dev")).toMatchObject({ success: true, result: [{ hostname: "b.acme.dev" }] });
    expect(await found("hostname=acme.dev")).toMatchObject({ result: [], result_info: { total_count: 0 } });
    expect(await found("hostname.contain=acme")).toMatchObject({ result_info: { page: 1, per_page: 20, total_count: 7 } });
    expect(await found("hostname=a&id=b")).toMatchObject({ success: false, errors: [{ code: 1438 }] });
  });

  it("refuses what the real one refuses", async () => {
    await create();
    expect(await refusal(create())).toEqual([409, 1406]);
    expect(await refusal(create("shop.acme.test"))).toEqual([400, 1409]);
    expect(await refusal(create("shop.example.com"))).toEqual([400, 1411]);
    expect(await refusal(create("bücher.dev"))).toEqual([400, 1408]);
    expect(await refusal(create("192.0.2.1"))).toEqual([400, 1407]);
    expect(await refusal(client("wrong").get("x", zone))).toEqual([403, 10_000]);
    expect(await refusal(client().get("no-such", zone))).toEqual([404, 1436]);
    expect(await refusal(client().get("no-such", { zone_id: "other" }))).toEqual([404, 7003]);
    api.setQuota({ allocated: 1, hardCap: 1 });
    expect(await refusal(create("two.acme.dev"))).toEqual([403, 1405]);
    api.setQuota({ allocated: 0, hardCap: 0 });
    expect(await refusal(create("two.acme.dev"))).toEqual([403, 1404]);
  });

  it("tells the quota, and holds a fallback origin", async () => {
    const { quota, fallbackOrigin } = new Cloudflare({ apiToken: TOKEN, baseURL: api.origin, maxRetries: 0 }).customHostnames;
    await create();
    expect(await quota.get(zone)).toEqual({ allocated: 100, used: 1, exceeded: false, hard_cap: 50_000 });
    expect(await refusal(fallbackOrigin.get(zone))).toEqual([404, 1551]);
    expect((await fallbackOrigin.update({ ...zone, origin: "proxy.agentflow.dev" })).status).toBe("initializing");
    api.clock.advance(SECOND);
    expect((await fallbackOrigin.get(zone)).status).toBe("active");
  });

  it("fails as it is told to, and counts what it is asked", async () => {
    api.fail({ kind: "rate_limited", retry_after: 7, times: 1 });
    const error = await create().catch((reason: unknown) => reason);
    expect(error instanceof APIError && [error.status, error.headers?.get("retry-after")]).toEqual([429, "7"]);
    expect((await create()).hostname).toBe(HOST);
    expect(api.seen.map(({ method }) => method)).toEqual(["POST", "POST"]);

    api.fail({ kind: "lost_answer", times: 1 });
    await expect(create("lost.acme.dev")).rejects.toThrow();
    expect(api.hostnames().map(({ hostname }) => hostname)).toEqual([HOST, "lost.acme.dev"]);
    api.fail({ kind: "unavailable", method: "GET" });
    expect(await refusal(client().get("x", zone))).toEqual([503, 10_503]);
    api.fail({ kind: "time_out", times: 1 });
    await expect(create("slow.acme.dev")).rejects.toThrow(/timed out/i);
    api.fail({ kind: "quota_exceeded" });
    expect(await refusal(create("more.acme.dev"))).toEqual([403, 1405]);
  });

  it("lets 1,200 requests pass in five minutes", async () => {
    const ask = () => fetch(`${api.origin}/zones/${ZONE}/custom_hostnames/x`, { headers: { authorization: `Bearer ${TOKEN}` } });
    for (let count = 0; count < 1_200; count += 1) await (await ask()).body?.cancel();
    const refused = await ask();
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "300"]);
    api.clock.advance(300 * SECOND);
    expect((await ask()).status).toBe(404);
  });

  it("keeps statuses that a test sets", async () => {
    const { id } = api.add(HOST);
    api.pin(id, { status: "pending_blocked", ssl: "holding_deployment" });
    expect(await pass(id, 30 * DAY)).toEqual([["pending_blocked", "holding_deployment"]]);
    api.pin(id, null);
    api.pin(id, { status: "active", ssl: "active" });
    expect(await statusesOf(id)).toEqual(["active", "active"]);
  });

  it("keeps its hostnames from one start to the next, where it is given a file", async () => {
    const directory = await mkdtemp(join(tmpdir(), "cloudflare-api-"));
    const options = {
      port: 0,
      token: TOKEN,
      zoneId: ZONE,
      target: "t.dev",
      lookUp: async () => [],
      file: join(directory, "hostnames.json"),
    };
    const first = await startCloudflareApi(options);
    const made = first.add(HOST);
    await first.close();
    const second = await startCloudflareApi(options);
    expect(second.hostnames()).toEqual([made]);
    await second.close();
    await rm(directory, { recursive: true });
  });

  it("is told the same from another process", async () => {
    const { origin } = new URL(api.origin);
    const tell = (method: string, path: string, body?: object) =>
      fetch(`${origin}/__control/${path}`, { method, ...(body ? { body: JSON.stringify(body) } : {}) });
    api.add(HOST);
    const before = api.clock.now();
    expect((await tell("POST", "clock", { advance_ms: DAY })).status).toBe(200);
    expect(api.clock.now()).toBe(before + DAY);
    expect((await tell("PUT", "fault", { kind: "unavailable" })).status).toBe(204);
    expect(await refusal(client().get("x", zone))).toEqual([503, 10_503]);
    expect((await tell("DELETE", "fault")).status).toBe(204);
    expect((await tell("PUT", "quota", { allocated: 5, hard_cap: 6 })).status).toBe(204);
    expect(await (await tell("GET", "hostnames")).json()).toMatchObject({ hostnames: [{ hostname: HOST }] });
    expect(await (await tell("GET", "requests")).json()).toEqual({ requests: [] });
    expect((await tell("POST", "clock", { advance_ms: -1 })).status).toBe(400);
    expect((await tell("PUT", "pin", { hostname: HOST, status: "blocked", ssl_status: "inactive" })).status).toBe(204);
    expect(await statusesOf(api.hostnames()[0]?.id ?? "")).toEqual(["blocked", "inactive"]);
    expect((await tell("DELETE", "pin", { hostname: HOST })).status).toBe(204);
    expect((await tell("PUT", "pin", { hostname: "none.dev" })).status).toBe(404);
  });
});
