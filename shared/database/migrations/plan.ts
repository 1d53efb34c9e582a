import type { Fault } from "#platform/errors";
import type { Catalog, CatalogColumn, CatalogTable } from "../engines/postgres/catalog.ts";
import { defaultExpression, hasDeclaredDefault, postgresType } from "../engines/postgres/columns.ts";
import { quoteIdentifier } from "../engines/postgres/quoting.ts";
import { type DbColumn, type DbSchema, type DbTable, idColumn, type OnDelete, referenceOf } from "../schema/db-schema.ts";

/** One statement, and the part of the manifest that asks for it. */
export interface Change {
  readonly sql: string;
  /** Such as `db_schema.tables[0].columns[1]`. */
  readonly path: string;
}

export interface SchemaPlan {
  /** In an order in which they can run. */
  readonly changes: readonly Change[];
  /** Declarations that no additive change can meet; then nothing is to be applied. */
  readonly faults: readonly Fault[];
}

const ON_DELETE_SQL: Readonly<Record<OnDelete, string>> = { restrict: "NO ACTION", cascade: "CASCADE", set_null: "SET NULL" };
const ON_DELETE_CODES: Readonly<Record<OnDelete, string>> = { restrict: "a", cascade: "c", set_null: "n" };

/** A declared table, where it stands in the manifest, and what the database has of it. */
interface Subject {
  readonly schema: DbSchema;
  readonly table: DbTable;
  readonly path: string;
  readonly actual: CatalogTable | undefined;
}

const nameOf = (table: DbTable) => quoteIdentifier(table.name);
const columnPath = (path: string, index: number) => `${path}.columns[${index}]`;

function columnDefinition(table: DbTable, column: DbColumn): string {
  const base = `${quoteIdentifier(column.name)} ${postgresType(column.type)}`;
  if (column === idColumn(table)) return `${base} PRIMARY KEY`;
  const expression = defaultExpression(column);
  return `${base}${column.nullable ? "" : " NOT NULL"}${expression === undefined ? "" : ` DEFAULT ${expression}`}`;
}

function createTable({ table, path }: Subject): Change {
  const columns = table.columns.map((column) => columnDefinition(table, column));
  return { sql: `CREATE TABLE ${nameOf(table)} (${columns.join(", ")})`, path };
}

function addColumn({ table, actual }: Subject, column: DbColumn, path: string): SchemaPlan {
  const fault = (code: string, message: string): SchemaPlan => ({ changes: [], faults: [{ path, code, message }] });
  if (column === idColumn(table)) {
    return fault("id_column_conflict", `table "${table.name}" exists with another id column`);
  }
  if (actual?.hasRows && !column.nullable && defaultExpression(column) === undefined) {
    return fault(
      "missing_default",
      `table "${table.name}" has rows, which need a value here: make the column nullable or give it a default`,
    );
  }
  return { changes: [{ sql: `ALTER TABLE ${nameOf(table)} ADD COLUMN ${columnDefinition(table, column)}`, path }], faults: [] };
}

/**
 * An existing column keeps its type. It may become nullable and take another default. One that is to be required stays as it
 * is in the database, since rows without a value may exist: from now on every write through a db node must give the value.
 */
function alterColumn({ table, actual }: Subject, column: DbColumn, existing: CatalogColumn, path: string): SchemaPlan {
  const fault = (code: string, message: string): SchemaPlan => ({ changes: [], faults: [{ path, code, message }] });
  if (existing.type !== postgresType(column.type)) {
    return fault("type_conflict", `${table.name}.${column.name} exists as ${existing.type}; its type cannot change to ${column.type}`);
  }
  if (column === idColumn(table)) {
    const isKey = actual?.indexes.some((index) => index.primary && index.columns.join() === column.name);
    return isKey ? { changes: [], faults: [] } : fault("id_column_conflict", `table "${table.name}" exists with another primary key`);
  }
  const alter = `ALTER TABLE ${nameOf(table)} ALTER COLUMN ${quoteIdentifier(column.name)}`;
  const changes: Change[] = [];
  if (column.nullable && existing.notNull) changes.push({ sql: `${alter} DROP NOT NULL`, path });
  if (!hasDeclaredDefault(column, existing.default)) changes.push({ sql: `${alter} SET DEFAULT ${defaultExpression(column)}`, path });
  return { changes, faults: [] };
}

