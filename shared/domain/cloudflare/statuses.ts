/*
 * What Cloudflare says of a custom hostname and of its certificate, as the types of its own client list it (cloudflare 7.3,
 * resources/custom-hostnames), and what each says to us. A status that Cloudflare adds later is in neither table.
 */

/**
 * `ready`: served. `keeps`: goes on as it was while something is done to it. `pending`: on its way. `moved`: Cloudflare saw the
 * host lead elsewhere, or waited for too long. `gone`: it has to be made again. `blocked`: Cloudflare will not have it. `failed`:
 * it cannot be had.
 */
export type HostnameMeaning = "ready" | "keeps" | "pending" | "moved" | "gone" | "blocked" | "failed";

export const HOSTNAME_STATUSES = {
  active: "ready",
  active_redeploying: "keeps",
  pending: "pending",
  moved: "moved",
  pending_deletion: "gone",
  deleted: "gone",
  pending_blocked: "blocked",
  pending_migration: "keeps",
  pending_provisioned: "pending",
  provisioned: "keeps",
  test_pending: "pending",
  test_active: "keeps",
  test_active_apex: "keeps",
  test_blocked: "blocked",
  test_failed: "failed",
  blocked: "blocked",
} as const satisfies Record<string, HostnameMeaning>;

/**
 * `ready`: in use. `keeps`: the one in use stays in use. `validating`: the certificate authority waits for its proof. `issuing`:
 * on its way. `stalled`: given up, to be asked for again. `gone`: there is none any more. `expired`: it is not valid any more.
 */
export type CertificateMeaning = "ready" | "keeps" | "validating" | "issuing" | "stalled" | "gone" | "expired";

export const CERTIFICATE_STATUSES = {
  initializing: "issuing",
  pending_validation: "validating",
  deleted: "gone",
  pending_issuance: "issuing",
  pending_deployment: "issuing",
  pending_deletion: "gone",
  pending_expiration: "keeps",
  expired: "expired",
  active: "ready",
  initializing_timed_out: "stalled",
  validation_timed_out: "stalled",
  issuance_timed_out: "stalled",
  deployment_timed_out: "stalled",
  deletion_timed_out: "gone",
  pending_cleanup: "keeps",
  staging_deployment: "issuing",
  staging_active: "issuing",
  deactivating: "gone",
  inactive: "gone",
  backup_issued: "keeps",
  holding_deployment: "issuing",
} as const satisfies Record<string, CertificateMeaning>;

function meaningIn<Meaning>(table: Readonly<Record<string, Meaning>>, status: string): Meaning | null {
  return (Object.hasOwn(table, status) ? table[status] : null) ?? null;
}

/** `null` for a status that is not known here. */
export const hostnameMeaning = (status: string): HostnameMeaning | null => meaningIn<HostnameMeaning>(HOSTNAME_STATUSES, status);

/** `null` for a status that is not known here. */
export const certificateMeaning = (status: string): CertificateMeaning | null =>
  meaningIn<CertificateMeaning>(CERTIFICATE_STATUSES, status);
