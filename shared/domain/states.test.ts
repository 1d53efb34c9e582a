import { describe, expect, it } from "vitest";
import { CERTIFICATE_STATUSES, HOSTNAME_STATUSES } from "./cloudflare/statuses.ts";
import type { Finding } from "./dns/verdicts.ts";
import { ownershipRecord, routingRecord } from "./records.ts";
import { AWAY_CHECKS, type CustomState, type DomainStatus, decide, type Situation } from "./states.ts";

const claim = { hostname: "shop.example.com", verificationToken: "agentflow-00ff", certificateMethod: "http" } as const;
const records = { ownership: ownershipRecord(claim), routing: routingRecord(claim, "customers.host.example"), certificate: [] };
const found = (state: Finding["state"], reason: Finding["reason"], texts: string[] = []): Finding => ({ state, reason, found: texts });
const PASSED = found("passed", "cname");
const MISSING = found("failed", "missing");
const SILENT = found("unknown", "timeout");

const known = (hostname: string, certificate: string, valid: boolean | null = null): CustomState => {
  return { kind: "known", hostname, certificate, errors: [], valid };
};

/** A claim that is proved and leads here, unless it is said otherwise. */
function situation(more: Partial<Situation> = {}): Situation {
  return {
    hostname: claim.hostname,
    status: "issuing",
    verified: true,
    inService: true,
    configured: true,
    over: false,
    away: 0,
    dns: { ownership: PASSED, routing: PASSED },
    custom: known("active", "active", true),
    records,
    ...more,
  };
}

const outcome = (more: Partial<Situation>) => {
  const { status, nextStep } = decide(situation(more));
  return [status, nextStep?.code ?? null];
};

/** What each pair comes to for a claim that was never served: first by the hostname, then by the certificate. */
const BY_HOSTNAME: Readonly<Record<string, readonly [DomainStatus, string]>> = {
  pending: ["verifying", "hostname_pending"],
  active_redeploying: ["verifying", "hostname_pending"],
  pending_migration: ["verifying", "hostname_pending"],
  pending_provisioned: ["verifying", "hostname_pending"],
  provisioned: ["verifying", "hostname_pending"],
  test_pending: ["verifying", "hostname_pending"],
  test_active: ["verifying", "hostname_pending"],
  test_active_apex: ["verifying", "hostname_pending"],
  moved: ["moved", "hostname_recreating"],
  pending_deletion: ["moved", "hostname_recreating"],
  deleted: ["moved", "hostname_recreating"],
  pending_blocked: ["action_needed", "hostname_blocked"],
  test_blocked: ["action_needed", "hostname_blocked"],
  blocked: ["action_needed", "hostname_blocked"],
  test_failed: ["failed", "hostname_failed"],
};
const BY_CERTIFICATE: Readonly<Record<string, readonly [DomainStatus, string | null]>> = {
  active: ["active", null],
  initializing: ["issuing", "certificate_pending"],
  pending_validation: ["issuing", "certificate_pending"],
  pending_issuance: ["issuing", "certificate_pending"],
  pending_deployment: ["issuing", "certificate_pending"],
  staging_deployment: ["issuing", "certificate_pending"],
  staging_active: ["issuing", "certificate_pending"],
  holding_deployment: ["issuing", "certificate_pending"],
  pending_expiration: ["issuing", "certificate_pending"],
  pending_cleanup: ["issuing", "certificate_pending"],
  backup_issued: ["issuing", "certificate_pending"],
  deleted: ["issuing", "certificate_pending"],
  pending_deletion: ["issuing", "certificate_pending"],
  deletion_timed_out: ["issuing", "certificate_pending"],
  deactivating: ["issuing", "certificate_pending"],
  inactive: ["issuing", "certificate_pending"],
  expired: ["action_needed", "certificate_expired"],
  initializing_timed_out: ["action_needed", "certificate_stalled"],
  validation_timed_out: ["action_needed", "certificate_stalled"],
  issuance_timed_out: ["action_needed", "certificate_stalled"],
  deployment_timed_out: ["action_needed", "certificate_stalled"],
};

