import type { Fault } from "#platform/errors";

/** One statement with its parameters, all in PostgreSQL's text form. */
export interface SqlStatement {
  readonly text: string;
  readonly params: readonly (string | null)[];
}

/** An answer as the server gave it: values in text form, with the object id of each column's type. */
export interface SqlAnswer {
  readonly columns: readonly { readonly name: string; readonly type: number }[];
  readonly rows: readonly (readonly (string | null)[])[];
  /** Rows selected or changed. */
  readonly count: number;
}

/** Error classes do not survive an RPC boundary, so failures are values. `code` is one of the published error codes. */
export interface PoolFailure {
  readonly code: string;
  readonly message: string;
  readonly faults: readonly Fault[];
}

export type PoolReply<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: PoolFailure };

/**
 * The gate to one workspace's own database, and the only holder of its credentials. The object's name is the workspace
 * id, which every call repeats.
 */
export interface DatabasePoolApi {
  /** Runs one statement by the runtime role. What names it can stop it. */
  run(workspaceId: string, statement: SqlStatement, name?: string): Promise<PoolReply<SqlAnswer>>;
  /** Stops the statement of this name at the server, if it still waits or runs. */
  stop(workspaceId: string, name: string): Promise<void>;
  /** Makes the database and its roles, or finishes what an earlier call began. The workspace's row must exist. */
  provision(workspaceId: string): Promise<PoolReply<null>>;
  /** Brings the database to a declared schema (`DbSchema`), by additive changes alone and by the owner role. */
  applySchema(workspaceId: string, schema: object): Promise<PoolReply<null>>;
}
