import type { ColumnType, OnDelete } from "../schema/db-schema.ts";

/** A column as it is, or as it is to be. */
export interface CatalogColumn {
  readonly name: string;
  /** null: a type of the server's that no manifest can declare. */
  readonly type: ColumnType | null;
  /** How the server keeps it, in the dialect's spelling. Two columns of one type may be kept in different ways. */
  readonly storage: string;
  readonly nullable: boolean;
  /** `now`, `=` and the value's canonical text, `?` and an expression that cannot be read, or null where there is none. */
  readonly default: string | null;
}

/** An index of whole columns and all rows. Others guarantee and speed up something else, and are left alone. */
export interface CatalogIndex {
  readonly name: string;
  readonly columns: readonly string[];
  readonly unique: boolean;
  /** Whether it belongs to a constraint, with which it comes and goes. */
  readonly isConstraint: boolean;
}

/** A foreign key of one column. */
export interface CatalogReference {
  readonly name: string;
  readonly column: string;
  readonly table: string;
  readonly targetColumn: string;
  /** null: what no manifest can declare. */
  readonly onDelete: OnDelete | null;
  /** Whether an index of the same name was made for it. */
  readonly hasOwnIndex: boolean;
}

export interface CatalogTable {
  readonly name: string;
  readonly columns: readonly CatalogColumn[];
  readonly primaryKey: readonly string[];
  /** Without the primary key and the references' own. */
  readonly indexes: readonly CatalogIndex[];
  readonly references: readonly CatalogReference[];
  /** Names that a new index or reference cannot have. */
  readonly takenNames: readonly string[];
  readonly hasRows: boolean;
}

/** The tables of a workspace database as they are, by their names; without what migrations keep for themselves. */
export type Catalog = ReadonlyMap<string, CatalogTable>;

/** The rows of each table, by the name in `table_name`. */
export function groupByTable<Row extends { readonly table_name: string }>(rows: readonly Row[]): (table: string) => readonly Row[] {
  const groups = Map.groupBy(rows, (row) => row.table_name);
  return (table) => groups.get(table) ?? [];
}
