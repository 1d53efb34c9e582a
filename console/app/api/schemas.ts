import { z } from "zod";
import { ACCESS_MODES, APP_STATUSES, DATA_CLASSIFICATIONS, FIELD_TYPES, METERS, NODE_STATUSES, RUN_STATUSES, TRIGGERS } from "./words.ts";

/*
 * What the console reads of the API's answers. Unknown fields are dropped: the API may say more than a page needs.
 */

const time = z.string();

export const sessionSchema = z.object({ user: z.object({ id: z.string(), name: z.string(), email: z.string() }) }).nullable();
export type SessionUser = NonNullable<z.infer<typeof sessionSchema>>["user"];

export const workspaceSchema = z.object({
  id: z.string(),
  name: z.string(),
  slug: z.string(),
  region: z.string(),
  status: z.enum(["active", "deleting"]),
  delete_at: time.nullable(),
  is_default: z.boolean(),
  role: z.string().nullable(),
  permissions: z.array(z.string()),
  created_at: time,
});
export type Workspace = z.infer<typeof workspaceSchema>;

export const memberSchema = z.object({
  id: z.string(),
  user_id: z.string(),
  name: z.string(),
  email: z.string(),
  role_id: z.string(),
  role: z.string(),
  created_at: time,
});
export type Member = z.infer<typeof memberSchema>;

export const roleSchema = z.object({ id: z.string(), name: z.string(), is_system: z.boolean() });
export type Role = z.infer<typeof roleSchema>;

export const invitationSchema = z.object({ id: z.string(), email: z.string(), role: z.string(), expires_at: time });
export type Invitation = z.infer<typeof invitationSchema>;

/** An invitation as it is answered once, when it is made. */
export const newInvitationSchema = z.object({ email: z.string(), token: z.string() });

export const apiKeySchema = z.object({
  id: z.string(),
  name: z.string(),
  preview: z.string(),
  scopes: z.array(z.string()),
  created_at: time,
  last_used_at: time.nullable(),
  revoked_at: time.nullable(),
});
export type ApiKey = z.infer<typeof apiKeySchema>;

/** A key as it is answered once, when it is made. */
export const newApiKeySchema = z.object({ id: z.string(), name: z.string(), key: z.string() });

export const appSchema = z.object({
  id: z.string(),
  workspace_id: z.string(),
  slug: z.string(),
  name: z.string(),
  description: z.string(),
  status: z.enum(APP_STATUSES),
  draft_revision: z.number(),
  current_version: z.object({ id: z.string(), number: z.number() }).nullable(),
  public_url: z.string(),
  published_at: time.nullable(),
  created_at: time,
  updated_at: time,
});
export type App = z.infer<typeof appSchema>;

/** A manifest is shown and sent as it is; only the API judges it. */
export const manifestSchema = z.record(z.string(), z.unknown());

export const draftSchema = z.object({ revision: z.number() });

export const versionSchema = z.object({
  id: z.string(),
  number: z.number(),
  name: z.string(),
  changelog: z.string(),
  created_by: z.string().nullable(),
  created_at: time,
  is_current: z.boolean(),
});
export type Version = z.infer<typeof versionSchema>;

/** A version with everything in it. */
export const frozenVersionSchema = z.object({ number: z.number(), manifest: manifestSchema });

const limitSchema = z.object({ max_requests: z.number(), window_seconds: z.number() }).nullable();
export type Limit = z.infer<typeof limitSchema>;

export const accessPolicySchema = z.object({
  access_mode: z.enum(ACCESS_MODES),
  data_classification: z.enum(DATA_CLASSIFICATIONS),
  password_set: z.boolean(),
  rate_limit: z.object({ per_ip: limitSchema, per_session: limitSchema, per_key: limitSchema.default(null), per_app: limitSchema }),
  allowed_origins: z.array(z.string()),
  require_captcha: z.boolean(),
});
export type AccessPolicy = z.infer<typeof accessPolicySchema>;

export const auditLogSchema = z.object({
  id: z.string(),
  actor_type: z.enum(["anonymous", "user", "api_key", "system"]),
  actor_id: z.string().nullable(),
  actor_name: z.string().nullable(),
  action: z.string(),
  target_type: z.string(),
  target_id: z.string(),
  before: z.unknown(),
  after: z.unknown(),
  ip_hash: z.string().nullable(),
  created_at: time,
});
export type AuditLog = z.infer<typeof auditLogSchema>;

