import { DurableObject } from "cloudflare:workers";
import { openPeriod } from "#billing";
import { systemClock } from "#platform/clock";
import { createContext } from "#platform/context";
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
} from "#platform/objects/quota-counter";
import { migrateStorage } from "#platform/storage-migrations";
import { Account } from "./account.ts";
import { migrations } from "./migrations.ts";
import { accountStateSchema } from "./state.ts";

/** Milliseconds after which the plan is read again. */
const PLAN_LIFE_MS = 60_000;

/**
 * One workspace's use in its billing period. The plan comes from the platform database and is remembered: once known, the
 * counter serves without it, and rolls over to the next month by itself.
 */
export class QuotaCounter extends DurableObject<Env> implements QuotaCounterApi {
  readonly #clock = systemClock;
  #account: Account | undefined;
  #reading: Promise<Account> | undefined;
  #readAt = Number.NEGATIVE_INFINITY;

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
    const ctx = createContext(this.env, { actor: { type: "system", name: "quota" }, waitUntil: (work) => this.ctx.waitUntil(work) });
    const period = await openPeriod(ctx, this.#workspaceId()).catch((cause: unknown) => {
      throw new AppError("database_unavailable", "The plan of the workspace cannot be read. Try again in a moment.", {
        retryAfter: 5,
        cause,
      });
    });
    const account = this.#account ?? Account.opened(period);
    account.learn(period, this.#clock.now());
    this.#account = account;
    this.#save(account);
    return account;
  }

  #save(account: Account): void {
    this.ctx.storage.sql.exec("INSERT OR REPLACE INTO state (id, value) VALUES (1, ?)", JSON.stringify(account.state()));
  }

  #workspaceId(): string {
    const { name } = this.ctx.id;
    if (name === undefined) throw new Error("a quota counter is reached by its workspace's id");
    return name;
  }

  #log() {
    return createLogger({ quota_counter: this.#workspaceId() });
  }
}
