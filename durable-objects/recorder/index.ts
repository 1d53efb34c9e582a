import { DurableObject } from "cloudflare:workers";
import { systemClock } from "#platform/clock";
import type { Env } from "#platform/env";
import { createLogger } from "#platform/log";
import type { EndedRun, OutboxCounts, OutboxRejection, OutboxRow, RecorderApi } from "#platform/objects/recorder";
import type { RunRecord } from "#platform/records";
import { migrateStorage } from "#platform/storage-migrations";
import { migrations } from "./migrations.ts";
import { Outbox } from "./outbox.ts";

/** Appends that arrive within this time (ms) leave in one knock, where there was none for a while. */
const GATHER = 25;
/** The same while one knock follows the other: each costs a message, a pull and a few transactions, however many rows it carries. */
const GATHER_WHEN_BUSY = 250;
/** So long (ms) after a knock an outbox counts as busy. */
const BUSY_FOR = 500;

/**
 * The outbox of one workspace in one place. Its alarm knocks at the `records` queue; the consumer pulls, writes and
 * confirms. Nothing depends on a knock arriving: an unconfirmed row is offered again.
 */
export class Recorder extends DurableObject<Env> implements RecorderApi {
  readonly #outbox: Outbox;
  readonly #clock = systemClock;
  #alarmAt: number | null = null;
  #knockedAt = Number.NEGATIVE_INFINITY;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    this.#outbox = new Outbox(state.storage.sql);
    void state.blockConcurrencyWhile(async () => {
      migrateStorage(state.storage, migrations);
      this.#alarmAt = await state.storage.getAlarm();
    });
  }

  async append(record: RunRecord, revision?: number): Promise<void> {
    const now = this.#clock.now();
    this.#outbox.finish(record, now, revision);
    await this.#wakeBy(now + (now - this.#knockedAt < BUSY_FOR ? GATHER_WHEN_BUSY : GATHER));
  }

  async appendAll(runs: readonly EndedRun[]): Promise<void> {
    const now = this.#clock.now();
    this.ctx.storage.transactionSync(() => {
      for (const run of runs) this.#outbox.finishAsJson(run, now);
    });
    await this.#wakeBy(now + (now - this.#knockedAt < BUSY_FOR ? GATHER_WHEN_BUSY : GATHER));
  }

  async open(record: RunRecord, deadline: number): Promise<void> {
    const now = this.#clock.now();
    this.#outbox.begin(record, deadline, now);
    await this.#wakeBy(this.#outbox.nextDue() ?? deadline);
  }

  async find(runId: string): Promise<string | null> {
    return this.#outbox.find(runId);
  }

  async pull(limit: number): Promise<OutboxRow[]> {
    return this.#outbox.pull(limit);
  }

  async confirm(rows: readonly Pick<OutboxRow, "id" | "revision">[]): Promise<void> {
    this.#outbox.confirm(rows);
  }

  async reject(rows: readonly OutboxRejection[]): Promise<string[]> {
    return this.#outbox.reject(rows);
  }

  async counts(): Promise<OutboxCounts> {
    return this.#outbox.counts();
  }

  override async alarm(): Promise<void> {
    this.#alarmAt = null;
    const now = this.#clock.now();
    this.#outbox.interruptOverdue(now);
    // The next alarm is set before the knock: a queue that refuses it only delays the rows until they are offered again.
    const offered = this.#outbox.offer(now);
    const next = this.#outbox.nextDue();
    if (next !== null) await this.#wakeBy(next);
    if (!offered) return;
    this.#knockedAt = now;
    try {
      await this.env.RECORDS.send({ outbox: this.#name() });
    } catch (error) {
      createLogger({ outbox: this.#name() }).error("the records queue refused a knock; it is repeated later", error);
    }
  }

  /** Sets the alarm for `time`, unless one is set for sooner. */
  async #wakeBy(time: number): Promise<void> {
    if (this.#alarmAt !== null && this.#alarmAt <= time) return;
    this.#alarmAt = time;
    await this.ctx.storage.setAlarm(time);
  }

  /** The object's own name, which is how the consumer finds it again. */
  #name(): string {
    const { name } = this.ctx.id;
    if (name === undefined) throw new Error("a Recorder must be reached by name");
    return name;
  }
}
