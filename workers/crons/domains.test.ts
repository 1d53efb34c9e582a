import { eq, sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { checkDueDomains, reconcileDomains, removeDomain } from "#domain";
import { errorCode } from "#platform/errors";
import { appDomains, auditLogs, workspaces } from "#platform/schema";
import { DAY, DomainsWorld, HOUR, MINUTE, SECOND } from "../api/testing/domains.ts";
import type { Person } from "../api/testing/platform.ts";

type Owner = Person & { readonly appId: string };

let world: DomainsWorld;
let ada: Owner;

beforeAll(async () => {
  world = await DomainsWorld.start();
  ada = await world.person();
}, 120_000);
afterAll(() => world.stop());
afterEach(() => world.reset());

describe("a thousand claims", () => {
  it("stay within Cloudflare's limit, are checked no more often than the schedule, and none is forgotten", {
    timeout: 600_000,
  }, async () => {
    const template = await world.claim(ada, "template.thousand.test");
    await world.ctx().db.execute(sql`
      INSERT INTO app_domains (id, workspace_id, app_id, hostname, status, verification_token, verified_at, next_check_at, created_at)
      SELECT 'dom_thousand_' || n, workspace_id, app_id, 'h' || n || '.thousand.test', 'verifying', verification_token, ${new Date(world.cloudflare.clock.now())}, next_check_at, created_at
      FROM app_domains, generate_series(1, 1000) AS n WHERE id = ${template.id}`);
    await world.ctx().db.delete(appDomains).where(eq(appDomains.id, template.id));
    const requests: (readonly [at: number, count: number])[] = [];
    const checked = new Map<string, number[]>();
    // By the minute while all are new, then for six hours more.
    for (const step of [...new Array<number>(20).fill(MINUTE), ...new Array<number>(12).fill(30 * MINUTE)]) {
      world.cloudflare.interfere(null);
      world.pass(step);
      await checkDueDomains(world.ctx());
      const now = world.cloudflare.clock.now();
      requests.push([now, world.cloudflare.seen.length]);
      const rows = await world.ctx().db.select({ id: appDomains.id, checkedAt: appDomains.checkedAt }).from(appDomains);
      for (const { id, checkedAt } of rows) if (checkedAt?.getTime() === now) checked.set(id, [...(checked.get(id) ?? []), now]);
    }
    const windows = requests.map(([end]) =>
      requests.reduce((sum, [at, count]) => (at > end - 5 * MINUTE && at <= end ? sum + count : sum), 0),
    );
    expect(Math.max(...windows)).toBeLessThanOrEqual(1_200);
    expect(checked.size).toBe(1_000);
    expect(world.cloudflare.hostnames().filter(({ hostname }) => hostname.endsWith(".thousand.test"))).toHaveLength(1_000);
    for (const times of checked.values())
      expect(times.filter((time) => time <= (times[0] ?? 0) + 20 * MINUTE).length).toBeLessThanOrEqual(10);
    const counts = [...checked.values()].map((times) => times.length);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2);
  });
});

describe("a claim that nobody helps along", () => {
  it("is checked 75 times within seven days, and then fails until somebody asks", { timeout: 120_000 }, async () => {
    const claimed = await world.claim(ada);
    const begun = world.cloudflare.clock.now();
    const times = [begun];
    for (let checks = 1; ; ) {
      const { nextCheckAt } = (await world.row(claimed.id)) ?? {};
      if (!nextCheckAt) break;
      world.pass(nextCheckAt.getTime() - world.cloudflare.clock.now());
      await checkDueDomains(world.ctx());
      times.push(world.cloudflare.clock.now());
      checks += 1;
      if (checks > 100) break;
    }
    expect(times).toHaveLength(75);
    expect(times.filter((time) => time - begun <= 20 * MINUTE)).toHaveLength(10 + 1);
    expect((times.at(-1) ?? 0) - begun).toBeLessThanOrEqual(7 * DAY);
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(4 * HOUR);
    expect(gaps).toEqual(gaps.toSorted((a, b) => a - b));
    expect(await world.shown(ada, claimed.id)).toMatchObject({ status: "failed", next_step: { code: "verification_timed_out" } });
    world.obey(claimed);
    expect((await world.verify(ada, claimed.id)).status).toBe("verifying");
  });
});

