import type { DOMAIN_STATUSES } from "#platform/schema";
import { type CertificateMeaning, certificateMeaning, type HostnameMeaning, hostnameMeaning } from "./cloudflare/statuses.ts";
import type { DnsFacts } from "./dns/look-up.ts";
import type { Finding, Verdict } from "./dns/verdicts.ts";
import type { NextStep, StepRecords } from "./next-steps.ts";
import * as steps from "./next-steps.ts";

export type DomainStatus = (typeof DOMAIN_STATUSES)[number];

/** What Cloudflare has of a host. `unknown`: it could not be asked. `refused`: it will not have it as things are. */
export type CustomState =
  | { readonly kind: "none" }
  | { readonly kind: "unknown" }
  | { readonly kind: "refused"; readonly why: "quota" | "hostname" | "credentials"; readonly detail: string }
  | {
      readonly kind: "known";
      readonly hostname: string;
      readonly certificate: string;
      readonly errors: readonly string[];
      /** Whether the certificate in use is valid now; `null` where there is none, or its end is not known. */
      readonly valid: boolean | null;
    };

/** Everything that the state of a claim follows from. */
export interface Situation {
  readonly hostname: string;
  readonly status: DomainStatus;
  /** Whether ownership was proved before. */
  readonly verified: boolean;
  /** Whether members want it served. */
  readonly inService: boolean;
  /** Whether this deployment can make custom hostnames. */
  readonly configured: boolean;
  /** Whether the time in which it was to become active is over. */
  readonly over: boolean;
  /** Checks in a row, before this one, that found it to lead elsewhere. */
  readonly away: number;
  readonly dns: Pick<DnsFacts, "ownership" | "routing">;
  readonly custom: CustomState;
  readonly records: StepRecords;
}

export interface Decision {
  readonly status: DomainStatus;
  readonly nextStep: NextStep | null;
  readonly verified: boolean;
  readonly away: number;
}

/** Agreeing checks after which a host that led here is taken to have moved. */
export const AWAY_CHECKS = 3;

type Outcome = Pick<Decision, "status" | "nextStep">;

/**
 * The state of a claim: a function of our record, of what Cloudflare says of the hostname and its certificate, and of what DNS
 * says. Total: there is no situation that it throws at. Silence, of Cloudflare or of DNS, changes no state.
 */
export function decide(situation: Situation): Decision {
  const { status, dns, away } = situation;
  if (status === "removed") return { status, nextStep: null, verified: situation.verified, away };
  const verified = situation.verified || dns.ownership.state === "passed";
  const counted = dns.routing.state === "failed" ? away + 1 : dns.routing.state === "passed" ? 0 : away;
  if (!verified) return { ...unproved(situation), verified, away: counted };
  const shown = proved(situation, counted);
  const outcome = onTime(situation, situation.inService ? shown : atRest(shown));
  const lapsed = outcome.nextStep?.code === "verification_lapsed";
  return { ...outcome, verified: !lapsed, away: counted };
}

function unproved({ status, dns: { ownership }, over, records, hostname }: Situation): Outcome {
  if (ownership.state === "unknown") return { status, nextStep: steps.dnsSilent(ownership, hostname) };
  if (over) return { status: "failed", nextStep: steps.verificationTimedOut(records) };
  if (ownership.state === "pending") return { status: "verifying", nextStep: steps.waitForDns() };
  if (ownership.reason === "wrong") return { status: "action_needed", nextStep: steps.fixOwnership(records, ownership) };
  return { status: "pending", nextStep: steps.addOwnership(records) };
}

/** The state it had, of a claim that was proved before; one that has just been proved is on its way. */
function unchanged({ status, verified }: Situation, nextStep: NextStep | null): Outcome {
  if (status === "active") return { status, nextStep: null };
  return { status: verified ? status : "verifying", nextStep };
}

function proved(situation: Situation, away: number): Outcome {
  const { status, configured, custom } = situation;
  if (!configured) return status === "active" ? { status, nextStep: null } : { status: "verified", nextStep: steps.notConfigured() };
  switch (custom.kind) {
    case "none":
      return unchanged({ ...situation, verified: situation.verified && status !== "verified" }, steps.hostnamePending());
    case "unknown":
      return unchanged(situation, steps.unreachable());
    case "refused":
      if (custom.why === "credentials") return unchanged(situation, steps.notAccepted());
      if (custom.why === "quota") return { status: "action_needed", nextStep: steps.quotaReached() };
      return { status: "failed", nextStep: steps.hostnameRefused(custom.detail) };
    case "known":
      return known(situation, custom, away);
  }
}

type Known = Extract<CustomState, { kind: "known" }>;

function known(situation: Situation, custom: Known, away: number): Outcome {
  const hostname = hostnameMeaning(custom.hostname);
  const certificate = certificateMeaning(custom.certificate);
  if (hostname === null) return unchanged(situation, steps.unknownStatus(custom.hostname));
  if (certificate === null) return unchanged(situation, steps.unknownStatus(custom.certificate));
  return served(situation, custom, { hostname, certificate, away });
}

