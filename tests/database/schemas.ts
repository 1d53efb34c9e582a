import fc from "fast-check";
import {
  COLUMN_TYPES,
  type ColumnType,
  type DbColumn,
  type DbSchema,
  type DbTable,
  findTable,
  idColumn,
} from "../../shared/database/schema/db-schema.ts";

/** Few names, so that two schemas have much in common. */
const TABLE_NAMES = ["leads", "desks", "order", "notes", "a_long_name_of_a_table_that_no_server_may_cut_of"];
const COLUMN_NAMES = ["email", "kind", "score", "group", "at", "note", "tags", "a_long_name_of_a_column_that_nobody_may_cut_offs"];

/** Any text that every server can store. */
const anyText = fc.string({ unit: "grapheme", maxLength: 12 }).map((value) => value.replaceAll("\0", ""));
const oddText = fc.constantFrom("now", "'", "\\", "\\'", "E'x'::text", "5", "NULL", "'; --", "line\nbreak", "`", "☃ 🙂");

/** JSON with characters that need care. */
const anyJson = fc.constantFrom<NonNullable<DbColumn["default"]>[]>({ b: 1, a: [true, null, "it's \\ 🙂"] }, [], "text", 0, 1.5, false, {
  "": { z: {}, a: 1 },
});
const anyMoment = fc.constantFrom("2026-01-02T03:04:05.678+02:00", "1999-12-31", "2026-06-01T00:00:00Z");

const DEFAULTS: Readonly<Record<ColumnType, fc.Arbitrary<DbColumn["default"]>>> = {
  id: fc.constant(undefined),
  text: fc.option(fc.oneof(anyText, oddText), { nil: undefined }),
  integer: fc.option(fc.oneof(fc.maxSafeInteger(), fc.constant("9223372036854775807")), { nil: undefined }),
  number: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }), { nil: undefined }),
  boolean: fc.option(fc.boolean(), { nil: undefined }),
  json: fc.option(anyJson, { nil: undefined }),
  timestamp: fc.option(fc.oneof(fc.constant("now"), anyMoment), { nil: undefined }),
};

/** Values of each type that a db node could write. */
export const VALUES: Readonly<Record<Exclude<ColumnType, "id">, fc.Arbitrary<unknown>>> = {
  text: fc.oneof(anyText, oddText, fc.constantFrom("12", "true", "1.5", "2026-01-02T03:04:05.000Z")),
  integer: fc.oneof(fc.integer(), fc.maxSafeInteger()),
  number: fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })),
  boolean: fc.boolean(),
  json: anyJson,
  timestamp: anyMoment,
};

/** Each name has a type that it mostly has, so that columns stay what they are often enough. */
const HOME_TYPES: readonly Exclude<ColumnType, "id">[] = ["text", "text", "integer", "boolean", "timestamp", "number", "json", "text"];
const anyType = fc.constantFrom(...COLUMN_TYPES.filter((type) => type !== "id"));

const dataColumn = fc.nat(COLUMN_NAMES.length - 1).chain((position) =>
  fc
    .oneof({ weight: 3, arbitrary: fc.constant(HOME_TYPES[position] ?? "text") }, { weight: 1, arbitrary: anyType })
    .chain((type): fc.Arbitrary<DbColumn> => {
      const isKeyable = type !== "json" && type !== "boolean";
      return fc.record({
        name: fc.constant(COLUMN_NAMES[position] ?? ""),
        type: fc.constant(type),
        nullable: fc.boolean(),
        unique: isKeyable ? fc.nat(3).map((chance) => chance === 0) : fc.constant(false),
        default: DEFAULTS[type],
      });
    }),
);

function reference(targets: readonly string[]): fc.Arbitrary<DbColumn> {
  const target = fc.constantFrom(...targets);
  return fc.record({
    name: fc.constantFrom(...COLUMN_NAMES),
    type: fc.constant("id" as const),
    nullable: fc.constant(true),
    references: fc.oneof(
      target,
      fc.record({ table: target, on_delete: fc.constantFrom("restrict" as const, "cascade" as const, "set_null" as const) }),
    ),
  });
}

/** A table whose references point to `targets`. The name of its id column is its own, since that cannot change. */
function anyTable(name: string, targets: readonly string[]): fc.Arbitrary<DbTable> {
  const column = fc.oneof({ weight: 4, arbitrary: dataColumn }, { weight: 1, arbitrary: reference(targets) });
  return fc.uniqueArray(column, { maxLength: 4, selector: (candidate: DbColumn) => candidate.name }).chain((rest) => {
    const columns: DbColumn[] = [{ name: name === "desks" ? "key" : "id", type: "id" }, ...rest];
    const indexed = columns.filter(({ type }) => type !== "json").map((candidate) => candidate.name);
    const index = fc.record({
      columns: fc.uniqueArray(fc.constantFrom(...indexed), { minLength: 1, maxLength: 3 }),
      unique: fc.boolean(),
    });
    return fc.record({ name: fc.constant(name), columns: fc.constant(columns), indexes: fc.array(index, { maxLength: 2 }) });
  });
}

/** Schemas without faults: every type, default, index and reference that a manifest can declare. */
export const anySchema: fc.Arbitrary<DbSchema> = fc
  .uniqueArray(fc.constantFrom(...TABLE_NAMES), { minLength: 1, maxLength: 3 })
  .chain((names) => fc.tuple(...names.map((name) => anyTable(name, names))))
  .map((tables) => ({ tables }));

type Named = { readonly name: string };
const without = <Item extends Named>(items: readonly Item[], others: readonly Named[]) =>
  items.filter(({ name }) => !others.some((other) => other.name === name));

/** New columns as old ones under another name, as far as `count` goes. */
function renamedColumns(before: DbTable, after: DbTable, count: number): DbTable {
  const isKey = (column: DbColumn) => column === idColumn(before) || column === idColumn(after);
  const gone = without(before.columns, after.columns).filter((column) => !isKey(column));
  const come = without(after.columns, before.columns).filter((column) => !isKey(column));
  const sources = new Map(come.slice(0, count).map((column, index) => [column.name, gone[index]?.name]));
  const [key, keyBefore] = [idColumn(after), idColumn(before)];
  if (key && keyBefore && key.name !== keyBefore.name) sources.set(key.name, keyBefore.name);
  return {
    ...after,
    columns: after.columns.map((column) => {
      const source = sources.get(column.name);
      return source === undefined ? column : { ...column, renamed_from: source };
    }),
  };
}

/** A schema after another: some of what is new is what is gone, under another name. */
export function renamedSince(before: DbSchema, after: DbSchema, count: number): DbSchema {
  const [gone, come] = [without(before.tables, after.tables), without(after.tables, before.tables)];
  const sources = new Map(come.slice(0, count).flatMap(({ name }, index) => (gone[index] ? [[name, gone[index]] as const] : [])));
  return {
    tables: after.tables.map((table) => {
      const source = sources.get(table.name);
      if (source) return { ...renamedColumns(source, table, count), renamed_from: source.name };
      const same = findTable(before, table.name);
      return same ? renamedColumns(same, table, count) : table;
    }),
  };
}
