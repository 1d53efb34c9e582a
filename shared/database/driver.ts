import type { SqlAnswer, SqlStatement } from "#platform/objects/database-pool";

/** Runs one statement inside an open transaction; rows as objects. */
export type Query = (text: string) => Promise<unknown[]>;

/** How SQL reaches a server. An address is a connection string, credentials included. */
export interface Driver {
  /**
   * One statement, in a transaction of its own. Throws payload_too_large when the answer is larger than the driver takes. When
   * `signal` aborts, the server stops the statement.
   */
  run(address: string, statement: SqlStatement, signal?: AbortSignal): Promise<SqlAnswer>;
  /** One statement that no transaction may surround, such as CREATE DATABASE. */
  command(address: string, text: string): Promise<void>;
  /** Several statements in one transaction, without anything between them. */
  batch(address: string, texts: readonly string[]): Promise<void>;
  /** A transaction whose statements depend on each other's answers. Rolls back when `work` throws. */
  transaction<T>(address: string, work: (query: Query) => Promise<T>): Promise<T>;
}
