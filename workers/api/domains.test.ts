import { desc, eq } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { addDomain, checkDueDomains, findActiveHostname, listDomains, removeDomain } from "#domain";
import { auditLogs } from "#platform/schema";
import { DAY, DomainsWorld, HOUR, MINUTE, SECOND, TARGET } from "./testing/domains.ts";
import type { Person } from "./testing/platform.ts";

type Owner = Person & { readonly appId: string };

let world: DomainsWorld;
let ada: Owner;
let bob: Owner;

beforeAll(async () => {
  world = await DomainsWorld.start();
  [ada, bob] = [await world.person("Ada"), await world.person("Bob")];
}, 120_000);
afterAll(() => world.stop());
afterEach(async () => {
  await world.platform.settle();
  world.cloudflare.fail(null);
});

const ask = (route: string, who: Person, body?: unknown) =>
  world.platform.call(route, { as: who.as, ...(body === undefined ? {} : { body }) });
const targetOf = (hostname: string) => findActiveHostname(world.ctx(), hostname);
/** Longer than any isolate trusts what it heard of a hostname. */
const forget = () => world.pass(5 * SECOND);

describe("a hostname", () => {
  it("is claimed, proved, made at Cloudflare, certified, served, and let go", async () => {
    const claimed = await world.claim(ada);
    const { hostname } = claimed;
    expect(claimed).toMatchObject({ status: "pending", canonical: true, next_step: { code: "add_ownership_record" }, verified_at: null });
    expect(claimed.records.map(({ purpose, type, state }) => `${purpose} ${type} ${state}`)).toEqual([
      "ownership TXT missing",
      "routing CNAME missing",
    ]);
    expect(await targetOf(hostname)).toBeNull();
    expect(world.hostnamesAt(hostname)).toEqual([]);

    world.obey(claimed, ["ownership"]);
    const proved = await world.verify(ada, claimed.id);
    expect(proved).toMatchObject({
      status: "verifying",
      next_step: { code: "point_dns" },
      checks: { ownership: { state: "passed", detail: "txt" } },
    });
    expect(world.hostnamesAt(hostname)).toHaveLength(1);

    world.obey(claimed);
    expect((await world.verify(ada, claimed.id)).status).toBe("issuing");
    const active = await world.verify(ada, claimed.id);
    expect(active).toMatchObject({ status: "active", next_step: null, checks: { certificate: { status: "active", method: "http" } } });
    expect(active.records.every(({ state }) => state === "found")).toBe(true);
    forget();
    expect(await targetOf(hostname)).toEqual({ workspaceId: ada.workspaceId, appId: ada.appId, versionId: null, redirectTo: null });

    await removeDomain(world.ctx(), ada.workspaceId, ada.appId, claimed.id);
    await world.platform.settle();
    forget();
    expect(await targetOf(hostname)).toBeNull();
    expect(world.hostnamesAt(hostname)).toEqual([]);
    expect(await ask(`GET /api/v1/apps/${ada.appId}/domains/${claimed.id}`, ada)).toMatchObject({ status: 404 });
  });

  it("is proved by its alias alone", async () => {
    const claimed = await world.claim(ada);
    world.obey(claimed, ["routing"]);
    expect(await world.verify(ada, claimed.id)).toMatchObject({
      checks: { ownership: { state: "passed", detail: "cname" } },
      status: "verifying",
    });
  });

  it("at the top of its domain says that it needs an alias of another kind", async () => {
    const claimed = await world.claim(ada, "company-apex.test");
    expect(claimed.records).toMatchObject([
      { purpose: "ownership", type: "TXT", required: true },
      { purpose: "routing", type: "ALIAS", value: TARGET },
    ]);
    world.plant(TARGET, "A 203.0.113.10");
    world.plant("company-apex.test", "A 203.0.113.10");
    world.obey(claimed);
    expect((await world.verify(ada, claimed.id)).checks.routing).toEqual({ state: "passed", detail: "flattened" });
  });

  it("has its certificate by a text, or by handing the question over", async () => {
    for (const certificateMethod of ["txt", "delegated"] as const) {
      const claimed = await world.claim(ada, world.name(), { certificateMethod });
      world.obey(claimed);
      await world.verify(ada, claimed.id);
      const waits = await world.verify(ada, claimed.id);
      expect(waits).toMatchObject({ status: "issuing", next_step: { code: "add_certificate_record" } });
      const [record] = waits.records.filter(({ purpose }) => purpose === "certificate");
      expect(record).toMatchObject({ type: certificateMethod === "txt" ? "TXT" : "CNAME", required: true });
      world.obey(waits, ["certificate"]);
      await world.verify(ada, claimed.id);
      expect((await world.verify(ada, claimed.id)).status).toBe("active");
    }
  });

  it("is moved here without a gap: proved and certified before it leads here", async () => {
    const claimed = await world.claim(ada, world.name(), { certificateMethod: "delegated" });
    world.plant(claimed.hostname, "A 198.51.100.7");
    world.obey(claimed, ["ownership"]);
    await world.verify(ada, claimed.id);
    const asked = await world.verify(ada, claimed.id);
    expect(asked.records.map(({ name }) => name)).toContain(`_cf-custom-hostname.${claimed.hostname}`);
    world.obey(asked, ["ownership", "certificate"]);
    await world.verify(ada, claimed.id);
    expect(await world.verify(ada, claimed.id)).toMatchObject({
      status: "action_needed",
      next_step: { code: "fix_dns" },
      checks: { hostname: { status: "active" }, certificate: { status: "active" } },
    });
    world.obey(claimed, ["routing"]);
    expect((await world.verify(ada, claimed.id)).status).toBe("active");
  });

  it("behind its owner's own proxy is left to Cloudflare", async () => {
    const claimed = await world.claim(ada);
    world.obey(claimed, ["ownership"]);
    world.plant(TARGET, "A 203.0.113.10");
    world.plant(claimed.hostname, "A 104.21.5.6");
    expect(await world.verify(ada, claimed.id)).toMatchObject({
      status: "verifying",
      behind_proxy: true,
      next_step: { code: "behind_proxy" },
    });
    const [custom] = world.hostnamesAt(claimed.hostname);
    world.cloudflare.pin(custom?.id ?? "", { status: "active", ssl: "active" });
    expect((await world.verify(ada, claimed.id)).status).toBe("active");
  });

  it("is only verified where Cloudflare is not set up", async () => {
    world.set({ CLOUDFLARE_ZONE_ID: "" });
    try {
      const claimed = await world.claim(ada);
      world.obey(claimed);
      expect(await world.verify(ada, claimed.id)).toMatchObject({ status: "verified", next_step: { code: "cloudflare_not_configured" } });
      expect(await ask(`POST /api/v1/apps/${ada.appId}/domains/${claimed.id}/certificate/renew`, ada, {})).toMatchObject({ status: 409 });
      expect((await ask(`GET /api/v1/workspaces/${ada.workspaceId}/domains/quota`, ada)).body.data).toMatchObject({
        source: "none",
        allocated: null,
      });
    } finally {
      world.set({ CLOUDFLARE_ZONE_ID: "zone1" });
    }
  });
});

