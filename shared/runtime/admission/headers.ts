/** A limit as its visitor is told of it. */
export interface LimitReport {
  readonly name: "per_ip" | "per_session" | "per_key" | "per_app" | "quota" | "budget" | "password";
  readonly maxRequests: number;
  readonly windowSeconds: number;
  readonly remaining: number;
  readonly resetMs: number;
}

/** What is said when a quota is used up: that of the workspace's plan, or the app's own budget. */
export function quotaMessage(of: "plan" | "budget"): string {
  return of === "plan" ? "The quota of this app's workspace is used up." : "The budget of this app is used up.";
}

/** Whole seconds until a retry can succeed, at least 1. */
export function secondsUntil(resetMs: number): number {
  return Math.max(1, Math.ceil(resetMs / 1_000));
}

/** `RateLimit-Policy` and `RateLimit`, as lists of structured fields (draft-ietf-httpapi-ratelimit-headers). */
export function rateLimitHeaders(reports: readonly LimitReport[]): Record<string, string> {
  if (reports.length === 0) return {};
  return {
    "RateLimit-Policy": reports.map(({ name, maxRequests, windowSeconds }) => `"${name}";q=${maxRequests};w=${windowSeconds}`).join(", "),
    RateLimit: reports.map(({ name, remaining, resetMs }) => `"${name}";r=${remaining};t=${secondsUntil(resetMs)}`).join(", "),
  };
}
