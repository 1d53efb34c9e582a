import { DurableObject } from "cloudflare:workers";
import { budgetTerms, type CounterName, countedUse, giveNotices, readCounterName, workspaceTerms } from "#billing";
import { systemClock } from "#platform/clock";
import { type Context, createContext } from "#platform/context";
import type { Env } from "#platform/env";
import { AppError } from "#platform/errors";
import { createLogger } from "#platform/log";
import type {
  CountedMeter,
  QuotaCounterApi,
  QuotaCounts,
  QuotaExchange,
  QuotaGrant,
  Reconciliation,
  ReservationAnswer,
} from "#platform/objects/quota-counter";
import { migrateStorage } from "#platform/storage-migrations";
import { Account } from "./account.ts";
import { migrations } from "./migrations.ts";
import { accountStateSchema } from "./state.ts";

/** Milliseconds after which the plan is read again. */
const PLAN_LIFE_MS = 60_000;
/** Milliseconds before the ledger is asked again for what abandoned calls used. */
const LOOK_AGAIN_MS = 60_000;

/**
 * What one workspace uses in its billing period, or one app of it that has a budget. Plan and budget come from the platform
 * database and are remembered: once known, the counter serves without it, and rolls over to the next month by itself.
 */
export class QuotaCounter extends DurableObject<Env> implements QuotaCounterApi {
  readonly #clock = systemClock;
  #account: Account | undefined;
  #reading: Promise<Account> | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  #givingNotices = false;
  /** Whether an alarm will look after reservations; unknown in a new life. */
  #watched: boolean | undefined;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    migrateStorage(state.storage, migrations);
    const [row] = state.storage.sql.exec<{ value: string }>("SELECT value FROM state").toArray();
    if (row) this.#account = new Account(accountStateSchema.parse(JSON.parse(row.value)));
  }

  async take(exchange: QuotaExchange): Promise<QuotaGrant> {
    const account = await this.#current();
    const grant = account.take(exchange, this.#clock.now());
    this.#save(account);
    return grant;
  }

  async reserve(id: string, tokens: number): Promise<ReservationAnswer> {
    const account = await this.#current();
    const answer = account.reserve(id, tokens, this.#clock.now());
    if (answer.ok) this.#save(account);
    await this.#watch(account);
    return answer;
  }

  async settle(id: string, used: number): Promise<void> {
    const account = await this.#current();
    account.settle(id, used, this.#clock.now());
    this.#save(account);
  }

  /** Looks for reservations that nobody has settled: the ledger says what their calls used. */
  override async alarm(): Promise<void> {
    this.#watched = false;
    const account = await this.#current();
    if (account.hasAbandoned(this.#clock.now())) {
      await this.ctx.storage.setAlarm(this.#clock.now() + LOOK_AGAIN_MS);
      const { workspaceId, appId } = this.#name();
      const { period } = account;
      const { tokens } = await countedUse(this.#context(), workspaceId, appId, period);
      account.giveUpAbandoned(tokens, period.periodStart, this.#clock.now());
      this.#save(account);
    }
    await this.#watch(account);
  }

  async refresh(): Promise<void> {
    // A reading that is under way may have begun before the change.
    await this.#reading?.catch(() => undefined);
    await this.#readPlan();
  }

  async counts(): Promise<QuotaCounts> {
    const account = await this.#current();
    return account.counts(this.#clock.now());
  }

  async reconcile(meter: CountedMeter, periodStart: number, ledgerQuantity: number, quietMs: number): Promise<Reconciliation> {
    const account = await this.#current();
    const result = account.reconcile(meter, periodStart, ledgerQuantity, quietMs, this.#clock.now());
    if (result.settled) this.#save(account);
    return result;
  }

  /** The account in the current period. Waits for the platform database only when nothing is known yet. */
  async #current(): Promise<Account> {
    const account = this.#account ?? (await this.#readPlan());
    const now = this.#clock.now();
    const rolled = account.roll(now);
    if (rolled || now - this.#readAt >= PLAN_LIFE_MS) {
      const reading = this.#readPlan().catch((error: unknown) =>
        this.#log().error("the plan could not be read; the last one holds", error),
      );
      this.ctx.waitUntil(reading);
    }
    return account;
  }

  /** Reads the plan, once for all who ask at the same time. */
  #readPlan(): Promise<Account> {
    this.#readAt = this.#clock.now();
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<Account> {
    const { workspaceId, appId } = this.#name();
    const ctx = this.#context();
    const reading = appId === null ? workspaceTerms(ctx, workspaceId) : budgetTerms(ctx, workspaceId, appId);
    const terms = await reading.catch((cause: unknown) => {
      throw new AppError("database_unavailable", "The plan of the workspace cannot be read. Try again in a moment.", {
        retryAfter: 5,
        cause,
      });
    });
    const account = this.#account ?? Account.opened(terms);
    account.learn(terms, this.#clock.now());
    this.#account = account;
    this.#save(account);
    return account;
  }

  #save(account: Account): void {
    this.ctx.storage.sql.exec("INSERT OR REPLACE INTO state (id, value) VALUES (1, ?)", JSON.stringify(account.state()));
    this.#giveNotices(account);
  }

  /** Nobody waits for notices; one that cannot be given now is given with a later change. */
  #giveNotices(account: Account): void {
    if (this.#givingNotices || account.dueNotices().length === 0) return;
    this.#givingNotices = true;
    const giving = this.#writeNotices(account).catch((error: unknown) => this.#log().error("a notice could not be given", error));
    this.ctx.waitUntil(
      giving.finally(() => {
        this.#givingNotices = false;
      }),
    );
  }

  async #writeNotices(account: Account): Promise<void> {
    const { workspaceId, appId } = this.#name();
    for (let due = account.dueNotices(); due.length > 0; due = account.dueNotices()) {
      const { period } = account;
      await giveNotices(this.#context(), workspaceId, appId, period, due);
      account.notice(due, period.periodStart);
      this.#save(account);
    }
  }

  /** Sets the alarm once; when it rings too early, it is set again. So a reservation seldom pays for it. */
  async #watch(account: Account): Promise<void> {
    const end = account.watchFrom();
    if (end === undefined || this.#watched) return;
    this.#watched = true;
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(Math.max(end, this.#clock.now() + 1));
  }

  #name(): CounterName {
    const { name } = this.ctx.id;
    if (name === undefined) throw new Error("a quota counter is reached by its workspace's id");
    return readCounterName(name);
  }

  #context(): Context {
    return createContext(this.env, { actor: { type: "system", name: "quota" }, waitUntil: (work) => this.ctx.waitUntil(work) });
  }

  #log() {
    return createLogger({ quota_counter: this.ctx.id.name });
  }
}