describe("a workspace that is deleted", () => {
  it("keeps its hostnames while it can be restored, and then gives them up", async () => {
    const carol = await world.person("Carol");
    const active = await world.active(carol);
    const deleteAt = new Date(world.cloudflare.clock.now() + 7 * DAY);
    await world.ctx().db.update(workspaces).set({ status: "deleting", deleteAt }).where(eq(workspaces.id, carol.workspaceId));
    world.pass(6 * DAY);
    await reconcileDomains(world.ctx());
    expect((await world.row(active.id))?.status).toBe("active");
    world.pass(2 * DAY);
    await reconcileDomains(world.ctx());
    await reconcileDomains(world.ctx());
    expect((await world.row(active.id))?.status).toBe("removed");
    await world.run(MINUTE);
    expect(world.hostnamesAt(active.hostname)).toHaveLength(0);
    const log = await world.ctx().db.select().from(auditLogs).where(eq(auditLogs.targetId, active.id));
    expect(log.filter(({ action }) => action === "domain.removed")).toHaveLength(1);
    world.pass(DAY);
    expect((await world.active(ada, active.hostname)).hostname).toBe(active.hostname);
  });
});

describe("a host that leads elsewhere", () => {
  it("is served until that is certain, and again once it leads here", { timeout: 60_000 }, async () => {
    const active = await world.active(ada);
    const [custom] = world.hostnamesAt(active.hostname);
    world.cloudflare.pin(custom?.id ?? "", { status: "active", ssl: "active" });
    world.plant(active.hostname, "A 198.51.100.7");
    expect(await world.verify(ada, active.id)).toMatchObject({ status: "active", next_step: { code: "dns_leaving" } });
    await world.run(11 * MINUTE);
    expect((await world.shown(ada, active.id)).status).toBe("active");
    await world.run(11 * MINUTE);
    expect(await world.shown(ada, active.id)).toMatchObject({ status: "moved", next_step: { code: "dns_moved" } });
    expect((await world.told(active.id)).at(-1)).toContain('"to":"moved"');
    world.obey(active);
    expect((await world.verify(ada, active.id)).status).toBe("active");
  });

  it("and is lost at Cloudflare is made again once it leads here", { timeout: 60_000 }, async () => {
    const active = await world.active(ada);
    world.plant(active.hostname, "A 198.51.100.7");
    world.pass(6 * HOUR);
    await checkDueDomains(world.ctx());
    expect((await world.shown(ada, active.id)).status).toBe("moved");
    await world.run(15 * DAY, 4 * HOUR);
    expect(world.hostnamesAt(active.hostname)).toHaveLength(0);
    world.obey(active);
    for (let round = 0; round < 4; round += 1) await world.verify(ada, active.id);
    expect([(await world.shown(ada, active.id)).status, world.hostnamesAt(active.hostname).length]).toEqual(["active", 1]);
  });

  it("for seven days, and proves nothing, is free for others", { timeout: 60_000 }, async () => {
    const bob = await world.person("Bob");
    const active = await world.active(ada);
    world.plant(active.hostname, "A 198.51.100.7");
    world.plant(`_agentflow.${active.hostname}`);
    await expect(world.claim(bob, active.hostname)).rejects.toMatchObject({ code: "conflict" });
    await world.run(14 * DAY, 2 * HOUR);
    expect(await world.shown(ada, active.id)).toMatchObject({
      status: "failed",
      verified_at: null,
      next_step: { code: "verification_lapsed" },
    });
    expect((await world.claim(bob, active.hostname)).status).toBe("pending");
  });
});

