import type { Fault } from "#platform/errors";

/** Error classes do not survive an RPC boundary, so failures are values. `code` is one of the published error codes. */
export interface PoolFailure {
  readonly code: string;
  readonly message: string;
  readonly faults: readonly Fault[];
  /** Further members of the problem document. */
  readonly details: Readonly<Record<string, unknown>>;
}

export type PoolReply<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: PoolFailure };

/** One operation of a db node. */
export interface OperationRequest {
  /** A `DbSchema` that declares the operation's table. Without one the table is taken as it is in the database. */
  readonly schema?: object;
  /** A `DbOperation`. */
  readonly operation: object;
  /** By which it can be stopped. */
  readonly name?: string;
  /** Of changed rows only their count is wanted, however large they are. */
  readonly countOnly?: boolean;
}

/** Rows by the names of their columns, as JSON values. */
export interface OperationAnswer {
  readonly rows: Record<string, unknown>[];
  /** Rows selected, counted or changed. */
  readonly count: number;
  /** What each operation of a transaction gave. */
  readonly results?: readonly Omit<OperationAnswer, "results">[];
}

/** What an app wants of the workspace's database. */
export interface SchemaRequest {
  readonly appId: string;
  /** A `DbSchema` without faults. */
  readonly schema: object;
  /** The hash of a plan whose losses are accepted. */
  readonly confirm?: string | undefined;
  /** What becomes of tables and columns that the app declared and nobody does any more. */
  readonly undeclared: "drop" | "keep";
}

/** One step of a change of schema. */
export interface SchemaStep {
  readonly kind: string;
  readonly table: string;
  readonly column: string | null;
  /** The part of the manifest that asks for it, such as `db_schema.tables[0].columns[1]`. */
  readonly path: string;
  /** What it does to rows that exist: nothing, a loss of some values, or of all. */
  readonly effect: "additive" | "lossy" | "destructive";
  /** How long it keeps others from the table: not, for a moment, or while it reads or writes all rows. */
  readonly locks: "none" | "brief" | "long";
  /** What it does, for people. */
  readonly message: string;
}

export interface SchemaPlan {
  /** SHA-256 of the steps and their statements, in hexadecimal: who confirms it, confirms these steps and no others. */
  readonly hash: string;
  readonly steps: readonly SchemaStep[];
}

/** A table as it is in the database. */
export interface TableDescription {
  readonly name: string;
  readonly columns: readonly ColumnDescription[];
  readonly indexes: readonly { readonly columns: readonly string[]; readonly unique?: boolean | undefined }[];
  readonly approximate_rows: number;
  readonly bytes: number;
}

interface ColumnDescription {
  readonly name: string;
  /** A manifest's column type, or the server's own name for one that no manifest declares. */
  readonly type: string;
  readonly nullable: boolean;
  readonly primary: boolean;
  readonly unique: boolean;
  /** A JSON value. */
  readonly default?: unknown;
  readonly references?: { readonly table: string; readonly column: string; readonly on_delete: string };
}

/** Rows in their order, and where the next page begins. */
export interface RowsAnswer {
  readonly rows: Record<string, unknown>[];
  readonly next_cursor: string | null;
}

/** One statement that reads. */
export interface QueryRequest {
  /** A `ReadQuery`. */
  readonly query: object;
  /** By which it can be stopped. */
  readonly name: string;
}

export interface QueryAnswer {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: Record<string, unknown>[];
  readonly count: number;
  readonly duration_ms: number;
}

/** What has gone through a pool since it was begun. */
export interface PoolMetricsView {
  readonly since: string;
  /** Operations that may run at once, that do, and that wait their turn. */
  readonly size: number;
  readonly running: number;
  readonly waiting: number;
  readonly succeeded: number;
  /** By the code of what went wrong. */
  readonly failed: Readonly<Record<string, number>>;
  readonly wait_ms: { readonly mean: number; readonly max: number };
  readonly run_ms: { readonly mean: number; readonly max: number };
}

/** The steps of making a database, in their order. */
export const PROVISIONING_STEPS = ["create", "roles", "verify", "store"] as const;
export type ProvisioningStep = (typeof PROVISIONING_STEPS)[number];

/** What a backup came to. */
export interface BackupSummary {
  readonly engine: "postgres" | "mysql";
  /** The moment that it shows, RFC 3339. */
  readonly taken_at: string;
  /** Of the archive as it is stored, with its SHA-256 in hexadecimal. */
  readonly bytes: number;
  readonly sha256: string;
  readonly tables: number;
  readonly rows: number;
}

/** A stored backup, and the restore that it is for. */
export interface RestoreRequest {
  readonly restoreId: string;
  readonly key: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** The steps of a restore that need the database: tables made beside those in use, put in their place, and what is left dropped. */
export const REPLACEMENT_STEPS = ["stage", "exchange", "clean"] as const;
export type ReplacementStep = (typeof REPLACEMENT_STEPS)[number];

/**
 * The gate to one workspace's own database, and the only holder of its credentials. The object's name is the workspace
 * id, which every call repeats.
 */
export interface DatabasePoolApi {
  /** Runs one operation by the runtime role. */
  execute(workspaceId: string, request: OperationRequest): Promise<PoolReply<OperationAnswer>>;
  /** The tables that members may see, or the one of this name, by the runtime role. */
  tables(workspaceId: string, name?: string): Promise<PoolReply<TableDescription[]>>;
  /** One page of a table's rows (`RowsRequest`), by the runtime role. */
  rows(workspaceId: string, request: object): Promise<PoolReply<RowsAnswer>>;
  /** Runs one statement by the runtime role, in a transaction that can only read. */
  query(workspaceId: string, request: QueryRequest): Promise<PoolReply<QueryAnswer>>;
  /** Stops the operation or query of this name at the server, if it still waits or runs. */
  stop(workspaceId: string, name: string): Promise<void>;
  /** Does one step of making the database. The workspace's row must exist. False: the step is not over yet and is to be asked for again. */
  provision(workspaceId: string, step: ProvisioningStep): Promise<PoolReply<boolean>>;
  /** Gives both roles new credentials without failing a statement; the old ones are refused afterwards. */
  rotate(workspaceId: string): Promise<PoolReply<null>>;
  /** Nobody enters any more by the runtime role; the data stays. */
  suspend(workspaceId: string): Promise<PoolReply<null>>;
  /** Undoes that. */
  resume(workspaceId: string): Promise<PoolReply<null>>;
  /** Leaves nothing of the database and its roles. */
  destroy(workspaceId: string): Promise<PoolReply<null>>;
  metrics(workspaceId: string): Promise<PoolReply<PoolMetricsView>>;
  /** Measures the database, in bytes, and takes the number that its plan allows; null: any. */
  measureStorage(workspaceId: string, limit: number | null): Promise<PoolReply<number>>;
  /** Brings the database to what the workspace's apps declare, this one anew, by the owner role; gives the plan that was carried out. */
  applySchema(workspaceId: string, request: SchemaRequest): Promise<PoolReply<SchemaPlan>>;
  /** What `applySchema` would do. */
  planSchema(workspaceId: string, request: SchemaRequest): Promise<PoolReply<SchemaPlan>>;
  /** Stores all that the apps have in the database, as it is at one moment, under a key of the bucket of files. */
  backUp(workspaceId: string, key: string): Promise<PoolReply<BackupSummary>>;
  /** Does one step of putting a stored backup in the place of what the apps have. */
  restore(workspaceId: string, step: ReplacementStep, request: RestoreRequest): Promise<PoolReply<null>>;
}
