import type { Fault } from "#platform/errors";

/** Error classes do not survive an RPC boundary, so failures are values. `code` is one of the published error codes. */
export interface PoolFailure {
  readonly code: string;
  readonly message: string;
  readonly faults: readonly Fault[];
}

export type PoolReply<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: PoolFailure };

/** One operation of a db node. */
export interface OperationRequest {
  /** A `DbSchema` that declares the operation's table. */
  readonly schema: object;
  /** A `DbOperation`. */
  readonly operation: object;
  /** By which it can be stopped. */
  readonly name?: string;
}

/** Rows by the names of their columns, as JSON values. */
export interface OperationAnswer {
  readonly rows: Record<string, unknown>[];
  /** Rows selected, counted or changed. */
  readonly count: number;
  /** What each operation of a transaction gave. */
  readonly results?: readonly Omit<OperationAnswer, "results">[];
}

/** The steps of making a database, in their order. */
export const PROVISIONING_STEPS = ["create", "roles", "verify", "store"] as const;
export type ProvisioningStep = (typeof PROVISIONING_STEPS)[number];

/**
 * The gate to one workspace's own database, and the only holder of its credentials. The object's name is the workspace
 * id, which every call repeats.
 */
export interface DatabasePoolApi {
  /** Runs one operation by the runtime role. */
  execute(workspaceId: string, request: OperationRequest): Promise<PoolReply<OperationAnswer>>;
  /** Stops the operation of this name at the server, if it still waits or runs. */
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
  /** Measures the database, in bytes, and takes the number that its plan allows; null: any. */
  measureStorage(workspaceId: string, limit: number | null): Promise<PoolReply<number>>;
  /** Brings the database to a declared schema (`DbSchema`), by additive changes alone and by the owner role. */
  applySchema(workspaceId: string, schema: object): Promise<PoolReply<null>>;
}
