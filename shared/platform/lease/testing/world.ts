import { LeaseBook, type Tally } from "../book.ts";
import type { Exchange, Grant } from "../exchange.ts";
import { type Caller, LeaseHolder, type Take } from "../holder.ts";
import type { Terms } from "../terms.ts";
import type { VirtualTime } from "./virtual-time.ts";

export interface Weather {
  /** Milliseconds that the next message takes, or `null` when it is lost. */
  next(): number | null;
}

/** A unit that reached a request: when it was really spent. */
export interface Admitted {
  at: number;
  refunded: boolean;
}

/** One counter, and isolates with clocks of their own on a network with its weather. */
export class World {
  readonly admitted: Admitted[] = [];
  denied = 0;
  failed = 0;
  calls = 0;
  readonly book: LeaseBook;
  readonly #time: VirtualTime;
  readonly #weather: Weather;
  readonly #capacity: number;

  constructor(time: VirtualTime, weather: Weather, tally: Tally, capacity: number) {
    this.#time = time;
    this.#weather = weather;
    this.#capacity = capacity;
    this.book = new LeaseBook(tally);
  }

  isolate(terms: Terms, clockOffset: number): Isolate {
    return new Isolate(this, this.#time, terms, clockOffset);
  }

  /** A message's way. A lost one is noticed after a while. */
  async travel(): Promise<void> {
    const delay = this.#weather.next();
    await this.#time.sleep(delay ?? 200);
    if (delay === null) throw new Error("lost on the way");
  }

  serve(request: Exchange): Grant {
    this.calls += 1;
    return this.book.exchange(request, this.#capacity, this.#time.now());
  }
}

let leases = 0;

export class Isolate {
  readonly #world: World;
  readonly #time: VirtualTime;
  readonly #offset: number;
  readonly #terms: Terms;
  #holder: LeaseHolder<Grant>;
  #life = { over: false };
  #requests = { over: false };
  /** Instants of the grants that requests of this isolate wait for. */
  #granted: number[] = [];

  constructor(world: World, time: VirtualTime, terms: Terms, offset: number) {
    this.#world = world;
    this.#time = time;
    this.#terms = terms;
    this.#offset = offset;
    this.#holder = new LeaseHolder(terms);
  }

  /** Dies with all it holds: nothing it waits for ever comes, and what it did not tell is lost. */
  crash(): void {
    this.killRequests();
    this.#life.over = true;
    this.#life = { over: false };
    this.#granted = [];
    this.#holder = new LeaseHolder(this.#terms);
  }

  /** The requests under way die, and with them their calls and timers; memory stays. */
  killRequests(): void {
    this.#requests.over = true;
    this.#requests = { over: false };
  }

  /** A request that, if admitted, may give its unit back after a while. */
  async request(refundAfter?: number): Promise<void> {
    const life = this.#life;
    const startedAt = this.#time.now();
    const callsBefore = this.#world.calls;
    let take: Take;
    try {
      take = await this.#holder.take(this.#caller());
    } catch {
      this.#world.failed += 1;
      return;
    }
    if (!take.ok) {
      this.#world.denied += 1;
      return;
    }
    const waited = this.#time.now() > startedAt || this.#world.calls > callsBefore;
    const admitted = { at: (waited && this.#granted.shift()) || this.#time.now(), refunded: false };
    this.#world.admitted.push(admitted);
    if (refundAfter === undefined) return;
    await this.#time.sleep(refundAfter);
    if (!life.over) admitted.refunded = take.refund();
  }

  #caller(): Caller<Grant> {
    const requests = this.#requests;
    const forever = new Promise<never>(() => {});
    const alive = async (work: Promise<void>) => {
      await work.catch((error: unknown) => (requests.over ? forever : Promise.reject(error)));
      if (requests.over) await forever;
    };
    return {
      now: () => this.#time.now() + this.#offset,
      sleep: (ms) => alive(this.#time.sleep(ms)),
      newLeaseId: () => `lease-${++leases}`,
      waitUntil: () => {},
      hasMore: () => false,
      warn: () => {},
      exchange: async (request) => {
        await alive(this.#world.travel());
        const grant = this.#world.serve(request);
        const grantedAt = this.#time.now();
        await alive(this.#world.travel());
        this.#granted = Array.from({ length: grant.granted }, () => grantedAt);
        return grant;
      },
    };
  }
}
