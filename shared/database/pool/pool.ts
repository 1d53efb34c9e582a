import type { Context } from "#platform/context";
import { AppError, validationFailed } from "#platform/errors";
import { uuidv7 } from "#platform/ids";
import type {
  BackupSummary,
  DatabasePoolApi,
  OperationRequest,
  PoolMetricsView,
  PoolReply,
  ProvisioningStep,
  QueryRequest,
  ReplacementStep,
  RestoreRequest,
  SchemaPlan,
  SchemaRequest,
  TableDescription,
} from "#platform/objects/database-pool";
import { replaceByBackup } from "../backups/replace.ts";
import { takeBackup } from "../backups/take.ts";
import { decodeRows } from "../engines/decode.ts";
import type { Query, SqlAnswer, TransactionOptions } from "../engines/driver.ts";
import { describeFailure } from "../engines/failures.ts";
import { mysqlRefusal } from "../engines/mysql/failures.ts";
import { postgresRefusal } from "../engines/postgres/failures.ts";
import { readClaims, writeClaim } from "../migrations/claim-records.ts";
import { changeSchema, type OwnedDatabase } from "../migrations/migrate.ts";
import { buildProgram, runInside } from "../operations/build.ts";
import { type DbOperation, dbOperationSchema, MAX_ROWS, type OperationResult } from "../operations/operation.ts";
import type { Program } from "../operations/program.ts";
import { openEntry, readKeptRow, readReadyRow, targetOf } from "../provisioning/credentials.ts";
import type { Provisioner } from "../provisioning/provisioner.ts";
import { dbSchemaSchema } from "../schema/db-schema.ts";
import { type RowsPage, readPage, rowsRequestSchema } from "../tables/page.ts";
import { type QueryAnswer, readQuerySchema, readStatement, toQueryAnswer } from "../tables/read-query.ts";
import { asker, readTables, requireTable } from "../tables/table-reader.ts";
import { explainUnsupported } from "../tables/unsupported-columns.ts";
import { type Access, Accesses } from "./accesses.ts";
import { KnownSchemas } from "./known-schemas.ts";
import { PoolMetrics } from "./metrics.ts";
import { type OperationSource, sourceAsIs } from "./operation-source.ts";
import { Slots } from "./slots.ts";
import { StorageGuard, storageFull } from "./storage.ts";

/** Bytes of one answer's values, at most. */
const MAX_ANSWER_BYTES = 1024 * 1024;

export interface PoolOptions {
  readonly ctx: Context;
  /** Operations that run at once; the others wait their turn. */
  readonly size: number;
  readonly provisioner: Provisioner;
}

const ENCODER = new TextEncoder();

function checkSize(answer: SqlAnswer): SqlAnswer {
  const { rows } = answer;
  if (rows.length > MAX_ROWS) throw new AppError("payload_too_large", `The statement gave more than ${MAX_ROWS} rows.`);
  let characters = 0;
  for (const row of rows) for (const value of row) characters += value?.length ?? 0;
  // UTF-8 takes three bytes at most for a UTF-16 unit: only what comes near the limit has to be counted exactly.
  if (characters * 3 <= MAX_ANSWER_BYTES) return answer;
  let bytes = 0;
  for (const value of rows.flat()) bytes += value === null ? 0 : ENCODER.encode(value).byteLength;
  if (bytes > MAX_ANSWER_BYTES) throw new AppError("payload_too_large", `The rows are larger than ${MAX_ANSWER_BYTES} bytes.`);
  return answer;
}

/** How a program is run, and what its answers must pass. */
interface RunOptions extends TransactionOptions {
  readonly check: (answer: SqlAnswer) => SqlAnswer;
}

async function runProgram({ engine, address }: Access, program: Program, { check, ...options }: RunOptions): Promise<OperationResult> {
  if (program.kind === "statement" && !options.readOnly) {
    return program.result(check(await engine.driver.run(address, program.statement, options.signal)));
  }
  return engine.driver.transaction(
    address,
    async (query) => {
      const checked: Query = async (statement) => check(await query(statement));
      return runInside(program, checked);
    },
    options,
  );
}

/** The gate to one workspace's database: its credentials, its queue, and its one line of schema changes. */
export class WorkspacePool implements DatabasePoolApi {
  readonly #ctx: Context;
  readonly #provisioner: Provisioner;
  readonly #accesses: Accesses;
  readonly #slots: Slots;
  /** Statements that wait or run, by the names that they can be stopped by. */
  readonly #stops = new Map<string, AbortController>();
  readonly #metrics: PoolMetrics;
  readonly #schemas = new KnownSchemas();
  #storage: StorageGuard | undefined;
  /** The last provisioning or schema change; the next waits for it. */
  #changes: Promise<unknown> = Promise.resolve();

