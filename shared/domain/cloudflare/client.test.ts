import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { apiBudgets } from "#platform/schema";
import { DomainsWorld, HOUR, MINUTE, SECOND } from "../../../workers/api/testing/domains.ts";
import { spend } from "./budget.ts";
import { customHostnames } from "./client.ts";

let world: DomainsWorld;

beforeAll(async () => {
  world = await DomainsWorld.start();
}, 120_000);
afterAll(() => world.stop());
afterEach(async () => {
  world.cloudflare.fail(null);
  await world.ctx().db.delete(apiBudgets);
  world.pass(HOUR);
});

function client() {
  const api = customHostnames(world.ctx());
  if (api === null) throw new Error("the deployment is not set up");
  return api;
}

const answering = (status: number, body: unknown) => world.cloudflare.interfere(() => ({ when: "before", answer: { status, body } }));

/** What a call came to: `done`, `refused why`, or the code that it threw. */
const outcome = (call: Promise<{ kind: string; why?: string }>) =>
  call.then(
    ({ kind, why }) => (why === undefined ? kind : `${kind} ${why}`),
    (error: { code?: string }) => error.code ?? String(error),
  );

describe("the client", () => {
  it("makes, finds, reads, refreshes and deletes", async () => {
    const api = client();
    const created = await api.create("a.company.test", "delegated");
    if (created.kind === "refused") throw new Error(created.detail);
    const { id } = created.value;
    expect(created.value).toMatchObject({ hostname: "a.company.test", status: "pending", ssl: { method: "txt" } });
    expect(await api.find("a.company.test")).toMatchObject({ kind: "done", value: { id } });
    expect(await api.find("company.test")).toEqual({ kind: "done", value: null });
    expect(await api.get(id)).toMatchObject({ kind: "done", value: { id } });
    expect(await api.refresh(id, "http")).toMatchObject({ kind: "done", value: { id, ssl: { method: "http" } } });
    expect(await outcome(api.create("a.company.test", "http"))).toBe("refused duplicate");
    expect(await api.remove(id)).toEqual({ kind: "done", value: null });
    expect(await api.remove(id)).toEqual({ kind: "done", value: null });
    expect(await api.get(id)).toEqual({ kind: "done", value: null });
    expect(await api.refresh(id, "http")).toEqual({ kind: "done", value: null });
  });

  it("goes through pages", async () => {
    for (let index = 0; index < 120; index += 1) world.cloudflare.add(`p${index}.company.test`);
    const pages = await Promise.all([1, 2, 3, 4].map((page) => client().page(page)));
    expect(pages.map((page) => (page.kind === "done" ? [page.value.hostnames.length, page.value.pages] : page))).toEqual([
      [50, 3],
      [50, 3],
      [20, 3],
      [0, 3],
    ]);
  });

  it.each([
    [400, 1409, "refused hostname"],
    [400, 1407, "refused hostname"],
    [403, 1404, "refused quota"],
    [403, 1405, "refused quota"],
    [409, 1406, "refused duplicate"],
    [403, 10000, "refused credentials"],
    [401, 1000, "refused credentials"],
    [404, 7003, "refused credentials"],
    [500, 1500, "upstream_unavailable"],
    [503, 0, "upstream_unavailable"],
    [429, 971, "upstream_unavailable"],
    [302, 0, "upstream_unavailable"],
  ])("understands status %i with code %i: %s", async (status, code, expected) => {
    answering(status, { success: false, errors: [{ code, message: "secret details" }], messages: [], result: null });
    const call = client().create("b.company.test", "http");
    expect(await outcome(call)).toBe(expected);
    const said = await call.then(
      (result) => JSON.stringify(result),
      (error: Error) => error.message,
    );
    expect(said).not.toContain("secret details");
    expect(said).not.toContain("token1");
  });

  it.each([
    ["another shape", { success: true, result: { id: 7 } }],
    ["no envelope", []],
    ["a result that is missing", { success: true, errors: [], result: null }],
  ])("takes %s for an outage", async (_, body) => {
    answering(200, body);
    expect(await outcome(client().create("c.company.test", "http"))).toBe("upstream_unavailable");
  });

  it("is not there where the deployment is not set up", () => {
    for (const name of ["CLOUDFLARE_ZONE_ID", "CLOUDFLARE_API_TOKEN"] as const) {
      const before = { [name]: world.platform.env[name] };
      world.set({ [name]: "" });
      expect(customHostnames(world.ctx())).toBeNull();
      world.set(before);
    }
  });
});

describe("the budget", () => {
  /** Requests that pass when as many as one likes are asked for at once. */
  async function passing(asked: number): Promise<number> {
    const outcomes = await Promise.allSettled(Array.from({ length: asked }, () => spend(world.ctx())));
    for (const one of outcomes) if (one.status === "rejected") expect(one.reason).toMatchObject({ code: "overloaded" });
    return outcomes.filter(({ status }) => status === "fulfilled").length;
  }

  it("lets 900 pass in any five minutes, however many ask at once", { timeout: 60_000 }, async () => {
    expect(await passing(320)).toBe(300);
    let total = 300;
    for (let minute = 0; minute < 5; minute += 1) {
      world.pass(MINUTE);
      const passed = await passing(130);
      expect(passed).toBe(120);
      total += passed;
    }
    expect(total).toBe(900);
  });

  it("is closed to all until Cloudflare's Retry-After is over", async () => {
    world.cloudflare.fail({ kind: "rate_limited", retry_after: 90, times: 1 });
    await expect(client().quota()).rejects.toMatchObject({ code: "upstream_unavailable", retryAfter: 90 });
    world.pass(89 * SECOND);
    await expect(client().quota()).rejects.toMatchObject({ code: "overloaded", retryAfter: 1 });
    world.pass(SECOND);
    expect((await client().quota()).kind).toBe("done");
  });
});
