import { DurableObject } from "cloudflare:workers";
import { systemClock } from "#platform/clock";
import type { Env } from "#platform/env";
import { createLogger } from "#platform/log";
import {
  type Conversation,
  NO_CONVERSATION,
  type Overflow,
  type Turn,
  type TurnAnswer,
  type VisitorSessionApi,
} from "#platform/objects/visitor-session";
import { migrateStorage } from "#platform/storage-migrations";
import { durableRunName } from "#runtime";
import { Line } from "./line.ts";
import { Memory } from "./memory.ts";
import { migrations } from "./migrations.ts";

/** Milliseconds after which the run whose turn it is is looked after: word of its turn, or it itself, may have been lost. */
const LOOK_AFTER = 15_000;
/** The same for runs that are late: they wait for people, or for a time. */
const LOOK_AFTER_LATE = 3_600_000;
/** Milliseconds for which a run may hold up those behind it. */
const MAX_HOLD = 15 * 60_000;
/** Milliseconds after the last turn for which the conversation is kept: as long as the visitor's token at most. */
const RETENTION = 24 * 3_600_000;

/**
 * One visitor's conversation with one app. Its turns are runs in objects of their own; each is told when its turn comes, and
 * again later, since nothing depends on word of it arriving.
 */
export class VisitorSession extends DurableObject<Env> implements VisitorSessionApi {
  readonly #clock = systemClock;
  readonly #line: Line;
  readonly #memory: Memory;
  /** Whether anything was ever said. Looking at a session that has no conversation must not leave one behind. */
  #exists: boolean;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    const { sql } = state.storage;
    this.#line = new Line(sql);
    this.#memory = new Memory(sql);
    this.#exists = sql.exec("SELECT name FROM sqlite_master WHERE name = 'line'").toArray().length > 0;
    if (this.#exists) migrateStorage(state.storage, migrations);
  }

  async enter(runId: string): Promise<TurnAnswer> {
    if (!this.#exists) migrateStorage(this.ctx.storage, migrations);
    this.#exists = true;
    const now = this.#clock.now();
    const kind = this.#line.enter(runId, now);
    this.#memory.use(now);
    await this.#wakeBy(LOOK_AFTER);
    return kind === "go" ? { kind, conversation: this.#memory.read() } : { kind };
  }

  async leave(runId: string, turn: Pick<Turn, "said" | "answer"> | null): Promise<Overflow | null> {
    if (!this.#exists) return null;
    const now = this.#clock.now();
    const overflow = this.ctx.storage.transactionSync(() => {
      const wasInLine = this.#line.leave(runId);
      if (wasInLine && turn) this.#memory.keep(runId, turn, now);
      this.#memory.use(now);
      return this.#memory.takeOverflow(now);
    });
    await this.#wakeBy(LOOK_AFTER);
    this.ctx.waitUntil(this.#callHolder());
    return overflow;
  }

  async condense(upTo: number, summary: string | null): Promise<void> {
    if (this.#exists) this.ctx.storage.transactionSync(() => this.#memory.condense(upTo, summary));
  }

  async read(): Promise<Conversation> {
    return this.#exists ? this.#memory.read() : NO_CONVERSATION;
  }

  async forget(): Promise<void> {
    if (this.#exists) this.#memory.forget();
  }

  override async alarm(): Promise<void> {
    if (!this.#exists) return;
    this.#line.passBy(this.#clock.now() - MAX_HOLD);
    await Promise.all(this.#line.late().map((runId) => this.#call(runId)));
    await this.#callHolder();
    const now = this.#clock.now();
    if (this.#line.holder(now) !== undefined) return this.#wakeBy(LOOK_AFTER);
    if (this.#line.late().length > 0) return this.#wakeBy(LOOK_AFTER_LATE);
    const end = this.#memory.usedAt + RETENTION;
    if (now < end) return this.#wakeBy(end - now);
    this.#exists = false;
    await this.ctx.storage.deleteAll();
  }

  /** Tells the run whose turn it is, and passes those by that are nowhere to be found. */
  async #callHolder(): Promise<void> {
    for (let runId = this.#line.holder(this.#clock.now()); runId !== undefined; runId = this.#line.holder(this.#clock.now())) {
      if (await this.#call(runId)) return;
    }
  }

  /** Gives whether the run is there to be told, as far as can be seen; where it is not, it leaves the line. */
  async #call(runId: string): Promise<boolean> {
    try {
      if (await this.env.DURABLE_RUN.getByName(durableRunName(runId)).go(runId)) return true;
      this.#line.leave(runId);
      return false;
    } catch (error) {
      createLogger({ run_id: runId }).error("a run could not be told that it is its turn; it is told again", error);
      return true;
    }
  }

  /** Sets the alarm, unless it is set for sooner. */
  async #wakeBy(milliseconds: number): Promise<void> {
    const [at, set] = [this.#clock.now() + milliseconds, await this.ctx.storage.getAlarm()];
    if (set === null || set > at) await this.ctx.storage.setAlarm(at);
  }
}