/** A column that is no longer declared stays, with its values; it only stops being required, or no row could be added. */
function releaseColumns({ table, path, actual }: Subject): Change[] {
  const declared = new Set(table.columns.map((column) => column.name));
  const primary = new Set(actual?.indexes.filter((index) => index.primary).flatMap((index) => index.columns));
  return (actual?.columns ?? [])
    .filter(({ name, notNull, default: expression }) => !declared.has(name) && notNull && expression === null && !primary.has(name))
    .map(({ name }) => ({ sql: `ALTER TABLE ${nameOf(table)} ALTER COLUMN ${quoteIdentifier(name)} DROP NOT NULL`, path }));
}

function planColumns(subject: Subject): SchemaPlan {
  const { table, path, actual } = subject;
  if (!actual) return { changes: [createTable(subject)], faults: [] };
  const plans = table.columns.map((column, index) => {
    const existing = actual.columns.find(({ name }) => name === column.name);
    const at = columnPath(path, index);
    return existing ? alterColumn(subject, column, existing, at) : addColumn(subject, column, at);
  });
  return {
    changes: [...plans.flatMap((plan) => plan.changes), ...releaseColumns(subject)],
    faults: plans.flatMap((plan) => plan.faults),
  };
}

/** Indexes that the declaration asks for, each once; a unique one serves where a plain one is asked for. */
function planIndexes({ table, path, actual }: Subject): Change[] {
  const wanted = [
    ...table.columns.flatMap((column, index) =>
      column.unique && column !== idColumn(table) ? [{ columns: [column.name], unique: true, path: columnPath(path, index) }] : [],
    ),
    ...(table.indexes ?? []).map(({ columns, unique = false }, index) => ({ columns, unique, path: `${path}.indexes[${index}]` })),
  ].sort((a, b) => Number(b.unique) - Number(a.unique));
  const present = (actual?.indexes ?? [{ columns: [idColumn(table)?.name ?? ""], unique: true }]).map(({ columns, unique }) => ({
    columns,
    unique,
  }));
  return wanted.flatMap(({ columns, unique, path: at }) => {
    if (present.some((index) => index.columns.join() === columns.join() && (index.unique || !unique))) return [];
    present.push({ columns, unique });
    const list = columns.map(quoteIdentifier).join(", ");
    return [{ sql: `CREATE ${unique ? "UNIQUE " : ""}INDEX ON ${nameOf(table)} (${list})`, path: at }];
  });
}

function planReference({ schema, table, path, actual }: Subject, column: DbColumn, index: number): SchemaPlan {
  const reference = referenceOf(schema, column);
  const nothing: SchemaPlan = { changes: [], faults: [] };
  if (reference?.column === undefined) return nothing;
  const at = `${columnPath(path, index)}.references`;
  const existing = actual?.references.find((candidate) => candidate.column === column.name);
  if (existing) {
    const same =
      existing.table === reference.table &&
      existing.targetColumn === reference.column &&
      existing.onDelete === ON_DELETE_CODES[reference.onDelete];
    const message = `${table.name}.${column.name} refers to ${existing.table}.${existing.targetColumn} already, and that cannot change`;
    return same ? nothing : { changes: [], faults: [{ path: at, code: "reference_conflict", message }] };
  }
  const target = `${quoteIdentifier(reference.table)} (${quoteIdentifier(reference.column)})`;
  const constraint = `FOREIGN KEY (${quoteIdentifier(column.name)}) REFERENCES ${target} ON DELETE ${ON_DELETE_SQL[reference.onDelete]}`;
  return { changes: [{ sql: `ALTER TABLE ${nameOf(table)} ADD ${constraint}`, path: at }], faults: [] };
}

/**
 * What is to be done so that the database has everything that a schema declares. Nothing is ever dropped: tables, columns and
 * indexes that are not declared stay. Tables and columns come first, then the indexes, then the references that need both.
 */
export function planChanges(schema: DbSchema, catalog: Catalog): SchemaPlan {
  const subjects = schema.tables.map(
    (table, index): Subject => ({ schema, table, path: `db_schema.tables[${index}]`, actual: catalog.get(table.name) }),
  );
  const columns = subjects.map(planColumns);
  const references = subjects.flatMap((subject) => subject.table.columns.map((column, index) => planReference(subject, column, index)));
  return {
    changes: [...columns.flatMap((plan) => plan.changes), ...subjects.flatMap(planIndexes), ...references.flatMap((plan) => plan.changes)],
    faults: [...columns, ...references].flatMap((plan) => plan.faults),
  };
}
