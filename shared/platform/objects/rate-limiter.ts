import type { Exchange, Grant } from "#platform/lease/exchange";

/** At most `maxRequests` in any span of `windowMs` milliseconds. */
export interface RateLimit {
  readonly maxRequests: number;
  readonly windowMs: number;
}

export interface RateLimitExchange extends Exchange {
  /** From the route's access policy; `null` takes nothing and asks for the epoch alone. */
  readonly limit: RateLimit | null;
  /** The newest epoch the caller has read from the platform database, so that a lost announcement heals; 0 when none. */
  readonly knownEpoch: number;
}

export interface RateLimitGrant extends Grant {
  /** The app's epoch; 0 on objects that are not an app's. */
  readonly epoch: number;
}

/**
 * One counter of requests in a sliding window. Names: `app:<app id>` (which also carries the app's epoch),
 * `ip:<app id>:<keyed hash>`, `session:<app id>:<session id>`, `key:<app id>:<key id>`.
 */
export interface RateLimiterApi {
  /** Settles finished leases and takes units, in one durable write. */
  take(exchange: RateLimitExchange): Promise<RateLimitGrant>;
  /** Makes every isolate reload the app's route within a lease's life. An epoch that is not newer changes nothing. */
  raiseEpoch(epoch: number): Promise<void>;
}
