import type { CERTIFICATE_METHODS } from "#platform/schema";
import type { CustomHostname, ValidationRecord } from "./cloudflare/custom-hostname.ts";
import { proofName, type WantedRecord } from "./dns/look-up.ts";
import { isApex } from "./suffix.ts";

export type CertificateMethod = (typeof CERTIFICATE_METHODS)[number];

/** Something that the owner of a host sets: in DNS, or (`HTTP`) what their server answers at an address. */
export interface ClaimRecord {
  readonly purpose: "ownership" | "routing" | "certificate";
  readonly type: "TXT" | "CNAME" | "ALIAS" | "HTTP";
  readonly name: string;
  readonly value: string;
  /** Whether nothing works without it. */
  readonly required: boolean;
}

/** What a claim's records are made of. */
export interface Claim {
  readonly hostname: string;
  readonly verificationToken: string;
  readonly certificateMethod: CertificateMethod;
}

const TOKEN_PREFIX = "agentflow-";

/** A token from random bytes. Its letters after the prefix are a DNS label as well. */
export function newToken(bytes: Uint8Array): string {
  return `${TOKEN_PREFIX}${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/**
 * The claim's own name below the target. An alias to it proves the claim, since nobody can have set it before the claim was made,
 * and proves no other: what is left behind of a claim that was given up leads here and says nothing.
 */
export function aliasOf(token: string, target: string): string {
  return `${token.slice(TOKEN_PREFIX.length)}.${target}`;
}

export function ownershipRecord({ hostname, verificationToken }: Claim): ClaimRecord & { readonly type: "TXT" } {
  return { purpose: "ownership", type: "TXT", name: proofName(hostname), value: verificationToken, required: isApex(hostname) };
}

/** `null` where the deployment has no target. */
export function routingRecord({ hostname, verificationToken }: Claim, target: string): ClaimRecord | null {
  if (target === "") return null;
  if (isApex(hostname)) return { purpose: "routing", type: "ALIAS", name: hostname, value: target, required: true };
  return { purpose: "routing", type: "CNAME", name: hostname, value: aliasOf(verificationToken, target), required: true };
}

function certificateRecord(method: CertificateMethod, record: ValidationRecord): ClaimRecord | null {
  const { txt_name, txt_value, http_url, http_body, cname, cname_target } = record;
  const purpose = "certificate";
  if (method === "txt" && txt_name && txt_value) return { purpose, type: "TXT", name: txt_name, value: txt_value, required: true };
  if (method === "delegated" && cname && cname_target) return { purpose, type: "CNAME", name: cname, value: cname_target, required: true };
  // Cloudflare answers it by itself once the host leads here.
  if (method === "http" && http_url && http_body) return { purpose, type: "HTTP", name: http_url, value: http_body, required: false };
  return null;
}

/** What Cloudflare and the certificate authority want to see. */
export function cloudflareRecords({ certificateMethod }: Claim, custom: CustomHostname | null): ClaimRecord[] {
  if (custom === null) return [];
  const { ssl, ownership_verification: proof, status } = custom;
  const asked = certificateMethod === "delegated" ? ssl?.dcv_delegation_records : ssl?.validation_records;
  const certificate = (asked ?? []).flatMap((record) => certificateRecord(certificateMethod, record) ?? []);
  // For moving a host in use without a gap: Cloudflare accepts it before it leads here.
  const early: ClaimRecord[] =
    status !== "active" && proof?.name && proof.value
      ? [{ purpose: "ownership", type: "TXT", name: proof.name, value: proof.value, required: false }]
      : [];
  return [...early, ...certificate];
}

/** Those that DNS can be asked for. */
export function inDns(records: readonly ClaimRecord[]): WantedRecord[] {
  return records.flatMap(({ type, name, value }) => (type === "TXT" || type === "CNAME" ? [{ type, name, value }] : []));
}
