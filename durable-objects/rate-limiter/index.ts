import { DurableObject } from "cloudflare:workers";
import { systemClock } from "#platform/clock";
import type { Env } from "#platform/env";
import { LeaseBook } from "#platform/lease/book";
import { SlidingLog } from "#platform/lease/sliding-log";
import type { RateLimitExchange, RateLimiterApi, RateLimitGrant } from "#platform/objects/rate-limiter";
import { migrateStorage } from "#platform/storage-migrations";
import { migrations } from "./migrations.ts";
import { type LimiterState, limiterStateSchema } from "./state.ts";

interface Memory {
  epoch: number;
  readonly log: SlidingLog;
  readonly book: LeaseBook;
  /** Whether an alarm will look after what is left. */
  watched: boolean;
}

/**
 * A sliding-window counter that lends units out. Its state lives in memory and, after each change, in one row. When its
 * window has passed, its alarm empties it: visitors come and go, and their counters must not stay.
 */
export class RateLimiter extends DurableObject<Env> implements RateLimiterApi {
  readonly #clock = systemClock;
  #memory: Memory | undefined;

  async take(exchange: RateLimitExchange): Promise<RateLimitGrant> {
    const memory = await this.#open();
    const now = this.#clock.now();
    const { limit, knownEpoch } = exchange;
    const learned = knownEpoch > memory.epoch;
    if (learned) memory.epoch = knownEpoch;
    if (limit) memory.log.setWindow(limit.windowMs);
    const request = limit ? exchange : { ...exchange, needed: 0, extra: 0 };
    const grant = memory.book.exchange(request, limit?.maxRequests ?? Number.POSITIVE_INFINITY, now);
    if (learned || grant.granted + grant.extra + exchange.settled.length > 0) this.#save(memory);
    await this.#watch(memory);
    return { ...grant, epoch: memory.epoch };
  }

  async raiseEpoch(epoch: number): Promise<void> {
    const memory = await this.#open();
    if (epoch <= memory.epoch) return;
    memory.epoch = epoch;
    this.#save(memory);
  }

  override async alarm(): Promise<void> {
    const memory = await this.#open();
    memory.watched = false;
    memory.book.forfeit(this.#clock.now());
    const busyUntil = this.#busyUntil(memory);
    if (busyUntil > this.#clock.now()) return this.#watch(memory);
    // An app's object stays, with nothing but its epoch: two small rows.
    if (memory.epoch > 0) return this.#save(memory);
    this.#memory = undefined;
    await this.ctx.storage.deleteAll();
  }

  async #open(): Promise<Memory> {
    if (this.#memory) return this.#memory;
    const { storage } = this.ctx;
    const watched = (await storage.getAlarm()) !== null;
    if (this.#memory) return this.#memory;
    migrateStorage(storage, migrations);
    const [row] = storage.sql.exec<{ value: string }>("SELECT value FROM state").toArray();
    const state = limiterStateSchema.parse(row ? JSON.parse(row.value) : {});
    const entries = state.log.map(([from, at, units]) => ({ from, at, units }));
    const log = new SlidingLog(state.windowMs, entries);
    this.#memory = { epoch: state.epoch, log, book: new LeaseBook(log, state.leases), watched };
    return this.#memory;
  }

  #save({ epoch, log, book }: Memory): void {
    const state: LimiterState = {
      epoch,
      windowMs: log.windowMs,
      log: log.entries().map(({ from, at, units }) => [from, at, units]),
      leases: book.lent(),
    };
    const value = JSON.stringify(state);
    this.ctx.storage.sql.exec("INSERT OR REPLACE INTO state (id, value) VALUES (1, ?)", value);
  }

  #busyUntil({ log, book }: Memory): number {
    return Math.max(log.emptyAt() ?? 0, ...book.lent().map((lease) => lease.forfeitAt + log.windowMs));
  }

  /** Sets the alarm once; when it rings too early, it is set again. So a take seldom pays for it. */
  async #watch(memory: Memory): Promise<void> {
    if (memory.watched) return;
    const busyUntil = this.#busyUntil(memory);
    if (busyUntil <= this.#clock.now()) return;
    memory.watched = true;
    await this.ctx.storage.setAlarm(busyUntil);
  }
}