/** Out of service, what would be served, or is on its way to be, is only verified; what is wrong with it is shown all the same. */
function atRest(outcome: Outcome): Outcome {
  const hidden = ["active", "verifying", "issuing"].includes(outcome.status);
  return hidden ? { status: "verified", nextStep: steps.outOfService() } : outcome;
}

/** Whether it was served until now, or would have been. */
function wasServed({ status, inService }: Situation): boolean {
  return status === "active" || (status === "verified" && !inService);
}

/** Behind a proxy of the owner's own, and without a target to compare with, only Cloudflare knows whether visitors come here. */
function routingOf({ state, reason }: Finding, hostname: HostnameMeaning): Verdict {
  if (reason !== "proxied" && reason !== "no_target") return state;
  return hostname === "ready" || hostname === "keeps" ? "passed" : "pending";
}

interface Meanings {
  readonly hostname: HostnameMeaning;
  readonly certificate: CertificateMeaning;
  readonly away: number;
}

function served(situation: Situation, custom: Known, meanings: Meanings): Outcome {
  const { records, dns } = situation;
  const { hostname, away } = meanings;
  if (hostname === "blocked") return { status: "action_needed", nextStep: steps.hostnameBlocked() };
  if (hostname === "failed") return { status: "failed", nextStep: steps.hostnameFailed(custom.errors) };
  const routing = routingOf(dns.routing, hostname);
  if (hostname === "moved" || hostname === "gone") {
    return { status: "moved", nextStep: routing === "failed" ? steps.dnsMoved(records, dns.routing) : steps.recreating() };
  }
  if (routing === "failed") return elsewhere(situation, away);
  const certified = certificateOutcome(situation, custom, meanings);
  return certified ?? routed(situation, routing);
}

/** A host that does not lead here, or not any more. */
function elsewhere(situation: Situation, away: number): Outcome {
  const { status, records, dns } = situation;
  if (status === "moved" || (wasServed(situation) && away >= AWAY_CHECKS)) {
    return { status: "moved", nextStep: steps.dnsMoved(records, dns.routing) };
  }
  if (wasServed(situation)) return { status, nextStep: steps.dnsAway(records, dns.routing) };
  const missing = dns.routing.reason === "missing";
  return { status: missing ? "verifying" : "action_needed", nextStep: steps.pointDns(records, dns.routing) };
}

/** What is still, or again, to happen at Cloudflare; `null` when hostname and certificate are in use. */
function certificateOutcome(situation: Situation, custom: Known, meanings: Meanings): Outcome | null {
  const { hostname, certificate } = meanings;
  const before = wasServed(situation);
  const over = certificate === "expired" || (custom.valid === false && (certificate === "ready" || before));
  if (over) return { status: "action_needed", nextStep: steps.certificateExpired() };
  if (hostname !== "ready" && !(hostname === "keeps" && before)) {
    const proxied = situation.dns.routing.reason === "proxied";
    return { status: "verifying", nextStep: proxied ? steps.behindProxy(situation.records) : steps.hostnamePending() };
  }
  if (certificate === "ready" || (certificate === "keeps" && before)) return null;
  // A renewal takes nothing away while the certificate in use is valid.
  const renewing = before && custom.valid === true && certificate !== "gone";
  const outcome = issuing(situation, custom, certificate);
  return renewing ? { ...outcome, status: "active" } : outcome;
}

function issuing({ records }: Situation, { errors }: Known, certificate: CertificateMeaning): Outcome {
  if (certificate === "stalled") return { status: "action_needed", nextStep: steps.certificateStalled(records, errors) };
  return { status: "issuing", nextStep: certificate === "validating" ? steps.certificateWaits(records) : steps.certificatePending() };
}

/** Hostname and certificate are in use; DNS has the last word. */
function routed(situation: Situation, routing: Verdict): Outcome {
  const { dns, hostname } = situation;
  if (routing === "passed" || wasServed(situation)) return { status: "active", nextStep: null };
  if (routing === "unknown") return unchanged(situation, steps.dnsSilent(dns.routing, hostname));
  return { status: "verifying", nextStep: steps.waitForDns() };
}

/** Whether somebody who would have to be asked could not be. */
function isSilent({ custom, dns: { routing } }: Situation): boolean {
  return custom.kind === "unknown" || (routing.state === "unknown" && routing.reason !== "no_target");
}

/** What takes longer than the time for it has failed; what leads elsewhere for so long, and does not prove its owner, is free for others. */
function onTime(situation: Situation, outcome: Outcome): Outcome {
  const { over, status, dns, records } = situation;
  if (!over || isSilent(situation) || outcome.status === "active" || outcome.status === "verified") return outcome;
  if (outcome.status === "moved") {
    const left = status === "moved" && dns.routing.state === "failed" && dns.ownership.state === "failed";
    return left ? { status: "failed", nextStep: steps.verificationLapsed(records) } : outcome;
  }
  if (outcome.status === "failed") return outcome;
  return { status: "failed", nextStep: steps.activationTimedOut(outcome.nextStep) };
}