const hostnames = Object.keys(HOSTNAME_STATUSES);
const certificates = Object.keys(CERTIFICATE_STATUSES);
const pairs = hostnames.flatMap((hostname) => certificates.map((certificate) => [hostname, certificate] as const));

describe("every pair of Cloudflare's statuses", () => {
  it("is 16 by 21", () => expect([hostnames.length, certificates.length]).toEqual([16, 21]));

  it.each(pairs)("%s and %s have a state and a next step", (hostname, certificate) => {
    const expired = certificate === "expired" && ["active", ...hostnames].includes(hostname);
    const byHostname = BY_HOSTNAME[hostname];
    const blocked = byHostname && byHostname[0] !== "verifying";
    const wanted = expired && !blocked ? BY_CERTIFICATE["expired"] : (byHostname ?? BY_CERTIFICATE[certificate]);
    expect(outcome({ custom: known(hostname, certificate) })).toEqual(wanted);
  });

  it.each(pairs)("%s and %s: silence of DNS neither throws nor serves", (hostname, certificate) => {
    for (const status of ["pending", "verifying", "issuing", "moved", "failed", "action_needed"] as const) {
      const [next] = outcome({ status, custom: known(hostname, certificate), dns: { ownership: SILENT, routing: SILENT } });
      expect(next).not.toBe("active");
    }
  });

  it("keep what is served while something is done to it", () => {
    const kept = pairs.filter(
      ([hostname, certificate]) => outcome({ status: "active", custom: known(hostname, certificate, true) })[0] === "active",
    );
    const keeping = ["active", "active_redeploying", "pending_migration", "provisioned", "test_active", "test_active_apex"];
    const lost = ["deleted", "pending_deletion", "deletion_timed_out", "deactivating", "inactive", "expired"];
    const wanted = pairs.filter(([hostname, certificate]) => keeping.includes(hostname) && !lost.includes(certificate));
    expect(kept).toEqual(wanted);
  });
});

describe("a status that is not known", () => {
  it.each([
    ["new_thing", "active"],
    ["active", "new_thing"],
    ["constructor", "toString"],
  ])("%s, %s: changes nothing, and is told", (hostname, certificate) => {
    for (const status of ["verifying", "issuing", "moved", "action_needed"] as const) {
      expect(outcome({ status, custom: known(hostname, certificate) })).toEqual([status, "unknown_status"]);
    }
    expect(outcome({ status: "active", custom: known(hostname, certificate) })).toEqual(["active", null]);
  });
});

describe("silence", () => {
  const STATUSES = ["pending", "verifying", "issuing", "active", "failed", "action_needed", "moved"] as const;

  it.each(STATUSES)("of both changes nothing: %s", (status) => {
    const silent = { status, custom: { kind: "unknown" }, dns: { ownership: SILENT, routing: SILENT } } as const;
    expect(decide(situation({ ...silent, verified: status !== "pending" })).status).toBe(status);
    expect(decide(situation({ ...silent, inService: false, status: "verified" })).status).toBe("verified");
  });

  it("does not let a claim run out of time", () => {
    expect(outcome({ over: true, custom: { kind: "unknown" } })[0]).toBe("issuing");
    expect(outcome({ over: true, custom: known("active", "initializing"), dns: { ownership: PASSED, routing: SILENT } })[0]).toBe(
      "issuing",
    );
  });

  it("of Cloudflare changes nothing, whatever DNS says, once ownership is proved", () => {
    for (const routing of [PASSED, MISSING, SILENT, found("pending", "not_everywhere")]) {
      expect(outcome({ status: "active", custom: { kind: "unknown" }, dns: { ownership: PASSED, routing } })[0]).toBe("active");
    }
    expect(outcome({ status: "pending", verified: false, custom: { kind: "unknown" } })).toEqual(["verifying", "cloudflare_unreachable"]);
  });

  it("says what is wrong where the domain itself is", () => {
    const silent = (reason: Finding["reason"]) =>
      outcome({ status: "pending", verified: false, dns: { ownership: found("unknown", reason), routing: SILENT } });
    expect(silent("dnssec")).toEqual(["pending", "dnssec_broken"]);
    expect(silent("lame")).toEqual(["pending", "dns_servers_failing"]);
    expect(silent("rate_limited")).toEqual(["pending", "dns_unanswered"]);
  });
});