describe("a claim", () => {
  it.each([
    ["127.0.0.1", "hostname"],
    ["localhost", "hostname"],
    ["https://shop.company.test", "hostname"],
    ["co.uk", "hostname"],
    [TARGET, "hostname"],
    [`x.${TARGET}`, "hostname"],
    [`${"a123456789.".repeat(21)}company.test`, "hostname"],
  ])("of %s is refused", async (hostname, path) => {
    const answer = await ask(`POST /api/v1/apps/${ada.appId}/domains`, ada, { hostname });
    expect(answer).toMatchObject({ status: 422, body: { code: "validation_failed", errors: [{ path }] } });
  });

  it("of the pair with www makes two, of which one redirects", async () => {
    const answer = await ask(`POST /api/v1/apps/${bob.appId}/domains`, bob, { hostname: "Company-Pair.test.", www: true });
    expect([answer.status, answer.body.data?.hostname]).toEqual([201, "company-pair.test"]);
    const { data } = await listDomains(world.ctx(), bob.workspaceId, bob.appId, { limit: 100 });
    expect(data.map(({ hostname, canonical, redirect_to }) => [hostname, canonical, redirect_to])).toEqual([
      ["company-pair.test", true, null],
      ["www.company-pair.test", false, "company-pair.test"],
    ]);
    const odd = await ask(`POST /api/v1/apps/${bob.appId}/domains`, bob, { hostname: "shop.company-pair.test", www: true });
    expect(odd).toMatchObject({ status: 422, body: { errors: [{ path: "www" }] } });
    for (const { id } of data) await removeDomain(world.ctx(), bob.workspaceId, bob.appId, id);
  });

  it("made by two workspaces at once is one workspace's", async () => {
    for (let round = 0; round < 5; round += 1) {
      const hostname = world.name();
      const claims = await Promise.allSettled(
        [ada, bob, ada, bob].map((who) => addDomain(world.ctx(), who.workspaceId, who.appId, { hostname })),
      );
      expect(claims.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      for (const claim of claims) if (claim.status === "rejected") expect(claim.reason).toMatchObject({ code: "conflict" });
      await world.platform.settle();
    }
  });

  it("that is live says where it is, to its own workspace alone", async () => {
    const claimed = await world.claim(ada);
    const again = await ask(`POST /api/v1/apps/${ada.appId}/domains`, ada, { hostname: claimed.hostname });
    expect(again).toMatchObject({ status: 409, body: { code: "conflict", domain_id: claimed.id, app_id: ada.appId } });
    const foreign = await ask(`POST /api/v1/apps/${bob.appId}/domains`, bob, { hostname: claimed.hostname.toUpperCase() });
    expect([foreign.status, foreign.body.detail]).toEqual([409, `${claimed.hostname} is already in use.`]);
    expect(JSON.stringify(foreign.body)).not.toContain(ada.workspaceId);
  });

  it("that nobody proves gives way after a day, one that was proved never", async () => {
    const [idle, proved] = [await world.claim(ada), await world.active(ada)];
    await expect(world.claim(bob, idle.hostname)).rejects.toMatchObject({ code: "conflict" });
    world.pass(DAY + MINUTE);
    const taken = await world.claim(bob, idle.hostname);
    expect(taken.verification.value).not.toBe(idle.verification.value);
    expect((await world.row(idle.id))?.status).toBe("removed");
    const entries = await world.ctx().db.select().from(auditLogs).where(eq(auditLogs.targetId, idle.id)).orderBy(desc(auditLogs.id));
    expect(entries.find(({ action }) => action === "domain.displaced")).toMatchObject({
      actorType: "system",
      actorId: "domains",
      workspaceId: ada.workspaceId,
    });
    world.pass(400 * DAY);
    await expect(world.claim(bob, proved.hostname)).rejects.toMatchObject({ code: "conflict" });
  });

  it("is kept for a day for the workspace that has given it up", async () => {
    const active = await world.active(ada);
    await removeDomain(world.ctx(), ada.workspaceId, ada.appId, active.id);
    await world.platform.settle();
    await expect(world.claim(bob, active.hostname)).rejects.toMatchObject({ code: "conflict", retryAfter: DAY / SECOND });
    const back = await world.claim(ada, active.hostname);
    await removeDomain(world.ctx(), ada.workspaceId, ada.appId, back.id);
    world.pass(DAY + SECOND);
    expect(await world.claim(bob, active.hostname)).toMatchObject({ verified_at: null, next_step: { code: "fix_ownership_record" } });
  });

  it("is not proved by what an earlier one has left behind, and nobody is served there", async () => {
    const active = await world.active(ada);
    await removeDomain(world.ctx(), ada.workspaceId, ada.appId, active.id);
    await world.platform.settle();
    world.pass(2 * DAY);
    const claimed = await world.claim(bob, active.hostname);
    for (let round = 0; round < 3; round += 1) {
      const checked = await world.verify(bob, claimed.id);
      expect(checked).toMatchObject({ verified_at: null, checks: { ownership: { state: "failed" }, routing: { state: "passed" } } });
    }
    forget();
    expect(await targetOf(active.hostname)).toBeNull();
    expect(world.hostnamesAt(active.hostname)).toEqual([]);
  });

  it("is one of a hundred that a workspace may leave unproved", async () => {
    const eve = await world.person("Eve");
    const rows = Array.from({ length: 100 }, (_, index) => `s${index}.company-eve.test`);
    for (const hostname of rows) await addDomain(world.ctx(), eve.workspaceId, eve.appId, { hostname });
    await world.platform.settle();
    await expect(world.claim(eve)).rejects.toMatchObject({ code: "quota_exceeded" });
  }, 60_000);
});

describe("another tenant", () => {
  it("finds nothing, whatever it asks for", async () => {
    const { id } = await world.claim(ada);
    const routes = ["GET", "PATCH", "DELETE", "POST /verify", "POST /activate", "POST /rollback", "POST /certificate/renew"];
    for (const route of routes) {
      const [method = "", action = ""] = route.split(" ");
      const body = method === "GET" || method === "DELETE" ? undefined : {};
      for (const app of [ada.appId, bob.appId]) {
        const answer = await ask(`${method} /api/v1/apps/${app}/domains/${id}${action}`, bob, body);
        expect([route, answer.status, answer.body.code]).toEqual([route, 404, "not_found"]);
      }
    }
    expect((await ask(`GET /api/v1/workspaces/${ada.workspaceId}/domains/quota`, bob)).status).toBe(404);
    expect((await world.row(id))?.status).not.toBe("removed");
  });

  it("cannot have a hostname led to its app, nor lead its own to another's", async () => {
    const mine = await world.active(bob);
    const stolen = await ask(`POST /api/v1/apps/${bob.appId}/domains/${mine.id}/activate`, bob, { app_id: ada.appId });
    expect([stolen.status, stolen.body.code]).toEqual([404, "not_found"]);
  });
});

describe("a check that somebody asks for", () => {
  it("is not made twice within five seconds", async () => {
    const { id } = await world.claim(ada);
    await world.verify(ada, id);
    await world.ctx().db.execute(`UPDATE app_domains SET checked_at = now() WHERE id = '${id}'`);
    const again = await ask(`POST /api/v1/apps/${ada.appId}/domains/${id}/verify`, ada, {});
    expect([again.status, again.body.code, again.headers.get("Retry-After")]).toEqual([429, "rate_limited", "5"]);
  });
});

describe("the quota", () => {
  it("is Cloudflare's", async () => {
    world.pass(HOUR);
    const { body } = await ask(`GET /api/v1/workspaces/${ada.workspaceId}/domains/quota`, ada);
    expect(body.data).toEqual({ allocated: 10_000, used: world.cloudflare.hostnames().length, exceeded: false, source: "cloudflare" });
  });

  it("that is used up is told, and waited for", async () => {
    const claimed = await world.claim(ada);
    world.obey(claimed);
    world.cloudflare.fail({ kind: "quota_exceeded", method: "POST" });
    expect(await world.verify(ada, claimed.id)).toMatchObject({ status: "action_needed", next_step: { code: "hostname_quota" } });
    world.cloudflare.fail(null);
    world.pass(MINUTE);
    await checkDueDomains(world.ctx());
    expect((await world.shown(ada, claimed.id)).status).toBe("verifying");
  });
});