describe("a certificate", () => {
  /** Days, by the events that told them. */
  const days = async (id: string) =>
    (await world.told(id)).flatMap((line) =>
      line.startsWith("domain.certificate_expiring") ? [Number(/"days":(\d+)/.exec(line)?.[1])] : [],
    );

  it("that ends is told 30, 14, 7 and 1 days ahead, once each, and a renewal clears it", { timeout: 120_000 }, async () => {
    const active = await world.active(ada, world.name(), { certificateMethod: "txt" });
    const end = Date.parse(active.checks.certificate.expires_at ?? "");
    const [custom] = world.hostnamesAt(active.hostname);
    const codes: (readonly [number, number])[] = [];
    for (const day of [31, 29.9, 20, 13.9, 8, 6.9, 2, 0.9]) {
      world.pass(end - day * DAY - world.cloudflare.clock.now());
      await checkDueDomains(world.ctx());
      await checkDueDomains(world.ctx());
      codes.push([day, (await world.shown(ada, active.id)).notices.length]);
    }
    expect(codes).toEqual([
      [31, 0],
      [29.9, 1],
      [20, 1],
      [13.9, 2],
      [8, 2],
      [6.9, 3],
      [2, 3],
      [0.9, 4],
    ]);
    expect(await days(active.id)).toEqual([30, 14, 7, 1]);
    const warned = await world.shown(ada, active.id);
    expect(warned).toMatchObject({ status: "active", next_step: { code: "add_certificate_record" } });

    world.cloudflare.pin(custom?.id ?? "", { status: "active", ssl: "active", expiresAt: end + 90 * DAY });
    await world.verify(ada, active.id);
    expect((await world.shown(ada, active.id)).notices).toEqual([]);
    expect((await world.told(active.id)).filter((line) => line.startsWith("domain.certificate_renewed"))).toHaveLength(1);
  });

  it("is looked at when a notice falls due, not hours later", async () => {
    const active = await world.active(ada, world.name(), { certificateMethod: "txt" });
    const end = Date.parse(active.checks.certificate.expires_at ?? "");
    world.pass(end - 30 * DAY - 2 * HOUR - world.cloudflare.clock.now());
    await checkDueDomains(world.ctx());
    expect((await world.row(active.id))?.nextCheckAt?.getTime()).toBe(end - 30 * DAY);
  });

  it("that nobody renewed takes the host out", { timeout: 60_000 }, async () => {
    const active = await world.active(ada, world.name(), { certificateMethod: "txt" });
    world.pass(Date.parse(active.checks.certificate.expires_at ?? "") + SECOND - world.cloudflare.clock.now());
    await checkDueDomains(world.ctx());
    expect(await world.shown(ada, active.id)).toMatchObject({ status: "action_needed", next_step: { code: "certificate_expired" } });
  });

  it("is renewed when somebody asks, and that is written down", async () => {
    const active = await world.active(ada);
    world.cloudflare.interfere(null);
    const answer = await world.platform.call(`POST /api/v1/apps/${ada.appId}/domains/${active.id}/certificate/renew`, {
      as: ada.as,
      body: {},
    });
    expect([answer.status, answer.body.data?.status]).toEqual([200, "active"]);
    expect(world.cloudflare.seen[0]?.method).toBe("PATCH");
    await world.platform.settle();
    const log = await world.platform.call(`GET /api/v1/workspaces/${ada.workspaceId}/audit-logs?action=domain.certificate_renewed`, {
      as: ada.as,
    });
    expect(log.body.data).toHaveLength(1);
    world.cloudflare.fail({ kind: "unavailable" });
    const failed = await world.platform.call(`POST /api/v1/apps/${ada.appId}/domains/${active.id}/certificate/renew`, {
      as: ada.as,
      body: {},
    });
    expect([failed.status, errorCode(failed.body)]).toEqual([503, "upstream_unavailable"]);
  });
});

describe("reconciliation", () => {
  const strangers = () => world.cloudflare.hostnames().filter(({ hostname }) => hostname.endsWith(".stranger.test"));

  it("deletes what nobody claims once it is an hour old, and nothing else", async () => {
    const [active, removed] = [await world.active(ada), await world.active(ada)];
    world.cloudflare.fail({ kind: "unavailable" });
    await removeDomain(world.ctx(), ada.workspaceId, ada.appId, removed.id);
    await world.platform.settle();
    world.cloudflare.fail(null);
    world.cloudflare.add("left.stranger.test");
    await reconcileDomains(world.ctx());
    expect(strangers()).toHaveLength(1);
    world.pass(2 * HOUR);
    await reconcileDomains(world.ctx());
    await reconcileDomains(world.ctx());
    expect(strangers()).toHaveLength(0);
    expect([world.hostnamesAt(active.hostname).length, world.hostnamesAt(removed.hostname).length]).toEqual([1, 1]);
    await checkDueDomains(world.ctx());
    expect(world.hostnamesAt(removed.hostname)).toHaveLength(0);
    world.pass(2 * DAY);
    await reconcileDomains(world.ctx());
    expect(await world.row(removed.id)).toBeUndefined();
  });

  it("makes again what is gone at Cloudflare", { timeout: 60_000 }, async () => {
    const active = await world.active(ada);
    const [custom] = world.hostnamesAt(active.hostname);
    await fetch(`${world.cloudflare.origin}/zones/zone1/custom_hostnames/${custom?.id}`, {
      method: "DELETE",
      headers: { authorization: "Bearer token1" },
    });
    await world.run(7 * HOUR, HOUR);
    await world.run(10 * MINUTE);
    expect([(await world.shown(ada, active.id)).status, world.hostnamesAt(active.hostname).length]).toEqual(["active", 1]);
  });

  it("deletes nothing where too much would go: that is another's zone, or not our database", async () => {
    for (let index = 0; index < 150; index += 1) world.cloudflare.add(`h${index}.stranger.test`);
    world.pass(2 * HOUR);
    await reconcileDomains(world.ctx());
    expect(strangers()).toHaveLength(150);
  });
});