describe("ownership", () => {
  const unproved = (ownership: Finding, more: Partial<Situation> = {}) =>
    decide(situation({ status: "pending", verified: false, custom: { kind: "none" }, dns: { ownership, routing: MISSING }, ...more }));

  it("is asked for with the exact records", () => {
    const { status, nextStep } = unproved(MISSING);
    expect(status).toBe("pending");
    expect(nextStep?.message).toBe(
      "Set the TXT record _agentflow.shop.example.com to agentflow-00ff, or only set the CNAME record shop.example.com to 00ff.customers.host.example, which also brings visitors here.",
    );
    expect(unproved(found("failed", "wrong", ["v=spf1 -all"]))).toMatchObject({
      status: "action_needed",
      nextStep: { code: "fix_ownership_record", message: expect.stringContaining("v=spf1 -all") },
    });
    expect(unproved(found("pending", "not_everywhere"))).toMatchObject({ status: "verifying", nextStep: { code: "wait_for_dns" } });
  });

  it("is given up after its time, and lasts once it is proved", () => {
    expect(unproved(MISSING, { over: true })).toMatchObject({
      status: "failed",
      verified: false,
      nextStep: { code: "verification_timed_out" },
    });
    expect(decide(situation({ dns: { ownership: MISSING, routing: PASSED } }))).toMatchObject({ status: "active", verified: true });
  });

  it("at the top of a domain is proved by a text, and its route is an alias", () => {
    const apex = { ...claim, hostname: "example.com" };
    const own = { ownership: ownershipRecord(apex), routing: routingRecord(apex, "customers.host.example"), certificate: [] };
    const add = decide(situation({ status: "pending", verified: false, records: own, dns: { ownership: MISSING, routing: MISSING } }));
    expect(add.nextStep?.message).toBe("Set the TXT record _agentflow.example.com to agentflow-00ff.");
    const point = decide(
      situation({ records: own, dns: { ownership: PASSED, routing: MISSING }, custom: known("pending", "pending_validation") }),
    );
    expect(point.nextStep?.message).toMatch(/^Let example\.com lead to customers\.host\.example: as an ALIAS or ANAME/);
  });
});

describe("routing", () => {
  const elsewhere = found("failed", "wrong", ["192.0.2.1"]);

  it("has the last word on what becomes active", () => {
    expect(outcome({ dns: { ownership: PASSED, routing: MISSING } })).toEqual(["verifying", "point_dns"]);
    expect(outcome({ dns: { ownership: PASSED, routing: elsewhere } })).toEqual(["action_needed", "fix_dns"]);
    expect(outcome({ dns: { ownership: PASSED, routing: found("failed", "loop") } })).toEqual(["action_needed", "dns_loop"]);
    expect(outcome({ dns: { ownership: PASSED, routing: found("failed", "mixed") } })).toEqual(["action_needed", "dns_mixed"]);
    expect(outcome({ dns: { ownership: PASSED, routing: found("pending", "not_everywhere") } })).toEqual(["verifying", "wait_for_dns"]);
  });

  it("is left to Cloudflare behind the owner's own proxy", () => {
    const dns = { ownership: PASSED, routing: found("pending", "proxied") };
    expect(outcome({ dns, custom: known("pending", "active", true) })).toEqual(["verifying", "behind_proxy"]);
    expect(outcome({ dns })).toEqual(["active", null]);
  });

  it("that is lost takes the host out only after several agreeing checks", () => {
    let [away, status]: [number, DomainStatus] = [0, "active"];
    const steps: unknown[] = [];
    for (const routing of [elsewhere, SILENT, elsewhere, PASSED, elsewhere, elsewhere, elsewhere]) {
      const next = decide(situation({ status, away, dns: { ownership: MISSING, routing } }));
      [away, status] = [next.away, next.status];
      steps.push([status, next.nextStep?.code ?? null]);
    }
    const leaving = ["active", "dns_leaving"];
    const fine = ["active", null];
    expect(steps).toEqual([leaving, fine, leaving, fine, leaving, leaving, ["moved", "dns_moved"]]);
    expect(AWAY_CHECKS).toBe(3);
    expect(outcome({ status: "moved", dns: { ownership: MISSING, routing: PASSED } })).toEqual(["active", null]);
  });

  it("that stays lost for the whole time lets the proof lapse", () => {
    const left = situation({ status: "moved", over: true, dns: { ownership: MISSING, routing: elsewhere } });
    expect(decide(left)).toMatchObject({ status: "failed", verified: false, nextStep: { code: "verification_lapsed" } });
    expect(decide({ ...left, dns: { ownership: PASSED, routing: elsewhere } })).toMatchObject({ status: "moved", verified: true });
    expect(decide({ ...left, dns: { ownership: SILENT, routing: SILENT } })).toMatchObject({ status: "moved", verified: true });
  });
});

