import { joined } from "#platform/joined";
import { Demand } from "./demand.ts";
import type { Exchange, Grant } from "./exchange.ts";
import { Pocket, type Unit } from "./pocket.ts";
import type { Terms } from "./terms.ts";

/** One request's way to a counter: its clock, its life, its call. A call belongs to the request that made it. */
export interface Caller<A extends Grant> {
  now(): number;
  sleep(ms: number): Promise<void>;
  newLeaseId(): string;
  waitUntil(work: Promise<unknown>): void;
  exchange(request: Exchange): Promise<A>;
  /** Whether `exchange` has something to bring that the holder does not know of. */
  hasMore(): boolean;
  /** Told of failures that no request waits for. */
  warn(error: unknown): void;
}

/** The answer to one request for one unit. */
export type Take =
  | {
      readonly ok: true;
      readonly remaining: number;
      readonly resetMs: number;
      /** Gives the unit back; `false` when it is too late for that, or was done before. */
      refund(): boolean;
    }
  | { readonly ok: false; readonly remaining: 0; readonly resetMs: number };

/** Milliseconds without a request after which unspent units go back. */
const IDLE_MS = 1_000;
/** Milliseconds for which one request looks after the hand-back; then the next one takes over. A Worker may outlive its answer by 30 s. */
const WATCH_MS = 10_000;
/** Milliseconds that a finished lease may wait for a call to travel with, well within its grace. */
const REPORT_WITHIN_MS = 1_500;
/** Milliseconds after which a call is given up by those who have not joined it: its request may have been killed. */
const STALE_CALL_MS = 10_000;

/** Requests that will share the next call. */
interface Batch {
  readonly units: Unit[];
  waiting: number;
  call?: Promise<void>;
}

interface InFlight {
  readonly since: number;
  /** Never rejects. */
  readonly done: Promise<void>;
}

/**
 * An isolate's side of one counter: spends units from memory; when there are none, all who wait share one call, and who
 * comes meanwhile shares the next. Lives as long as the isolate; every method takes the caller whose request is being
 * served, because a promise made for one request must be kept alive by it.
 */
export class LeaseHolder<A extends Grant> {
  readonly #pocket: Pocket;
  readonly #demand = new Demand();
  #terms: Terms;
  #gathering: Batch | undefined;
  #inFlight: InFlight | undefined;
  #last: { readonly answer: A; readonly askedAt: number; readonly receivedAt: number } | undefined;
  #deniedUntil = Number.NEGATIVE_INFINITY;
  #watch: { readonly handOverAt: number } | undefined;

  constructor(terms: Terms, pocket = new Pocket()) {
    this.#terms = terms;
    this.#pocket = pocket;
  }

