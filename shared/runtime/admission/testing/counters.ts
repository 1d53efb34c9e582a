import type { Env } from "#platform/env";
import { LeaseBook, type Tally } from "#platform/lease/book";
import { SlidingLog } from "#platform/lease/sliding-log";
import type { QuotaExchange, QuotaGrant } from "#platform/objects/quota-counter";
import type { RateLimitExchange, RateLimitGrant } from "#platform/objects/rate-limiter";

/** A rate limiter's arithmetic without its object. */
class Limiter {
  epoch = 0;
  readonly #log = new SlidingLog(60_000);
  readonly book = new LeaseBook(this.#log);

  take(exchange: RateLimitExchange): RateLimitGrant {
    this.epoch = Math.max(this.epoch, exchange.knownEpoch);
    const { limit } = exchange;
    if (limit) this.#log.setWindow(limit.windowMs);
    const request = limit ? exchange : { ...exchange, needed: 0, extra: 0 };
    return { ...this.book.exchange(request, limit?.maxRequests ?? Number.POSITIVE_INFINITY, Date.now()), epoch: this.epoch };
  }

  raiseEpoch(epoch: number): void {
    this.epoch = Math.max(this.epoch, epoch);
  }

  used(): number {
    return this.#log.used(Date.now());
  }
}

/** A quota's arithmetic without its object: a workspace's, or of an app's budget. */
class Quota {
  limit: number | null = null;
  /** What stops besides requests. */
  usedUp: "egress_bytes" | "run_ms" | null = null;
  budgetedApps: string[] = [];
  used = 0;
  readonly #tally: Tally = {
    used: () => this.used,
    add: (units) => {
      this.used += units;
    },
    remove: (units) => {
      this.used -= units;
    },
    nextReset: () => 86_400_000,
  };
  readonly book = new LeaseBook(this.#tally);

  take(exchange: QuotaExchange): QuotaGrant {
    this.used += exchange.adjustments.requests ?? 0;
    const capacity = this.usedUp ? 0 : (this.limit ?? Number.POSITIVE_INFINITY);
    const grant = this.book.exchange(exchange, capacity, Date.now());
    const { limit, budgetedApps } = this;
    return { ...grant, stoppedBy: this.usedUp ?? "requests", limit, periodSeconds: 2_592_000, reservesTokens: false, budgetedApps };
  }
}

/** The platform's side of admission, in this process: objects by name, and a count of the calls they get. */
export class Counters {
  calls = 0;
  readonly limiters = new Map<string, Limiter>();
  readonly quotas = new Map<string, Quota>();
  /** Thrown, one a call, by the next calls of limiters whose names begin so. */
  failures: { readonly prefix: string; readonly error: unknown }[] = [];
  readonly env: Env;

  constructor() {
    const env = {
      SESSION_KEYS: "test:c2VjcmV0",
      RATE_LIMITER: {
        getByName: (name: string) => ({
          take: (exchange: RateLimitExchange) => this.#answer(name, () => this.limiter(name).take(exchange)),
          raiseEpoch: (epoch: number) => this.#answer(name, () => this.limiter(name).raiseEpoch(epoch)),
        }),
      },
      QUOTA_COUNTER: {
        getByName: (name: string) => ({ take: (exchange: QuotaExchange) => this.#answer(name, () => this.quotaOf(name).take(exchange)) }),
      },
    };
    this.env = env as unknown as Env;
  }

  limiter(name: string): Limiter {
    const limiter = this.limiters.get(name) ?? new Limiter();
    this.limiters.set(name, limiter);
    return limiter;
  }

  quotaOf(name: string): Quota {
    const quota = this.quotas.get(name) ?? new Quota();
    this.quotas.set(name, quota);
    return quota;
  }

  /** The workspace's. */
  get quota(): Quota {
    return this.quotaOf("wrk_1");
  }

  /** The only limiter of its kind: `ip`, `session`, `key` or `app`. */
  only(kind: string): Limiter {
    const names = [...this.limiters.keys()].filter((name) => name.startsWith(`${kind}:`));
    const [name] = names;
    if (name === undefined || names.length > 1) throw new Error(`there are ${names.length} limiters of kind ${kind}`);
    return this.limiter(name);
  }

  async #answer<T>(name: string, answer: () => T): Promise<T> {
    this.calls += 1;
    const failure = this.failures.findIndex(({ prefix }) => name.startsWith(prefix));
    if (failure >= 0) throw this.failures.splice(failure, 1)[0]?.error;
    await new Promise((arrive) => setTimeout(arrive, 2));
    const result = answer();
    await new Promise((arrive) => setTimeout(arrive, 2));
    return result;
  }
}
