/*
 * The API's fixed words, apart from the schemas that use them: pages need the words in the browser, and never the schemas.
 */

export const APP_STATUSES = ["draft", "published", "unpublished", "archived"] as const;
export type AppStatusWord = (typeof APP_STATUSES)[number];

export const RUN_STATUSES = ["queued", "running", "waiting", "completed", "failed", "cancelled", "interrupted"] as const;
export type RunStatusWord = (typeof RUN_STATUSES)[number];

export const NODE_STATUSES = ["completed", "failed", "skipped", "cancelled"] as const;
export type NodeStatusWord = (typeof NODE_STATUSES)[number];

export const TRIGGERS = ["visitor", "api", "webhook", "schedule", "app", "test", "replay"] as const;

/** Statuses of a run that has not ended. */
export const GOING: readonly RunStatusWord[] = ["queued", "running", "waiting"];

/** Types of the fields of a question. */
export const FIELD_TYPES = ["string", "text", "number", "boolean"] as const;

export const TRIGGER_TYPES = ["schedule", "webhook", "app"] as const;
export type TriggerType = (typeof TRIGGER_TYPES)[number];

/** What becomes of the firings of a schedule that were missed. */
export const MISSED = ["skip", "run_once"] as const;

/** What a webhook's sender is answered. */
export const WEBHOOK_MODES = ["accept", "wait"] as const;

/** How a followed app's run may have ended. */
export const FOLLOWED = ["completed", "failed"] as const;

export const LETTER_KINDS = ["schedule", "app", "callback", "message"] as const;

export const CALLBACK_STATUSES = ["due", "done", "dead"] as const;

export const ACCESS_MODES = ["public_anonymous", "public_auth", "private", "api_key", "password"] as const;

export const DATA_CLASSIFICATIONS = ["public", "internal", "confidential", "restricted"] as const;
export const RULE_KINDS = ["deny", "challenge", "slow"] as const;

/** Whom a rule about visitors concerns. */
export const RULE_MATCHES = ["ip", "cidr", "asn", "country", "network", "session", "all"] as const;

export const RULE_SOURCES = ["member", "frequency", "failure_rate", "spike"] as const;

/** What may be unusual in an app's traffic. */
export const ANOMALIES = ["frequency", "failure_rate", "spike"] as const;
export type Anomaly = (typeof ANOMALIES)[number];

export const METERS = ["requests", "tokens", "run_ms", "db_storage_bytes", "egress_bytes"] as const;
export type Meter = (typeof METERS)[number];

export const INVOICE_STATUSES = ["draft", "open", "paid", "void"] as const;

/** How an invoice stands with the provider that collects it. */
export const PAYMENT_STATUSES = ["open", "payment_failed", "uncollectible", "paid", "void"] as const;

export const INVOICE_LINE_KINDS = [
  "base",
  "proration_credit",
  "proration_charge",
  "overage",
  "adjustment",
  "carried_in",
  "carried_out",
] as const;

/** What an API key may be allowed to do, in the order shown. */
export const SCOPES = [
  "runs:create",
  "runs:read",
  "runs:manage",
  "apps:read",
  "apps:create",
  "apps:edit",
  "apps:publish",
  "apps:delete",
  "database:read",
  "database:write",
  "database:manage",
  "workspace:read",
  "members:read",
  "domains:manage",
  "billing:read",
  "audit:read",
] as const;

export const DOMAIN_STATUSES = [
  "pending",
  "verifying",
  "verified",
  "issuing",
  "active",
  "failed",
  "action_needed",
  "moved",
  "removed",
] as const;
export type DomainStatusWord = (typeof DOMAIN_STATUSES)[number];

/** Statuses of a custom hostname that goes on by itself, or with its owner, within minutes. */
export const SETTLING: readonly DomainStatusWord[] = ["pending", "verifying", "issuing", "action_needed"];

/** How domain control is shown to the certificate authority. */
export const CERTIFICATE_METHODS = ["http", "txt", "delegated"] as const;

export const CHECK_STATES = ["passed", "failed", "pending", "unknown"] as const;
export type CheckState = (typeof CHECK_STATES)[number];

export const RECORD_PURPOSES = ["ownership", "routing", "certificate"] as const;
export const RECORD_TYPES = ["TXT", "CNAME", "ALIAS", "HTTP"] as const;
export const RECORD_STATES = ["found", "missing", "wrong", "unknown"] as const;
export type RecordState = (typeof RECORD_STATES)[number];
