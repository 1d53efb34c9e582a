import { admitRequest, knownQuotaRefusal, type QuotaRefusal } from "#billing";
import type { Context } from "#platform/context";
import type { Take } from "#platform/lease/holder";
import { networkName } from "./client-network.ts";
import { type LimitReport, rateLimitHeaders, secondsUntil } from "./headers.ts";
import { Limiter } from "./limiter.ts";

interface Limit {
  readonly max_requests: number;
  readonly window_seconds: number;
}

/** What admission reads of an app's route. */
export interface AdmissionRoute {
  readonly workspaceId: string;
  readonly appId: string;
  readonly epoch: number;
  readonly accessPolicy: {
    readonly rate_limit: {
      readonly per_ip: Limit | null;
      readonly per_session: Limit | null;
      readonly per_key?: Limit | null | undefined;
      readonly per_app: Limit | null;
    };
  };
}

export interface Visitor {
  readonly ip: string;
  readonly sessionId: string;
  /** The key that asks, or `null` for a visitor. */
  readonly apiKeyId: string | null;
  /** Whether a rule slows the visitor down. */
  readonly slowed?: boolean;
}

export type Admission =
  | {
      readonly ok: true;
      /** The app's epoch, at most 3 s old; never older than the route's own. */
      readonly epoch: number;
      readonly headers: Readonly<Record<string, string>>;
      /** Gives back all that was taken, for a run that never came to be. Doing it twice does it once. */
      refund(): void;
    }
  | {
      readonly ok: false;
      readonly reason: "rate_limited" | "quota_exceeded";
      /** The limit that holds longest. */
      readonly limit: LimitReport["name"];
      /** Whole seconds until a retry can succeed. */
      readonly retryAfter: number;
      readonly epoch: number;
      readonly headers: Readonly<Record<string, string>>;
    };

/** What came of asking one counter. */
type Claim =
  | { readonly ok: true; readonly reports: readonly LimitReport[]; refund(): void }
  | { readonly ok: false; readonly report: LimitReport };

interface NamedLimiter {
  readonly name: LimitReport["name"];
  readonly limit: Limit;
  readonly limiter: Limiter;
}

/**
 * Takes one unit from each limit of the app, and one request from the workspace's quota and the app's budget: all of them or, as far as anybody
 * can see, none. An upload only counts against its visitor; the run that uses it is the request. Costs no call while the
 * isolate has units or knows of a refusal. Errors: `upstream_unavailable` or `database_unavailable` when a counter cannot be
 * asked; then nothing was taken.
 */
export async function admit(ctx: Context, route: AdmissionRoute, who: Visitor, purpose: "run" | "upload" = "run"): Promise<Admission> {
  const { per_app } = route.accessPolicy.rate_limit;
  const isRun = purpose === "run";
  const app = new Limiter(ctx, `app:${route.appId}`, inMilliseconds(per_app), route.epoch);
  const limiters = await visitorLimiters(ctx, route, who);
  if (per_app && isRun) limiters.push({ name: "per_app", limit: per_app, limiter: app });

  const refusals = knownRefusals(limiters);
  const quota = isRun ? knownQuotaRefusal(ctx, route.workspaceId, route.appId) : undefined;
  if (quota) refusals.push(quotaReport(quota));
  if (refusals.length > 0) return refuse(refusals, await app.epoch());

  const asked = [...limiters.map(claimLimit), ...(isRun ? [claimQuota(ctx, route)] : [])];
  const [[epoch], claims] = await Promise.all([Promise.allSettled([app.epoch()]), Promise.allSettled(asked)]);
  const refund = () => {
    for (const claim of claims) if (claim.status === "fulfilled" && claim.value.ok) claim.value.refund();
  };
  if (epoch.status === "rejected") {
    refund();
    throw epoch.reason;
  }
  const reports: LimitReport[] = [];
  for (const claim of claims) {
    if (claim.status === "rejected") {
      refund();
      throw claim.reason;
    }
    if (claim.value.ok) reports.push(...claim.value.reports);
    else refusals.push(claim.value.report);
  }
  if (refusals.length > 0) {
    refund();
    return refuse(refusals, epoch.value);
  }
  return { ok: true, epoch: epoch.value, headers: rateLimitHeaders(reports), refund };
}

