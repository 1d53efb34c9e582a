import type { Context } from "#platform/context";
import { AppError } from "#platform/errors";
import type { DatabasePoolApi, PoolReply, SqlAnswer, SqlStatement } from "#platform/objects/database-pool";
import { readPassword, reservePasswords } from "./credentials.ts";
import type { Driver } from "./driver.ts";
import { describeFailure, serverRefusal } from "./failures.ts";
import { migrate } from "./migrate.ts";
import { MAX_ROWS } from "./operation.ts";
import { databaseName, type Provider } from "./provider.ts";
import { dbSchemaSchema } from "./schema.ts";
import { Slots } from "./slots.ts";

/** Statements of one workspace that run at once. */
const CONCURRENCY = 8;
/** Bytes of one answer's values, at most. */
const MAX_ANSWER_BYTES = 1024 * 1024;

export interface PoolOptions {
  readonly ctx: Context;
  readonly driver: Driver;
  readonly provider: Provider;
}

/** How the runtime role enters, opened. Lives in memory only. */
interface Access {
  readonly address: string;
  readonly revision: number;
}

const ENCODER = new TextEncoder();

function checkSize({ rows }: SqlAnswer): void {
  if (rows.length > MAX_ROWS) throw new AppError("payload_too_large", `The statement gave more than ${MAX_ROWS} rows.`);
  let bytes = 0;
  for (const value of rows.flat()) bytes += value === null ? 0 : ENCODER.encode(value).byteLength;
  if (bytes > MAX_ANSWER_BYTES) throw new AppError("payload_too_large", `The rows are larger than ${MAX_ANSWER_BYTES} bytes.`);
}

/** Whether the server did not let the role in. */
const isRefusedEntry = (error: unknown) => serverRefusal(error)?.code.startsWith("28") ?? false;

async function reply<T>({ ctx }: PoolOptions, workspaceId: string, work: () => Promise<T>): Promise<PoolReply<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    const failure = describeFailure(error);
    if (failure.code === "database_unavailable" || failure.code === "internal") {
      const fields = { workspace_id: workspaceId, problem: failure.code, sqlstate: serverRefusal(error)?.code };
      ctx.log.error("workspace database failed", error, fields);
    }
    return { ok: false, error: failure };
  }
}

/** The gate to one workspace's database: its credentials, its queue, and its one line of schema changes. */
export class WorkspacePool implements DatabasePoolApi {
  readonly #options: PoolOptions;
  readonly #slots = new Slots(CONCURRENCY);
  /** The runtime role's access, or its reading under way, so that a burst reads it once. */
  #access: Promise<Access> | undefined;
  /** Statements that wait or run, by the names that they can be stopped by. */
  readonly #stops = new Map<string, AbortController>();
  /** The last provisioning or schema change; the next waits for it. */
  #changes: Promise<unknown> = Promise.resolve();

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  async run(workspaceId: string, statement: SqlStatement, name?: string): Promise<PoolReply<SqlAnswer>> {
    const controller = new AbortController();
    if (name !== undefined) this.#stops.set(name, controller);
    const { signal } = controller;
    try {
      return await reply(this.#options, workspaceId, () => this.#slots.use(() => this.#runBounded(workspaceId, statement, signal)));
    } finally {
      if (name !== undefined) this.#stops.delete(name);
    }
  }

  async stop(_workspaceId: string, name: string): Promise<void> {
    this.#stops.get(name)?.abort(new AppError("client_closed", "The statement was stopped."));
  }

  provision(workspaceId: string): Promise<PoolReply<null>> {
    return this.#change(workspaceId, async () => {
      const passwords = await reservePasswords(this.#options.ctx, workspaceId);
      await this.#options.provider.provision({ name: databaseName(workspaceId), passwords });
    });
  }

  applySchema(workspaceId: string, schema: object): Promise<PoolReply<null>> {
    return this.#change(workspaceId, async () => {
      const { ctx, driver, provider } = this.#options;
      const declared = dbSchemaSchema.parse(schema);
      const { name, password } = await readPassword(ctx, workspaceId, "owner");
      await migrate(driver, provider.address(name, "owner", password), declared);
    });
  }

  /** One change at a time, in the order of asking. */
  #change(workspaceId: string, work: () => Promise<void>): Promise<PoolReply<null>> {
    const answer = this.#changes.then(() =>
      reply(this.#options, workspaceId, async () => {
        await work();
        return null;
      }),
    );
    this.#changes = answer;
    return answer;
  }

  async #runBounded(workspaceId: string, statement: SqlStatement, signal: AbortSignal): Promise<SqlAnswer> {
    signal.throwIfAborted();
    const answer = await this.#enter(workspaceId, (address) => this.#options.driver.run(address, statement, signal));
    checkSize(answer);
    return answer;
  }

  /** A refused entry may mean that the credentials were changed: they are read again, and if they were, tried again. */
  async #enter<T>(workspaceId: string, work: (address: string) => Promise<T>): Promise<T> {
    const access = await this.#currentAccess(workspaceId);
    try {
      return await work(access.address);
    } catch (error) {
      if (!isRefusedEntry(error)) throw error;
      const fresh = await this.#renewAccess(workspaceId, access.revision);
      if (fresh.revision === access.revision) throw error;
      return work(fresh.address);
    }
  }

  #currentAccess(workspaceId: string): Promise<Access> {
    if (this.#access) return this.#access;
    const access = this.#readAccess(workspaceId);
    this.#access = access;
    // A failed reading is forgotten, so that the next statement tries again.
    access.catch(() => {
      if (this.#access === access) this.#access = undefined;
    });
    return access;
  }

  /** Reads the access again unless somebody else did so since `revision`. */
  async #renewAccess(workspaceId: string, revision: number): Promise<Access> {
    const known = await this.#currentAccess(workspaceId);
    if (known.revision !== revision) return known;
    this.#access = undefined;
    return this.#currentAccess(workspaceId);
  }

  async #readAccess(workspaceId: string): Promise<Access> {
    const { ctx, provider } = this.#options;
    const { name, password, revision } = await readPassword(ctx, workspaceId, "runtime");
    return { address: provider.address(name, "runtime", password), revision };
  }
}
