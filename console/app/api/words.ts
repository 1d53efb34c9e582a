/*
 * The API's fixed words, apart from the schemas that use them: pages need the words in the browser, and never the schemas.
 */

export const APP_STATUSES = ["draft", "published", "unpublished", "archived"] as const;
export type AppStatusWord = (typeof APP_STATUSES)[number];

export const RUN_STATUSES = ["queued", "running", "waiting", "completed", "failed", "cancelled", "interrupted"] as const;
export type RunStatusWord = (typeof RUN_STATUSES)[number];

export const NODE_STATUSES = ["completed", "failed", "skipped", "cancelled"] as const;
export type NodeStatusWord = (typeof NODE_STATUSES)[number];

export const TRIGGERS = ["visitor", "api", "webhook", "schedule", "app", "test"] as const;

export const ACCESS_MODES = ["public_anonymous", "public_auth", "private", "api_key", "password"] as const;

export const METERS = ["requests", "tokens", "run_ms", "db_storage_bytes", "egress_bytes"] as const;
export type Meter = (typeof METERS)[number];

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
  "database:manage",
  "workspace:read",
  "members:read",
  "domains:manage",
  "billing:read",
  "audit:read",
] as const;
