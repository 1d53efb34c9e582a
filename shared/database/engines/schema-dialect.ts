import type { DbColumn, DbTable, OnDelete } from "../schema/db-schema.ts";
import type { CatalogColumn, CatalogIndex, CatalogReference } from "./catalog.ts";

/** Rows that exist and keep a change from being made. */
export interface Check {
  /** Finds such a row, if there is one. */
  readonly sql: string;
  /** What is the matter with them, such as `rows exist that have no value here`. */
  readonly message: string;
}

/** One statement of a change. The ways back and the ending matter only where the server has no transactions for it. */
export interface Move {
  readonly run: string;
  /** Leads back to how it was; what is not there to be undone is no failure. */
  readonly undo: readonly string[];
  /** What must not happen before everything else has: the deletion of data that was put aside. */
  readonly finish: readonly string[];
  readonly checks: readonly Check[];
}

export interface NewIndex {
  readonly name: string;
  readonly columns: readonly CatalogColumn[];
  readonly unique: boolean;
}

export interface NewReference {
  readonly name: string;
  readonly column: string;
  readonly table: string;
  readonly targetColumn: string;
  readonly onDelete: OnDelete;
}

/** How one kind of server spells the changes of a schema. Each is given what is there and what is to be there. */
export interface SchemaDialect {
  /** How a declared column is to be kept. */
  storage(table: DbTable, column: DbColumn): string;
  createTable(table: string, columns: readonly CatalogColumn[], primaryKey: string): readonly Move[];
  dropTable(table: string): readonly Move[];
  renameTable(table: string, name: string): readonly Move[];
  /** Whether adding a column writes every row anew. */
  copiesToAdd(column: CatalogColumn): boolean;
  addColumn(table: string, column: CatalogColumn): readonly Move[];
  dropColumn(table: string, column: CatalogColumn): readonly Move[];
  renameColumn(table: string, column: CatalogColumn, name: string): readonly Move[];
  /** Whether it may be empty, and its default. */
  alterColumn(table: string, before: CatalogColumn, after: CatalogColumn): readonly Move[];
  /** Another type or storage, with the values carried over; there is a conversion. */
  convertColumn(table: string, before: CatalogColumn, after: CatalogColumn): readonly Move[];
  /** Another column of the same name, without the old one's values. */
  replaceColumn(table: string, before: CatalogColumn, after: CatalogColumn): readonly Move[];
  createIndex(table: string, index: NewIndex): readonly Move[];
  dropIndex(table: string, index: CatalogIndex, columns: readonly CatalogColumn[]): readonly Move[];
  addReference(table: string, reference: NewReference): readonly Move[];
  dropReference(table: string, reference: CatalogReference): readonly Move[];
}
