/** A value as a driver sends it. PostgreSQL takes every value in its text form; MySQL tells numbers from texts. */
export type SqlValue = string | number | bigint | boolean | null;

export interface SqlStatement {
  readonly text: string;
  readonly params: readonly SqlValue[];
}

/** What a column's values mean, whatever the server calls their type; values without a JSON form of their own are text. */
export type ValueType = "boolean" | "integer" | "number" | "json" | "timestamp" | "text";

/** An answer as the server gave it: values in text form. */
export interface SqlAnswer {
  readonly columns: readonly { readonly name: string; readonly type: ValueType }[];
  readonly rows: readonly (readonly (string | null)[])[];
  /** Rows selected or changed. */
  readonly count: number;
}

/** Runs one statement inside an open transaction. */
export type Query = (statement: SqlStatement) => Promise<SqlAnswer>;

export interface TransactionOptions {
  /** Nothing may be changed, whatever the role may do. */
  readonly readOnly?: boolean;
  /** Every statement sees the database as it was at one moment, and none may change it. */
  readonly snapshot?: boolean;
  /** When it aborts, the server stops the statement under way and rolls back. */
  readonly signal?: AbortSignal;
}

/** How SQL reaches a server. An address is a connection string, credentials included. */
export interface Driver {
  /**
   * One statement, in a transaction of its own. Throws payload_too_large when the answer is larger than the driver takes. When
   * `signal` aborts, the server stops the statement.
   */
  run(address: string, statement: SqlStatement, signal?: AbortSignal): Promise<SqlAnswer>;
  /** The same in a READ ONLY transaction: nothing is changed, whatever the statement says and the role may do. */
  read(address: string, statement: SqlStatement, signal?: AbortSignal): Promise<SqlAnswer>;
  /** One statement that no transaction may surround, such as CREATE DATABASE. It may take a minute. */
  command(address: string, text: string): Promise<void>;
  /** A transaction whose statements depend on each other's answers. Rolls back when `work` throws. */
  transaction<T>(address: string, work: (query: Query) => Promise<T>, options?: TransactionOptions): Promise<T>;
}

/** A statement without parameters. */
export const plain = (text: string): SqlStatement => ({ text, params: [] });