  /** Under other terms an old refusal says nothing. */
  follow(terms: Terms): void {
    if (terms.policy !== this.#terms.policy) this.#deniedUntil = Number.NEGATIVE_INFINITY;
    this.#terms = terms;
  }

  /** The refusal that is known without asking, if there is one. */
  denial(now: number): Take | undefined {
    if (now >= this.#deniedUntil || this.#pocket.size(now) > 0) return undefined;
    return this.#refusal(now);
  }

  /** The counter's last answer, however old; the one that a unit was taken by is never older than a lease's life. */
  get last(): A | undefined {
    return this.#last?.answer;
  }

  /** Takes one unit: from memory, or by a call. Rejects when the counter cannot be asked. */
  async take(caller: Caller<A>): Promise<Take> {
    this.#demand.note(caller.now());
    const take = this.#known(caller) ?? (await this.#ask(caller, 1, () => this.#known(caller)));
    return take ?? this.#refusal(caller.now());
  }

  /** The counter's last answer, not older than `maxAgeMs`; asked for ahead of time while requests keep coming. */
  async latest(caller: Caller<A>, maxAgeMs: number): Promise<A> {
    const age = () => (this.#last ? caller.now() - this.#last.askedAt : Number.POSITIVE_INFINITY);
    if (age() >= maxAgeMs) await this.#ask(caller, 0, () => age() < maxAgeMs || undefined);
    else if (age() >= maxAgeMs / 2) this.#askAhead(caller);
    if (!this.#last) throw new Error("a counter was asked and has not answered");
    return this.#last.answer;
  }

  /** Has somebody bring what {@link Caller.hasMore} speaks of, unless a call takes it along before. */
  remind(caller: Caller<A>): void {
    this.#keepWatch(caller);
  }

  /** The answer that needs no call. */
  #known(caller: Caller<A>): Take | undefined {
    const now = caller.now();
    const unit = this.#pocket.spend(now);
    if (!unit) return this.denial(now);
    if (this.#runsLow(now)) this.#askAhead(caller);
    this.#keepWatch(caller);
    return this.#taken(unit, caller);
  }

  #taken(unit: Unit, caller: Caller<A>): Take {
    const now = caller.now();
    const remaining = (this.#last?.answer.remaining ?? 0) + this.#pocket.size(now);
    const refund = () => {
      const inTime = this.#pocket.refund(unit, caller.now());
      if (inTime) this.#roomMade(caller);
      return inTime;
    };
    return { ok: true, remaining, resetMs: this.#resetMs(now), refund };
  }

  /** The next request asks again, and its call takes along what was given back; without one, somebody hands it back. */
  #roomMade(caller: Caller<A>): void {
    this.#deniedUntil = Number.NEGATIVE_INFINITY;
    this.#keepWatch(caller);
  }

  #refusal(now: number): Take {
    return { ok: false, remaining: 0, resetMs: this.#resetMs(now) };
  }

  #resetMs(now: number): number {
    return this.#last ? Math.max(0, this.#last.receivedAt + this.#last.answer.resetMs - now) : 0;
  }

  /**
   * Waits for a call that is made together with all who wait, unless another call answers before. `undefined` when the
   * call brought no unit (or none was asked for).
   */
  async #ask<T>(caller: Caller<A>, units: 0 | 1, known: () => T | undefined): Promise<T | Take | undefined> {
    this.#gathering ??= { units: [], waiting: 0 };
    const batch = this.#gathering;
    batch.waiting += units;
    while (!batch.call && this.#isCalling(caller.now())) {
      if (this.#inFlight) await joined(this.#inFlight.done);
      const answer = batch.call ? undefined : known();
      if (answer === undefined) continue;
      batch.waiting -= units;
      return answer;
    }
    if (!batch.call) {
      this.#gathering = undefined;
      batch.call = this.#call(caller, batch, "finished");
    }
    await joined(batch.call);
    const unit = units === 1 ? batch.units.shift() : undefined;
    return unit && this.#taken(unit, caller);
  }

  #isCalling(now: number): boolean {
    return this.#inFlight !== undefined && now - this.#inFlight.since < STALE_CALL_MS;
  }

  /** Asks for more while there is still some, so that nobody waits. */
  #askAhead(caller: Caller<A>): void {
    if (this.#isCalling(caller.now())) return;
    this.#call(caller, { units: [], waiting: 0 }, "finished").catch((error: unknown) => caller.warn(error));
  }

  #runsLow(now: number): boolean {
    const wanted = this.#demand.expected(this.#terms.lifeMs, now);
    if (wanted === 0 || (this.#last?.answer.remaining ?? 0) < wanted / 4) return false;
    return this.#pocket.size(now, this.#terms.lifeMs / 3) < wanted / 4;
  }

  /** One call. It lives on with its request even when its visitor has gone, since others wait for it. */
  #call(caller: Caller<A>, batch: Batch, report: "finished" | "all"): Promise<void> {
    const askedAt = caller.now();
    const { lifeMs } = this.#terms;
    const settled = this.#pocket.report(askedAt, report);
    const expected = report === "all" ? 0 : this.#demand.expected(lifeMs, askedAt);
    const request: Exchange = {
      id: caller.newLeaseId(),
      needed: batch.waiting,
      extra: Math.max(0, expected - this.#pocket.size(askedAt, lifeMs / 3)),
      lifeMs,
      settled,
    };
    const call = caller.exchange(request).then(
      (answer) => this.#receive(caller, request, batch, answer, askedAt),
      (error: unknown) => {
        this.#pocket.unreported([...settled, { id: request.id, arrival: 0, later: 0 }], askedAt + lifeMs);
        this.#keepWatch(caller);
        throw error;
      },
    );
    const inFlight: InFlight = {
      since: askedAt,
      done: call.then(
        () => this.#landed(inFlight),
        () => this.#landed(inFlight),
      ),
    };
    this.#inFlight = inFlight;
    caller.waitUntil(inFlight.done);
    return call;
  }

  #landed(call: InFlight): void {
    if (this.#inFlight === call) this.#inFlight = undefined;
  }

  #receive(caller: Caller<A>, request: Exchange, batch: Batch, answer: A, askedAt: number): void {
    const receivedAt = caller.now();
    this.#last = { answer, askedAt, receivedAt };
    const arrivals = this.#pocket.fill(request.id, answer.granted, answer.extra, askedAt + request.lifeMs);
    batch.units.push(...arrivals);
    const refused = answer.granted < request.needed;
    this.#deniedUntil = refused ? receivedAt + Math.min(answer.resetMs, this.#terms.denialMs) : Number.NEGATIVE_INFINITY;
    this.#keepWatch(caller);
  }

  /** Sees to it that somebody hands back what stays unspent. */
  #keepWatch(caller: Caller<A>): void {
    const now = caller.now();
    if ((this.#watch && now < this.#watch.handOverAt) || !this.#owes(caller)) return;
    const watch = { handOverAt: now + WATCH_MS };
    this.#watch = watch;
    caller.waitUntil(this.#handBack(caller, watch));
  }

  async #handBack(caller: Caller<A>, watch: { readonly handOverAt: number }): Promise<void> {
    while (this.#watch === watch && this.#owes(caller)) {
      await caller.sleep(IDLE_MS);
      const now = caller.now();
      const idle = now - this.#demand.lastAt >= IDLE_MS;
      if (this.#isCalling(now) || !(idle || this.#isDue(caller, now))) continue;
      try {
        await this.#call(caller, { units: [], waiting: 0 }, idle ? "all" : "finished");
      } catch (error) {
        caller.warn(error);
      }
    }
    if (this.#watch === watch) this.#watch = undefined;
  }

  #owes(caller: Caller<A>): boolean {
    return this.#pocket.owesReport() || caller.hasMore();
  }

  #isDue(caller: Caller<A>, now: number): boolean {
    return this.#pocket.isOverdue(now - REPORT_WITHIN_MS) || caller.hasMore();
  }
}
