import type { Context } from "#platform/context";
import { callObject } from "#platform/lease/call-object";
import { callerOf } from "#platform/lease/caller";
import { LEASE_LIFE_MS } from "#platform/lease/exchange";
import { type Caller, LeaseHolder, type Take } from "#platform/lease/holder";
import { Registry } from "#platform/lease/registry";
import { lifeFor, type Terms } from "#platform/lease/terms";
import type { RateLimit, RateLimitGrant } from "#platform/objects/rate-limiter";

const NO_LIMIT: Terms = { policy: "none", lifeMs: LEASE_LIFE_MS, denialMs: 0 };

/** What this isolate holds of one limiter. */
class Holding {
  readonly holder = new LeaseHolder<RateLimitGrant>(NO_LIMIT);
  /** As the last request found it in its route. */
  limit: RateLimit | null = null;
  /** The newest epoch that a route in this isolate had. */
  knownEpoch = 0;

  follow(limit: RateLimit): void {
    this.limit = limit;
    const { maxRequests, windowMs } = limit;
    this.holder.follow({ policy: `${maxRequests}/${windowMs}`, lifeMs: lifeFor(windowMs), denialMs: windowMs });
  }
}

const holdings = new Registry(() => new Holding());

/** One request's hold on one `RateLimiter` object. */
export class Limiter {
  readonly #holding: Holding;
  readonly #caller: Caller<RateLimitGrant>;

  /** `knownEpoch`: see {@link RateLimitExchange}. */
  constructor(ctx: Context, name: string, limit: RateLimit | null, knownEpoch = 0) {
    const holding = holdings.of(ctx.env.RATE_LIMITER, name);
    if (limit) holding.follow(limit);
    holding.knownEpoch = Math.max(holding.knownEpoch, knownEpoch);
    this.#holding = holding;
    this.#caller = callerOf<RateLimitGrant>(ctx, (exchange) => {
      const request = { ...exchange, limit: holding.limit, knownEpoch: holding.knownEpoch };
      return callObject(() => ctx.env.RATE_LIMITER.getByName(name).take(request), "The rate limiter");
    });
  }

  denial(): Take | undefined {
    return this.#holding.holder.denial(this.#caller.now());
  }

  take(): Promise<Take> {
    return this.#holding.holder.take(this.#caller);
  }

  /** The app's epoch, at most a lease's life old, and never older than a route this isolate has seen. */
  async epoch(): Promise<number> {
    const { epoch } = await this.#holding.holder.latest(this.#caller, LEASE_LIFE_MS);
    return Math.max(epoch, this.#holding.knownEpoch);
  }
}