  constructor({ ctx, size, provisioner }: PoolOptions) {
    this.#slots = new Slots(size);
    this.#metrics = new PoolMetrics(ctx.clock, size);
    this.#ctx = ctx;
    this.#provisioner = provisioner;
    this.#accesses = new Accesses(ctx, provisioner);
  }

  execute(workspaceId: string, { schema, operation, name, countOnly = false }: OperationRequest): Promise<PoolReply<OperationResult>> {
    return this.#enter(workspaceId, name, async (access, signal) => {
      const asked = dbOperationSchema.parse(operation);
      const source = schema === undefined ? await sourceAsIs(access, asked) : { schema: this.#schemas.parse(schema) };
      if (!countOnly) return this.#execute(workspaceId, access, source, asked, { signal, check: checkSize });
      const { count } = await this.#execute(workspaceId, access, source, asked, { signal, check: (answer) => answer });
      return { rows: [], count };
    });
  }

  tables(workspaceId: string, name?: string): Promise<PoolReply<TableDescription[]>> {
    return this.#enter(workspaceId, undefined, (access) => readTables(access, name === undefined ? {} : { name }));
  }

  rows(workspaceId: string, request: object): Promise<PoolReply<RowsPage>> {
    return this.#enter(workspaceId, undefined, async (access) => {
      const asked = rowsRequestSchema.parse(request);
      return readPage(asker(access), access.engine.operations, await requireTable(access, asked.table), asked);
    });
  }

  query(workspaceId: string, { query, name }: QueryRequest): Promise<PoolReply<QueryAnswer>> {
    return this.#enter(workspaceId, name, async ({ engine, address }, signal) => {
      const statement = readStatement(engine.operations, readQuerySchema.parse(query));
      const begun = this.#ctx.clock.now();
      const answer = checkSize(await engine.driver.read(address, statement, signal));
      return toQueryAnswer(answer, this.#ctx.clock.now() - begun);
    });
  }

  async stop(_workspaceId: string, name: string): Promise<void> {
    this.#stops.get(name)?.abort(new AppError("client_closed", "The statement was stopped."));
  }

  provision(workspaceId: string, step: ProvisioningStep): Promise<PoolReply<boolean>> {
    return this.#change(workspaceId, () => this.#provisioner.provision(workspaceId, step));
  }

  suspend(workspaceId: string): Promise<PoolReply<null>> {
    return this.#changeEntry(workspaceId, () => this.#provisioner.suspend(workspaceId));
  }

  resume(workspaceId: string): Promise<PoolReply<null>> {
    return this.#changeEntry(workspaceId, () => this.#provisioner.resume(workspaceId));
  }

  destroy(workspaceId: string): Promise<PoolReply<null>> {
    return this.#changeEntry(workspaceId, () => this.#provisioner.destroy(workspaceId));
  }

  async metrics(): Promise<PoolReply<PoolMetricsView>> {
    return { ok: true, value: this.#metrics.view() };
  }

  measureStorage(workspaceId: string, limit: number | null): Promise<PoolReply<number>> {
    return this.#reply(workspaceId, () =>
      this.#accesses.use(workspaceId, async (access) => {
        const guard = this.#storageOf(workspaceId, access);
        const bytes = await guard.measure();
        guard.set({ bytes, limit });
        return bytes;
      }),
    );
  }

  rotate(workspaceId: string): Promise<PoolReply<null>> {
    return this.#change(workspaceId, async () => {
      await this.#provisioner.rotate(workspaceId, () => this.#accesses.swap(workspaceId));
      return null;
    });
  }

  applySchema(workspaceId: string, request: SchemaRequest): Promise<PoolReply<SchemaPlan>> {
    return this.#change(workspaceId, async () => {
      const claims = await readClaims(this.#ctx, workspaceId);
      const plan = await changeSchema(this.#ctx, await this.#owned(workspaceId), { request, claims, mode: "apply" });
      await writeClaim(this.#ctx, workspaceId, request.appId, dbSchemaSchema.parse(request.schema));
      return plan;
    });
  }

  planSchema(workspaceId: string, request: SchemaRequest): Promise<PoolReply<SchemaPlan>> {
    return this.#change(workspaceId, async () => {
      const claims = await readClaims(this.#ctx, workspaceId);
      return changeSchema(this.#ctx, await this.#owned(workspaceId), { request, claims, mode: "plan" });
    });
  }

  backUp(workspaceId: string, key: string): Promise<PoolReply<BackupSummary>> {
    return this.#change(workspaceId, async () => takeBackup(this.#ctx, await this.#owned(workspaceId, readKeptRow), key));
  }

  restore(workspaceId: string, step: ReplacementStep, request: RestoreRequest): Promise<PoolReply<null>> {
    return this.#change(workspaceId, async () => {
      await replaceByBackup(this.#ctx, await this.#owned(workspaceId), step, request);
      return null;
    });
  }

  async #owned(workspaceId: string, read = readReadyRow): Promise<OwnedDatabase> {
    const row = await read(this.#ctx, workspaceId);
    const { provider, engine } = this.#provisioner.serversOf(row);
    const entry = await openEntry(this.#ctx, row, "owner");
    return { engine, address: provider.address(targetOf(row), entry) };
  }

  /** Does some work by the runtime role once a slot is free. By its name it can be stopped until it is over. */
  async #enter<T>(
    workspaceId: string,
    name: string | undefined,
    work: (access: Access, signal: AbortSignal) => Promise<T>,
  ): Promise<PoolReply<T>> {
    const controller = new AbortController();
    if (name !== undefined) this.#stops.set(name, controller);
    const { signal } = controller;
    const passage = this.#metrics.enter();
    const admitted = async () => {
      passage.begin();
      signal.throwIfAborted();
      return this.#accesses.use(workspaceId, (access) => work(access, signal));
    };
    try {
      const reply = await this.#reply(workspaceId, () => this.#slots.use(admitted));
      passage.end(reply.ok ? null : reply.error.code);
      return reply;
    } finally {
      if (name !== undefined) this.#stops.delete(name);
    }
  }

  async #execute(
    workspaceId: string,
    access: Access,
    { schema, table }: OperationSource,
    operation: DbOperation,
    options: RunOptions,
  ): Promise<OperationResult> {
    const admission = await this.#storageOf(workspaceId, access).admit(operation, this.#ctx.waitUntil);
    const makeId = () => uuidv7(this.#ctx.clock.now(), this.#ctx.random);
    const built = buildProgram(access.engine.operations, schema, operation, makeId);
    if (!built.ok) throw validationFailed(table ? explainUnsupported(table, built.faults) : built.faults);
    if (admission === "free") return runProgram(access, built.program, options);
    return runProgram(access, built.program, { ...options, readOnly: true }).catch((error: unknown) => {
      throw access.engine.refusal(error)?.objection === "read_only" ? storageFull() : error;
    });
  }

  /** The guard of the database's size, with what the access knows of it at first. */
  #storageOf(workspaceId: string, access: Access): StorageGuard {
    if (this.#storage) return this.#storage;
    const guard = new StorageGuard(() => this.#readStorage(workspaceId), this.#ctx.clock);
    guard.set(access.storage);
    this.#storage = guard;
    return guard;
  }

  #readStorage(workspaceId: string): Promise<number> {
    return this.#accesses.use(workspaceId, async ({ engine, address }) => {
      const [row] = decodeRows(await engine.driver.run(address, engine.storage));
      return Number(row?.["bytes"] ?? 0);
    });
  }

  /** A change after which what is known of the way in holds no longer. */
  #changeEntry(workspaceId: string, work: () => Promise<void>): Promise<PoolReply<null>> {
    return this.#change(workspaceId, async () => {
      await work().finally(() => this.#accesses.forget());
      return null;
    });
  }

  /** One change at a time, in the order of asking. */
  #change<T>(workspaceId: string, work: () => Promise<T>): Promise<PoolReply<T>> {
    const answer = this.#changes.then(() => this.#reply(workspaceId, work));
    this.#changes = answer;
    return answer;
  }

  async #reply<T>(workspaceId: string, work: () => Promise<T>): Promise<PoolReply<T>> {
    try {
      return { ok: true, value: await work() };
    } catch (error) {
      const refusal = postgresRefusal(error) ?? mysqlRefusal(error);
      const failure = describeFailure(error, refusal);
      if (failure.code === "database_unavailable" || failure.code === "internal") {
        this.#ctx.log.error("workspace database failed", error, {
          workspace_id: workspaceId,
          problem: failure.code,
          refusal: refusal?.code,
        });
      }
      return { ok: false, error: failure };
    }
  }
}
