import type { DatabasePoolApi } from "#platform/objects/database-pool";
import type { DurableRunApi } from "#platform/objects/durable-run";
import type { QuotaCounterApi } from "#platform/objects/quota-counter";
import type { RateLimiterApi } from "#platform/objects/rate-limiter";
import type { RecorderApi } from "#platform/objects/recorder";
import type { RunGateApi } from "#platform/objects/run-gate";
import type { VisitorSessionApi } from "#platform/objects/visitor-session";

type ObjectNamespace<Api> = DurableObjectNamespace<Api & Rpc.DurableObjectBranded>;

/** A knock on the records consumer's door: the outbox of this name has rows to pull. */
export interface RecordsMessage {
  readonly outbox: string;
}

/** Word of something that is owed; what it is stands in its row or its object, whose state decides. */
export type ExecutionsMessage =
  /** A row of `deliveries` is due; `attempt` counts those that have been made. */
  | { readonly type: "delivery"; readonly id: string; readonly attempt: number }
  /** A waiting run may go: its app has room. */
  | { readonly type: "go"; readonly runId: string; readonly appId: string };

/** Whose database is to be made. */
export interface ProvisionParams {
  readonly workspaceId: string;
}

/** A backup that is to be taken. */
export interface BackupParams {
  readonly workspaceId: string;
  readonly backupId: string;
}

/** A restore that is to be carried out, into this workspace's database. */
export interface RestoreParams {
  readonly workspaceId: string;
  readonly restoreId: string;
}

/** What the Worker is bound to. `wrangler.toml` declares the bindings; secrets come from the account or the local stack. */
export interface Env {
  readonly ROUTES: KVNamespace;
  readonly RECORDS: Queue<RecordsMessage>;
  readonly EXECUTIONS: Queue<ExecutionsMessage>;
  /**
   * Files of runs: `uploads/<file>` until a run takes them, then `runs/<run>/…` for as long as it is kept. Backups of workspace
   * databases: `backups/<workspace>/<backup>`.
   */
  readonly FILES: R2Bucket;
  readonly DURABLE_RUN: ObjectNamespace<DurableRunApi>;
  readonly RUN_GATE: ObjectNamespace<RunGateApi>;
  readonly VISITOR_SESSION: ObjectNamespace<VisitorSessionApi>;
  readonly RATE_LIMITER: ObjectNamespace<RateLimiterApi>;
  readonly QUOTA_COUNTER: ObjectNamespace<QuotaCounterApi>;
  readonly RECORDER: ObjectNamespace<RecorderApi>;
  readonly DATABASE_POOL: ObjectNamespace<DatabasePoolApi>;
  readonly PROVISION_DATABASE: Workflow<ProvisionParams>;
  readonly BACK_UP_DATABASE: Workflow<BackupParams>;
  readonly RESTORE_DATABASE: Workflow<RestoreParams>;
  /** The platform's own limiter of look-ups of unknown addresses, by network: a shield, not a count. */
  readonly LOOK_UPS: RateLimit;
  readonly ASSETS: Fetcher;

  /** Version of the product, as shown by `/healthz`. */
  readonly VERSION: string;
  /** Origin of this Worker, such as `https://agentflow.example.com`. */
  readonly API_ORIGIN: string;
  /** Origin of the console. */
  readonly CONSOLE_ORIGIN: string;
  /** Further hostnames of the platform itself, separated by commas, with ports where they are not the scheme's own. */
  readonly PLATFORM_HOSTS: string;

  /** What else must answer for `/healthz` to be ok: `name=address` pairs, separated by commas. */
  readonly HEALTH_CHECKS: string;