/** The app's epoch as its counter has it, at most 3 s old; asked for ahead of time while visitors keep coming. */
export function currentEpoch(ctx: Context, appId: string): Promise<number> {
  return new Limiter(ctx, `app:${appId}`, null).epoch();
}

/** Of every limit, a visitor who is slowed down gets a tenth; where there is none, ten requests a minute. */
function slowedLimit(limit: Limit | null): Limit {
  if (limit === null) return { max_requests: 10, window_seconds: 60 };
  return { ...limit, max_requests: Math.max(1, Math.floor(limit.max_requests / 10)) };
}

async function visitorLimiters(ctx: Context, route: AdmissionRoute, { ip, sessionId, apiKeyId, slowed }: Visitor): Promise<NamedLimiter[]> {
  const { rate_limit } = route.accessPolicy;
  const { per_key } = rate_limit;
  const per_ip = slowed ? slowedLimit(rate_limit.per_ip) : rate_limit.per_ip;
  const per_session = slowed ? slowedLimit(rate_limit.per_session) : rate_limit.per_session;
  const limiters: NamedLimiter[] = [];
  if (per_ip) {
    const name = `ip:${route.appId}:${await networkName(ctx, ip)}`;
    limiters.push({ name: "per_ip", limit: per_ip, limiter: new Limiter(ctx, name, inMilliseconds(per_ip)) });
  }
  if (per_session) {
    const name = `session:${route.appId}:${sessionId}`;
    limiters.push({ name: "per_session", limit: per_session, limiter: new Limiter(ctx, name, inMilliseconds(per_session)) });
  }
  if (per_key && apiKeyId !== null) {
    const name = `key:${route.appId}:${apiKeyId}`;
    limiters.push({ name: "per_key", limit: per_key, limiter: new Limiter(ctx, name, inMilliseconds(per_key)) });
  }
  return limiters;
}

function inMilliseconds(limit: Limit | null) {
  return limit && { maxRequests: limit.max_requests, windowMs: limit.window_seconds * 1_000 };
}

function knownRefusals(limiters: readonly NamedLimiter[]): LimitReport[] {
  return limiters.flatMap((named) => {
    const denial = named.limiter.denial();
    return denial ? [reportOf(named, denial)] : [];
  });
}

async function claimLimit(named: NamedLimiter): Promise<Claim> {
  const take = await named.limiter.take();
  const report = reportOf(named, take);
  return take.ok ? { ok: true, reports: [report], refund: () => void take.refund() } : { ok: false, report };
}

/** The quota is the workspace's own affair: visitors are told of it only when it is used up. */
async function claimQuota(ctx: Context, { workspaceId, appId }: AdmissionRoute): Promise<Claim> {
  const take = await admitRequest(ctx, workspaceId, appId);
  return take.ok ? { ok: true, reports: [], refund: take.refund } : { ok: false, report: quotaReport(take) };
}

function reportOf({ name, limit }: NamedLimiter, { remaining, resetMs }: Take): LimitReport {
  return { name, maxRequests: limit.max_requests, windowSeconds: limit.window_seconds, remaining, resetMs };
}

function quotaReport({ of, limit, periodSeconds, resetMs }: QuotaRefusal): LimitReport {
  return { name: of === "plan" ? "quota" : "budget", maxRequests: limit, windowSeconds: periodSeconds, remaining: 0, resetMs };
}

/** Names the limit that holds longest: before it lets go, no retry can succeed. */
function refuse(refusals: readonly LimitReport[], epoch: number): Admission {
  const tightest = refusals.reduce((longest, one) => (one.resetMs > longest.resetMs ? one : longest));
  return {
    ok: false,
    reason: tightest.name === "quota" || tightest.name === "budget" ? "quota_exceeded" : "rate_limited",
    limit: tightest.name,
    retryAfter: secondsUntil(tightest.resetMs),
    epoch,
    headers: rateLimitHeaders([tightest]),
  };
}
