import { DurableObject } from "cloudflare:workers";
import type { Env } from "#platform/env";
import { createLogger } from "#platform/log";
import { parseLiveRun } from "#platform/objects/durable-run";
import type { GateAnswer, GateRules, RunGateApi } from "#platform/objects/run-gate";
import { migrateStorage } from "#platform/storage-migrations";
import { durableRunName } from "#runtime";
import { Line, type Turn } from "./line.ts";
import { migrations } from "./migrations.ts";

/** Milliseconds after which a run that was called, and has not begun, is called again. */
const CALL_AGAIN = 15_000;
/** Milliseconds after which a run that goes on is looked after: it may have ended without a word. */
const LOOK_AFTER = 300_000;
/** Messages that a queue takes at once. */
const MAX_MESSAGES = 100;

/**
 * The gate of one app: so many of its runs go on at a time, the others wait in line. Word of a run's turn goes by the
 * `executions` queue; nothing depends on it arriving, since whoever has not begun is called again.
 */
export class RunGate extends DurableObject<Env> implements RunGateApi {
  readonly #line: Line;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    migrateStorage(state.storage, migrations);
    this.#line = new Line(state.storage.sql);
  }

  async enter(runId: string, appId: string, rules: GateRules): Promise<GateAnswer> {
    const answer = this.#line.enter(runId, appId, rules, this.#now());
    // Also by one who is turned away: whoever is in must be looked after, or the gate could stay full for ever.
    await this.#wakeBy(LOOK_AFTER);
    return answer;
  }

  async leave(runId: string): Promise<void> {
    this.#line.leave(runId);
    await this.#tell(this.#line.call(this.#now()));
  }

  async begun(runId: string): Promise<void> {
    this.#line.begun(runId, this.#now());
  }

  async counts(): Promise<{ running: number; waiting: number }> {
    return { running: this.#line.busy(), waiting: this.#line.waiting };
  }

  override async alarm(): Promise<void> {
    const now = this.#now();
    await Promise.all(this.#line.silentSince(now - LOOK_AFTER).map((turn) => this.#lookAfter(turn)));
    this.#line.call(now);
    await this.#tell(this.#line.called());
    if (this.#line.busy() > 0) await this.#wakeBy(LOOK_AFTER);
  }

  /** Tells runs that their turn has come, and again later those who have not begun by then. */
  async #tell(turns: readonly Turn[]): Promise<void> {
    if (turns.length === 0) return;
    await this.#wakeBy(CALL_AGAIN);
    try {
      const messages = turns.slice(0, MAX_MESSAGES).map((turn) => ({ body: { type: "go" as const, ...turn } }));
      await this.env.EXECUTIONS.sendBatch(messages);
    } catch (error) {
      createLogger({ app_id: turns[0]?.appId }).error("the executions queue refused word of a run's turn; it is sent again", error);
    }
  }

  async #lookAfter({ runId }: Turn): Promise<void> {
    try {
      const run = parseLiveRun(await this.env.DURABLE_RUN.getByName(durableRunName(runId)).read());
      if (run?.execution.id !== runId || run.execution.finished_at !== null) this.#line.leave(runId);
      else this.#line.seen(runId, this.#now());
    } catch (error) {
      createLogger({ run_id: runId }).error("a run could not be looked after; it keeps its place", error);
    }
  }

  /** Sets the alarm, unless it is set for sooner. */
  async #wakeBy(milliseconds: number): Promise<void> {
    const [at, set] = [this.#now() + milliseconds, await this.ctx.storage.getAlarm()];
    if (set === null || set > at) await this.ctx.storage.setAlarm(at);
  }

  #now(): number {
    return Date.now();
  }
}