  /** Connection string of the platform database. */
  readonly DATABASE_URL: string;
  /** Admin connection string of the server that workspace databases are made on. */
  readonly WORKSPACE_DATABASE_ADMIN_URL: string;
  /** Admin address of the MySQL server that workspace databases may be made on; without it there are none. */
  readonly MYSQL_URL?: string;
  /** Where a workspace's database is made unless another provider is asked for; empty: at `postgres`. */
  readonly DEFAULT_DATABASE_PROVIDER?: string;
  /** Key of a Neon account whose projects may be workspace databases, its organization, and another address than Neon's own. */
  readonly NEON_API_KEY?: string;
  readonly NEON_ORG_ID?: string;
  readonly NEON_API_URL?: string;
  /** A PlanetScale organization with a service token, the size of its clusters, and another address than PlanetScale's own. */
  readonly PLANETSCALE_ORG?: string;
  readonly PLANETSCALE_SERVICE_TOKEN_ID?: string;
  readonly PLANETSCALE_SERVICE_TOKEN?: string;
  readonly PLANETSCALE_CLUSTER_SIZE?: string;
  readonly PLANETSCALE_API_URL?: string;
  /** Statements that each workspace may run at once in its database, 1 to 64; half of what its role may hold in connections. */
  readonly DATABASE_POOL_SIZE?: string;
  /** Origin of the local SQL gateway; empty where the drivers reach their databases by themselves. */
  readonly SQL_GATEWAY_ORIGIN: string;

  readonly OPENAI_BASE_URL: string;
  readonly OPENAI_API_KEY: string;
  readonly OPENAI_MODEL: string;
  /** `offline` when the deterministic local model answers; its output is labelled wherever it is shown. */
  readonly MODEL_KIND: "offline" | "live";

  /** Hosts that users' addresses may name although they are not public: `host` or `host:port`, separated by commas. */
  readonly OUTGOING_ALLOW?: string;
  /** DNS over HTTPS resolver (JSON form) that the names in users' addresses are looked up with; empty: they are not. */
  readonly OUTGOING_DNS?: string;
  /** The only hosts that users' addresses may name, `*.` in front for all names below one, separated by commas; empty: any. */
  readonly OUTGOING_HOSTS?: string;

  /** Ids of the users who run this deployment, separated by commas: they may correct usage, note payments and give credit. */
  readonly OPERATORS?: string;
  /** Tax on invoices, in hundredths of a per cent: 1900 is 19 %. */
  readonly TAX_BASIS_POINTS?: string;
  /** Keys of a Turnstile widget whose hostnames are those of the apps; without them no captcha can be passed. */
  readonly TURNSTILE_SITE_KEY?: string;
  readonly TURNSTILE_SECRET_KEY?: string;
  /** Where the widget's script is, and where its tokens are verified; Cloudflare's own unless it is set. */
  readonly TURNSTILE_ORIGIN?: string;

  /** Key of the Stripe account that collects invoices, the secret of its webhooks, and another address than Stripe's own; without a key, invoices are paid by hand. */
  readonly STRIPE_SECRET_KEY?: string;
  readonly STRIPE_WEBHOOK_SECRET?: string;
  readonly STRIPE_API_URL?: string;
  /** Which of Stripe's meters hears of which of ours, as `<meter>=<event name>` pairs, separated by commas. */
  readonly STRIPE_METERS?: string;
  /** Which of Stripe's prices stands for which plan, as `<plan>=<price id>` pairs, separated by commas. */
  readonly STRIPE_PRICES?: string;

  /** Where Cloudflare's API is, the zone whose custom hostnames are the customers' own, and a token that may edit them; without zone or token there are none. */
  readonly CLOUDFLARE_API_ORIGIN?: string;
  readonly CLOUDFLARE_ZONE_ID?: string;
  readonly CLOUDFLARE_API_TOKEN?: string;
  /** The name that customers point their hostnames at; a wildcard record stands below it. */
  readonly DOMAIN_TARGET?: string;
  /** DNS over HTTPS resolvers (JSON form) that have to agree on what is found of a hostname, separated by commas. */
  readonly DOMAIN_RESOLVERS?: string;

  readonly AUTH_SECRET: string;
  /** Keys that sign visitors' sessions, newest first, separated by commas: `<id>:<base64>`. */
  readonly SESSION_KEYS: string;
  /** Keys that wrap data keys, newest first, separated by commas: `<version>:<base64 of 32 bytes>`. */
  readonly ENVELOPE_KEYS: string;
}
