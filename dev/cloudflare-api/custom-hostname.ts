import { randomBytes, randomUUID } from "node:crypto";
import type { CustomHostname as WireHostname } from "cloudflare/resources/custom-hostnames/custom-hostnames";

export type HostnameStatus = NonNullable<WireHostname["status"]>;
export type SslStatus = NonNullable<WireHostname.SSL["status"]>;
export type ValidationMethod = "http" | "txt" | "email";

/** A custom hostname of the zone. Times are milliseconds since the Unix epoch. */
export interface CustomHostname {
  readonly id: string;
  readonly hostname: string;
  readonly createdAt: number;
  readonly ownershipToken: string;
  status: HostnameStatus;
  /** When the present row of checks of the hostname began; they end after a week. */
  checkedSince: number;
  /** Since when it has been `moved`; it is deleted a week later. */
  movedAt: number | null;
  /** It has led to the zone's target since it was checked first. */
  hasPointed: boolean;
  ssl: Certificate;
  /** Statuses that a test has set stay as they are until it says otherwise. */
  pinned: boolean;
}

interface Certificate {
  readonly id: string;
  method: ValidationMethod;
  status: SslStatus;
  minTlsVersion: "1.0" | "1.1" | "1.2" | "1.3";
  /** What the certificate authority looks for: in a TXT record, or in a file. */
  token: string;
  /** When the present order was made. */
  orderedAt: number;
  /** When domain control was validated for the present order. */
  validatedAt: number | null;
  /** Until when the certificate in use holds; `null` before there is one. */
  expiresAt: number | null;
}

/** What a custom hostname is when it has just been asked for. */
export function newHostname(hostname: string, method: ValidationMethod, now: number): CustomHostname {
  return {
    id: randomUUID(),
    hostname,
    createdAt: now,
    ownershipToken: randomUUID(),
    status: "pending",
    checkedSince: now,
    movedAt: null,
    hasPointed: false,
    ssl: {
      id: randomUUID(),
      method,
      status: "initializing",
      minTlsVersion: "1.2",
      token: newToken(),
      orderedAt: now,
      validatedAt: null,
      expiresAt: null,
    },
    pinned: false,
  };
}

export function newToken(): string {
  return randomBytes(24).toString("base64url");
}

/** Asks for validation once more: from `moved` and from timed-out orders too. A certificate in use stays in use. */
export function restartValidation(hostname: CustomHostname, method: ValidationMethod, now: number): void {
  const { ssl } = hostname;
  if (hostname.status !== "active") Object.assign(hostname, { status: "pending", checkedSince: now, movedAt: null });
  const changed = method !== ssl.method;
  // A certificate that holds is not ordered anew by asking for validation, unless its validation changes.
  if (ssl.status === "active" && !changed) return;
  Object.assign(ssl, { method, status: "initializing", orderedAt: now, validatedAt: null, ...(changed ? { token: newToken() } : {}) });
}