export const secretSchema = z.object({ name: z.string(), updated_at: time });
export type Secret = z.infer<typeof secretSchema>;

export const DATABASE_PROVIDERS = ["postgres", "mysql", "neon", "planetscale"] as const;

export const databaseSchema = z.object({
  provider: z.enum(DATABASE_PROVIDERS),
  engine: z.enum(["postgres", "mysql"]),
  name: z.string(),
  status: z.enum(["provisioning", "ready", "failed", "suspended", "deleted"]),
  step: z.enum(["create", "roles", "verify", "store"]).nullable(),
  region: z.string(),
  error: z.string().nullable(),
  storage: z.object({ bytes: z.number().nullable(), limit: z.number().nullable(), measured_at: time.nullable() }),
  created_at: time,
});
export type Database = z.infer<typeof databaseSchema>;

export const databaseTableSchema = z.object({
  name: z.string(),
  columns: z.array(z.object({ name: z.string(), type: z.string(), nullable: z.boolean(), primary: z.boolean() })),
  approximate_rows: z.number(),
  bytes: z.number(),
});
export type DatabaseTable = z.infer<typeof databaseTableSchema>;

export const databaseRowSchema = z.record(z.string(), z.unknown());

const runErrorSchema = z.object({ code: z.string(), message: z.string(), node_id: z.string().nullish() }).nullable();

const questionSchema = z.object({
  node_id: z.string(),
  title: z.string(),
  to: z.array(z.string()),
  fields: z.array(z.object({ name: z.string(), label: z.string(), type: z.enum(FIELD_TYPES).catch("string"), required: z.boolean() })),
  asked_at: time,
  expires_at: time,
});
export type Question = z.infer<typeof questionSchema>;

export const runSchema = z.object({
  id: z.string(),
  app_id: z.string(),
  version_id: z.string().nullable(),
  status: z.enum(RUN_STATUSES),
  trigger: z.enum(TRIGGERS),
  parent_id: z.string().nullable(),
  waiting: z.array(questionSchema).nullable(),
  inputs: z.unknown(),
  outputs: z.unknown(),
  error: runErrorSchema,
  usage: z.object({ input_tokens: z.number(), output_tokens: z.number(), total_tokens: z.number() }),
  started_at: time,
  finished_at: time.nullable(),
  duration_ms: z.number().nullable(),
});
export type Run = z.infer<typeof runSchema>;

/** A run as lists show it. */
export const runSummarySchema = runSchema.omit({ inputs: true, outputs: true, waiting: true });
export type RunSummary = z.infer<typeof runSummarySchema>;

export const nodeLogSchema = z.object({
  seq: z.number(),
  node_id: z.string(),
  node_type: z.string(),
  status: z.enum(NODE_STATUSES),
  attempts: z.number(),
  port: z.string().nullable(),
  inputs: z.unknown(),
  outputs: z.unknown(),
  error: runErrorSchema,
  input_tokens: z.number(),
  output_tokens: z.number(),
  started_at: time,
  duration_ms: z.number(),
});
export type NodeLog = z.infer<typeof nodeLogSchema>;

export const previewSchema = z.object({ value: z.unknown(), type: z.string() });
export type Preview = z.infer<typeof previewSchema>;

const meterCountSchema = z.object({ limit: z.number().nullable(), hard: z.boolean(), used: z.number(), reserved: z.number() });
export type MeterCount = z.infer<typeof meterCountSchema>;

export const quotaSchema = z.object({
  period_start: time,
  period_end: time,
  plan: z.union([z.string(), z.object({ name: z.string() }).transform(({ name }) => name)]),
  meters: z.partialRecord(z.enum(METERS), meterCountSchema),
});
export type Quota = z.infer<typeof quotaSchema>;

export const budgetSchema = z.object({
  requests: z.number().nullable(),
  tokens: z.number().nullable(),
  period_start: time,
  period_end: time,
  meters: z.object({ requests: meterCountSchema, tokens: meterCountSchema }).nullable(),
});