describe("Cloudflare", () => {
  it("that is not set up leaves a proved claim verified, and what is served served", () => {
    expect(outcome({ configured: false, custom: { kind: "none" } })).toEqual(["verified", "cloudflare_not_configured"]);
    expect(outcome({ configured: false, status: "active", custom: { kind: "none" } })).toEqual(["active", null]);
    expect(outcome({ status: "verified", custom: { kind: "none" } })).toEqual(["verifying", "hostname_pending"]);
  });

  it("that refuses says why", () => {
    const refused = (why: "quota" | "hostname" | "credentials") => outcome({ custom: { kind: "refused", why, detail: "reserved" } });
    expect(refused("quota")).toEqual(["action_needed", "hostname_quota"]);
    expect(refused("hostname")).toEqual(["failed", "hostname_refused"]);
    expect(refused("credentials")).toEqual(["issuing", "cloudflare_refuses"]);
  });

  it("has seven days", () => {
    expect(outcome({ over: true, custom: known("active", "pending_validation") })).toEqual(["failed", "activation_timed_out"]);
    expect(outcome({ over: true })).toEqual(["active", null]);
  });
});

describe("a certificate", () => {
  it("that is over takes the host out, however it is called", () => {
    expect(outcome({ status: "active", custom: known("active", "active", false) })).toEqual(["action_needed", "certificate_expired"]);
    expect(outcome({ status: "active", custom: known("active", "pending_validation", false) })).toEqual([
      "action_needed",
      "certificate_expired",
    ]);
  });

  it("names the record that its renewal waits for, while the old one serves", () => {
    const record = { purpose: "certificate", type: "TXT", name: "_acme-challenge.shop.example.com", value: "abc", required: true } as const;
    const waits = decide(
      situation({ status: "active", records: { ...records, certificate: [record] }, custom: known("active", "pending_validation", true) }),
    );
    expect(waits).toMatchObject({ status: "active", nextStep: { code: "add_certificate_record" } });
    expect(waits.nextStep?.message).toContain("Set the TXT record _acme-challenge.shop.example.com to abc.");
  });
});

describe("out of service", () => {
  it("nothing is active, and what is wrong is shown all the same", () => {
    const rest = { status: "verified", inService: false } as const;
    expect(outcome(rest)).toEqual(["verified", "activate"]);
    expect(outcome({ ...rest, custom: known("pending", "pending_validation") })).toEqual(["verified", "activate"]);
    expect(outcome({ ...rest, custom: known("blocked", "active") })).toEqual(["action_needed", "hostname_blocked"]);
  });

  it("is where removed claims stay", () => {
    expect(decide(situation({ status: "removed" })).status).toBe("removed");
  });
});
