import { z } from "zod";
import type { Finding } from "./dns/verdicts.ts";
import type { ClaimRecord } from "./records.ts";

/** What whoever owns the host, or nobody, has to do next. Codes are for programs, messages for people. */
export const nextStepSchema = z.object({ code: z.string(), message: z.string() });
export type NextStep = z.infer<typeof nextStepSchema>;

/** The records that a step can name. */
export interface StepRecords {
  readonly ownership: ClaimRecord;
  readonly routing: ClaimRecord | null;
  readonly certificate: readonly ClaimRecord[];
}

const step = (code: string, message: string): NextStep => ({ code, message });

function setting({ type, name, value }: ClaimRecord): string {
  if (type === "HTTP") return `Let ${name} answer with ${value}`;
  if (type === "ALIAS") {
    return `Let ${name} lead to ${value}: as an ALIAS or ANAME record, or as a CNAME where the DNS provider flattens it (the top of a domain cannot have an ordinary CNAME)`;
  }
  return `Set the ${type} record ${name} to ${value}`;
}

const there = (found: readonly string[]): string => (found.length === 0 ? "" : ` Found instead: ${found.slice(0, 5).join(", ")}.`);

/** Either record proves a claim; at the top of a domain only the text does. */
export function addOwnership({ ownership, routing }: StepRecords): NextStep {
  const other = routing?.type === "CNAME" ? `, or only ${lowered(setting(routing))}, which also brings visitors here` : "";
  return step("add_ownership_record", `${setting(ownership)}${other}.`);
}

const lowered = (text: string): string => `${text.charAt(0).toLowerCase()}${text.slice(1)}`;

export function fixOwnership({ ownership }: StepRecords, { found }: Finding): NextStep {
  return step("fix_ownership_record", `${setting(ownership)}.${there(found)} Other values may stay beside it.`);
}

export function waitForDns(): NextStep {
  return step("wait_for_dns", "The record is there, but not everywhere yet. Nothing is to be done; this is checked again by itself.");
}

/** Why nothing could be learned from DNS. */
export function dnsSilent({ reason }: Finding, hostname: string): NextStep {
  if (reason === "dnssec") {
    const advice = "Have its DNS provider renew the signatures, or take the DS record out at the registrar.";
    return step("dnssec_broken", `The DNSSEC signatures of ${hostname} are not valid, so its records are believed by nobody. ${advice}`);
  }
  if (reason === "lame" || reason === "servfail") {
    return step(
      "dns_servers_failing",
      `The name servers of ${hostname} do not answer. Check that the domain's name servers are the right ones.`,
    );
  }
  return step("dns_unanswered", "DNS could not be asked just now. Nothing has changed, and nothing is to be done.");
}

export function pointDns({ routing }: StepRecords, { reason, found }: Finding): NextStep {
  const set = routing === null ? "Point the host here" : setting(routing);
  switch (reason) {
    case "missing":
      return step("point_dns", `${set}.`);
    case "loop":
      return step("dns_loop", `The CNAME records of the host lead in a circle. ${set}.`);
    case "mixed":
      return step(
        "dns_mixed",
        `Some addresses of the host are not ours, so that some visitors go elsewhere. ${set}, and take the others out.`,
      );
    default:
      return step("fix_dns", `${set}.${there(found)}`);
  }
}

export function dnsAway(records: StepRecords, finding: Finding): NextStep {
  return step(
    "dns_leaving",
    `The host seems to lead elsewhere; if it stays so, it is no longer served. ${pointDns(records, finding).message}`,
  );
}

export function dnsMoved(records: StepRecords, finding: Finding): NextStep {
  return step("dns_moved", `The host leads elsewhere. To have it back: ${lowered(pointDns(records, finding).message)}`);
}

export const behindProxy = ({ routing }: StepRecords): NextStep =>
  step(
    "behind_proxy",
    `The host is behind a Cloudflare account of its own. Its proxied record has to lead to ${routing?.value ?? "us"}; Cloudflare then finds it within minutes.`,
  );

export const notConfigured = (): NextStep =>
  step(
    "cloudflare_not_configured",
    "Ownership is proved. The operator of this deployment has not set Cloudflare up for custom hostnames yet.",
  );
export const unreachable = (): NextStep =>
  step("cloudflare_unreachable", "Cloudflare could not be asked just now. Nothing has changed, and it is asked again by itself.");
export const notAccepted = (): NextStep =>
  step("cloudflare_refuses", "Cloudflare does not accept this deployment's credentials. Its operator has to set them right.");
export const quotaReached = (): NextStep =>
  step(
    "hostname_quota",
    "This deployment has as many custom hostnames as Cloudflare allows it. Its operator has to remove some or get more.",
  );
export const hostnameRefused = (detail: string): NextStep => step("hostname_refused", `Cloudflare does not take this hostname: ${detail}`);
export const hostnameBlocked = (): NextStep =>
  step("hostname_blocked", "Cloudflare has blocked this hostname. Its owner has to ask Cloudflare's support to unblock it.");
export const hostnameFailed = (errors: readonly string[]): NextStep =>
  step(
    "hostname_failed",
    `Cloudflare could not take the hostname.${errors.length > 0 ? ` ${errors.join(" ")}` : ""} Check its records, and verify it again.`,
  );
export const hostnamePending = (): NextStep =>
  step("hostname_pending", "Cloudflare is looking at the hostname. This takes a few minutes, and nothing is to be done.");
export const recreating = (): NextStep =>
  step("hostname_recreating", "Cloudflare had let the hostname go. It is being set up again by itself.");
export const unknownStatus = (status: string): NextStep =>
  step(
    "unknown_status",
    `Cloudflare gives the status "${status}", which is not known here. Nothing has changed; it is asked again by itself.`,
  );
export const certificatePending = (): NextStep =>
  step("certificate_pending", "The certificate is on its way. This takes a few minutes, and nothing is to be done.");

/** What the certificate authority waits for. */
export function certificateWaits({ certificate }: StepRecords): NextStep {
  const required = certificate.filter((record) => record.required);
  if (required.length === 0) return certificatePending();
  return step("add_certificate_record", `${required.map(setting).join(". ")}. The certificate is issued once it is there.`);
}

export function certificateStalled(records: StepRecords, errors: readonly string[]): NextStep {
  const waits = certificateWaits(records);
  const advice = waits.code === "add_certificate_record" ? waits.message : "It is asked for again by itself.";
  return step("certificate_stalled", `The certificate was not issued in time.${errors.length > 0 ? ` ${errors.join(" ")}` : ""} ${advice}`);
}

export const certificateExpired = (): NextStep =>
  step("certificate_expired", "The certificate has expired and was not renewed. Check the records, and have it renewed.");
export const outOfService = (): NextStep => step("activate", "The host is taken out of service. Activate it to serve it again.");
export const verificationTimedOut = ({ ownership }: StepRecords): NextStep =>
  step("verification_timed_out", `Nobody proved to own the host within seven days. ${setting(ownership)}, and verify it again.`);
export function activationTimedOut(before: NextStep | null): NextStep {
  const told = ["The host did not become active within seven days.", before?.message ?? "Look at its checks.", "Then verify it again."];
  return step("activation_timed_out", told.join(" "));
}
export const verificationLapsed = ({ ownership }: StepRecords): NextStep =>
  step(
    "verification_lapsed",
    `The host has led elsewhere for seven days, so its ownership has to be proved again. ${setting(ownership)}, and verify it again.`,
  );
