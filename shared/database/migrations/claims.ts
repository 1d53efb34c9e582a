import type { Fault } from "#platform/errors";
import { type DbColumn, type DbSchema, type DbTable, findColumn, findTable, idColumn, referenceOf } from "../schema/db-schema.ts";
import { canonicalDefault } from "../schema/defaults.ts";
import { pathsOf, sameColumns } from "./paths.ts";

/** What an app declares of a workspace's database. */
export interface Claim {
  readonly appId: string;
  /** The app's name, for people. */
  readonly name: string;
  readonly schema: DbSchema;
}

/** What a column is, as far as two apps must agree on it: all but where it came from. */
function aspects(schema: DbSchema, column: DbColumn): Readonly<Record<string, unknown>> {
  const reference = referenceOf(schema, column);
  return {
    type: column.type,
    nullable: column.nullable === true,
    default: canonicalDefault(column),
    // The primary key is unique by itself.
    unique: column.unique === true && (column.type !== "id" || column.references !== undefined),
    references: reference ? `${reference.table}.${reference.column} on delete ${reference.onDelete}` : null,
  };
}

const show = (value: unknown) => (value === null ? "nothing" : String(value));

function columnFaults(mine: DbSchema, column: DbColumn, other: Claim, theirs: DbColumn, path: string, name: string): Fault[] {
  const wanted = aspects(mine, column);
  return Object.entries(aspects(other.schema, theirs)).flatMap(([aspect, value]) => {
    if (wanted[aspect] === value) return [];
    const message = `the app "${other.name}" shares ${name} and declares ${aspect} ${show(value)}, here it is ${show(wanted[aspect])}`;
    return [{ path, code: "claim_conflict", message }];
  });
}

const isRequired = (table: DbTable, column: DbColumn) =>
  column !== idColumn(table) && column.nullable !== true && canonicalDefault(column) === null;

/** Columns that one side requires and the other does not know: rows of the other could not be added. */
function requirementFaults(mine: DbTable, theirs: DbTable, other: Claim, pathOf: (column: string) => string): Fault[] {
  const unknown = (table: DbTable, required: DbTable) =>
    required.columns.filter((column) => isRequired(required, column) && !findColumn(table, column.name));
  const what = "make it nullable or give it a default";
  return [
    ...unknown(theirs, mine).map(({ name }) => ({
      path: pathOf(name),
      code: "claim_conflict",
      message: `the app "${other.name}" shares the table ${mine.name} and does not know ${name}, so that it could add no rows: ${what}`,
    })),
    ...unknown(mine, theirs).map(({ name }) => ({
      path: pathOf(""),
      code: "claim_conflict",
      message: `the app "${other.name}" shares the table ${mine.name} and requires ${name}: declare it here too, or ${what} there`,
    })),
  ];
}

/** Two apps must mean the same by an index of the same columns. */
function indexFaults(mine: DbTable, theirs: DbTable, other: Claim, pathOf: (columns: readonly string[]) => string): Fault[] {
  return (mine.indexes ?? []).flatMap(({ columns, unique = false }) => {
    const same = (theirs.indexes ?? []).find((index) => sameColumns(index.columns, columns));
    if (!same || (same.unique ?? false) === unique) return [];
    const message = `the app "${other.name}" shares the table ${mine.name} and declares this index ${unique ? "without" : "with"} unique`;
    return [{ path: pathOf(columns), code: "claim_conflict", message }];
  });
}

/** What was renamed away from under another app. */
function renameFaults(mine: DbSchema, other: Claim): Fault[] {
  const paths = pathsOf(mine);
  const fault = (path: string, name: string): Fault => ({
    path: `${path}.renamed_from`,
    code: "claim_conflict",
    message: `the app "${other.name}" uses ${name} under this name`,
  });
  return mine.tables.flatMap((table) => {
    const { renamed_from: before } = table;
    const ofTable = before !== undefined && findTable(other.schema, before) ? [fault(paths.table(table.name), before)] : [];
    const theirs = findTable(other.schema, table.name) ?? findTable(other.schema, before ?? "");
    const ofColumns = table.columns.flatMap(({ name, renamed_from: from }) =>
      from !== undefined && theirs && findColumn(theirs, from) ? [fault(paths.column(table.name, name), `${theirs.name}.${from}`)] : [],
    );
    return [...ofTable, ...ofColumns];
  });
}

function conflictsWith(mine: DbSchema, other: Claim): Fault[] {
  const paths = pathsOf(mine);
  const shared = mine.tables.flatMap((table) => {
    const theirs = findTable(other.schema, table.name);
    if (!theirs) return [];
    const { name } = table;
    const [key, theirKey] = [idColumn(table)?.name, idColumn(theirs)?.name];
    if (key !== theirKey) {
      const message = `the app "${other.name}" shares the table ${name} and calls its id column ${theirKey}`;
      return [{ path: paths.column(name, key ?? ""), code: "claim_conflict", message }];
    }
    const columns = table.columns.flatMap((column) => {
      const same = findColumn(theirs, column.name);
      return same ? columnFaults(mine, column, other, same, paths.column(name, column.name), `${name}.${column.name}`) : [];
    });
    return [
      ...columns,
      ...requirementFaults(table, theirs, other, (column) => paths.column(name, column)),
      ...indexFaults(table, theirs, other, (indexed) => paths.index(name, indexed)),
    ];
  });
  return [...shared, ...renameFaults(mine, other)];
}

/** One table with what either declares; where both do, they agree. */
function mergeTables(a: DbTable, b: DbTable): DbTable {
  const columns = b.columns.filter(({ name }) => !findColumn(a, name));
  const indexes = (b.indexes ?? []).filter((index) => !(a.indexes ?? []).some((other) => sameColumns(other.columns, index.columns)));
  return { ...a, columns: [...a.columns, ...columns], indexes: [...(a.indexes ?? []), ...indexes] };
}

function mergeSchemas(a: DbSchema, b: DbSchema): DbSchema {
  const merged = a.tables.map((table) => {
    const other = findTable(b, table.name);
    return other ? mergeTables(table, other) : table;
  });
  return { tables: [...merged, ...b.tables.filter(({ name }) => !findTable(a, name))] };
}

export interface MergedClaims {
  readonly schema: DbSchema;
  /** Where the first schema contradicts another app's; paths begin with `db_schema.`. */
  readonly faults: readonly Fault[];
}

/** What an app declares and what all others do, as one schema. */
export function mergeClaims(mine: DbSchema, others: readonly Claim[]): MergedClaims {
  const inert = (schema: DbSchema): DbSchema => ({
    // What others have been renamed from has long happened.
    tables: schema.tables.map(({ renamed_from: _, columns, ...table }) => ({
      ...table,
      columns: columns.map(({ renamed_from: __, ...column }) => column),
    })),
  });
  return {
    schema: others.reduce((merged, { schema }) => mergeSchemas(merged, inert(schema)), mine),
    faults: others.flatMap((other) => conflictsWith(mine, other)),
  };
}
