import { LeaseBook, type Tally } from "../book.ts";
import type { Exchange, Grant } from "../exchange.ts";
import { type Caller, LeaseHolder, type Take } from "../holder.ts";
import { Pocket, type Unit } from "../pocket.ts";
import type { Terms } from "../terms.ts";
import type { VirtualTime } from "./virtual-time.ts";

export interface Weather {
  /** Milliseconds that the next message takes, or `null` when it is lost. */
  next(): number | null;
}

/** A unit that was spent, and when: if somebody waited for it, at the instant of its grant. */
export interface Spent {
  readonly at: number;
  refunded: boolean;
}

/**
 * A pocket that writes down what becomes of each unit. From outside, who was admitted by which grant can only be
 * guessed: calls overlap, and their answers come late.
 */
class WitnessedPocket extends Pocket {
  readonly #world: World;
  readonly #spent = new Map<Unit, Spent>();

  constructor(world: World) {
    super();
    this.#world = world;
  }

  override fill(...grant: Parameters<Pocket["fill"]>): Unit[] {
    const units = super.fill(...grant);
    for (const unit of units) this.#note(unit, this.#world.grantedAt(grant[0]));
    return units;
  }

  override spend(now: number): Unit | undefined {
    const unit = super.spend(now);
    if (unit) this.#note(unit, this.#world.now());
    return unit;
  }

  override refund(unit: Unit, now: number): boolean {
    const inTime = super.refund(unit, now);
    const spent = this.#spent.get(unit);
    if (inTime && spent) spent.refunded = true;
    return inTime;
  }

  #note(unit: Unit, at: number): void {
    const spent = { at, refunded: false };
    this.#spent.set(unit, spent);
    this.#world.spent.push(spent);
  }
}

/** One counter, and isolates with clocks of their own on a network with its weather. */
export class World {
  readonly spent: Spent[] = [];
  admitted = 0;
  denied = 0;
  failed = 0;
  calls = 0;
  /** Units granted by answers that have not arrived: on their way, or for ever. */
  undelivered = 0;
  readonly book: LeaseBook;
  readonly #time: VirtualTime;
  readonly #weather: Weather;
  readonly #capacity: number;
  readonly #grants = new Map<string, number>();

  constructor(time: VirtualTime, weather: Weather, tally: Tally, capacity: number) {
    this.#time = time;
    this.#weather = weather;
    this.#capacity = capacity;
    this.book = new LeaseBook(tally);
  }

  isolate(terms: Terms, clockOffset: number): Isolate {
    return new Isolate(this, this.#time, terms, clockOffset);
  }

  now(): number {
    return this.#time.now();
  }

  /** When the counter answered the call of this id. */
  grantedAt(id: string): number {
    const at = this.#grants.get(id);
    if (at === undefined) throw new Error(`${id} was not granted`);
    return at;
  }

  /** A message's way. A lost one is noticed after a while. */
  async travel(): Promise<void> {
    const delay = this.#weather.next();
    await this.#time.sleep(delay ?? 200);
    if (delay === null) throw new Error("lost on the way");
  }

  serve(request: Exchange): Grant {
    this.calls += 1;
    this.#grants.set(request.id, this.now());
    return this.book.exchange(request, this.#capacity, this.now());
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

  constructor(world: World, time: VirtualTime, terms: Terms, offset: number) {
    this.#world = world;
    this.#time = time;
    this.#terms = terms;
    this.#offset = offset;
    this.#holder = new LeaseHolder(terms, new WitnessedPocket(world));
  }

  /** Dies with all it holds: nothing it waits for ever comes, and what it did not tell is lost. */
  crash(): void {
    this.killRequests();
    this.#life.over = true;
    this.#life = { over: false };
    this.#holder = new LeaseHolder(this.#terms, new WitnessedPocket(this.#world));
  }

  /** The requests under way die, and with them their calls and timers; memory stays. */
  killRequests(): void {
    this.#requests.over = true;
    this.#requests = { over: false };
  }

  /** A request that, if admitted, may give its unit back after a while. */
  async request(refundAfter?: number): Promise<void> {
    const life = this.#life;
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
    this.#world.admitted += 1;
    if (refundAfter === undefined) return;
    await this.#time.sleep(refundAfter);
    if (!life.over) take.refund();
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
        this.#world.undelivered += grant.granted + grant.extra;
        await alive(this.#world.travel());
        this.#world.undelivered -= grant.granted + grant.extra;
        return grant;
      },
    };
  }
}
