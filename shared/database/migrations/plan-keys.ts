import type { Catalog, CatalogIndex, CatalogReference, CatalogTable } from "../engines/catalog.ts";
import { type DbSchema, findColumn, findTable } from "../schema/db-schema.ts";
import { sameColumns } from "./paths.ts";
import { type WantedIndex, type WantedReference, wantedIndexes, wantedReferences } from "./wanted.ts";

/** What is declared, what the app declared last, what is there, and what of that does not survive as it is. */
export interface KeySubject {
  readonly declared: DbSchema;
  readonly previous: DbSchema;
  readonly catalog: Catalog;
  isTableDropped(table: string): boolean;
  isColumnDropped(table: string, column: string): boolean;
  /** Whether it gets another type or storage, which keys on it do not live through. */
  isColumnRewritten(table: string, column: string): boolean;
}

interface On<Key> {
  readonly table: string;
  readonly key: Key;
}

export interface KeyPlan {
  readonly droppedReferences: readonly On<CatalogReference>[];
  readonly droppedIndexes: readonly On<CatalogIndex>[];
  readonly createdIndexes: readonly On<WantedIndex>[];
  readonly addedReferences: readonly On<WantedReference>[];
}

function isWanted(reference: CatalogReference, { column, table, targetColumn, onDelete }: WantedReference): boolean {
  const isSameTarget = reference.table === table && reference.targetColumn === targetColumn;
  return reference.column === column && isSameTarget && reference.onDelete === onDelete;
}

/** Whether a reference ends: with its table or column, because it stands in the way of a change, or because it is not declared any more. */
function referenceEnds(subject: KeySubject, table: string, reference: CatalogReference): boolean {
  const { declared, previous } = subject;
  const { column, table: target, targetColumn } = reference;
  const isTouched = (name: string, part: string) => subject.isColumnDropped(name, part) || subject.isColumnRewritten(name, part);
  if (subject.isTableDropped(table) || subject.isTableDropped(target)) return true;
  if (isTouched(table, column) || isTouched(target, targetColumn)) return true;
  const declaredTable = findTable(declared, table);
  const declaredColumn = declaredTable && findColumn(declaredTable, column);
  if (!declaredTable || !declaredColumn) return false;
  if (declaredColumn.references !== undefined) {
    return !wantedReferences(declared, declaredTable).some((wanted) => isWanted(reference, wanted));
  }
  const before = findTable(previous, table);
  return before !== undefined && findColumn(before, column)?.references !== undefined;
}

interface IndexFate {
  readonly ends: boolean;
  /** It ends only for a while: the change of a column lies between. */
  readonly returns: boolean;
}

function indexFate(subject: KeySubject, table: string, { columns, unique }: CatalogIndex): IndexFate {
  if (subject.isTableDropped(table)) return { ends: false, returns: false };
  if (columns.some((column) => subject.isColumnDropped(table, column))) return { ends: true, returns: false };
  const has = (schema: DbSchema) => {
    const found = findTable(schema, table);
    return found && wantedIndexes(found).some((wanted) => wanted.unique === unique && sameColumns(wanted.columns, columns));
  };
  if (has(subject.declared) === false && has(subject.previous)) return { ends: true, returns: false };
  const ends = columns.some((column) => subject.isColumnRewritten(table, column));
  return { ends, returns: ends };
}

/** The indexes that are to be made: the wanted ones that no remaining one stands for, and those that ended only for a while. */
function createdIndexes(
  wanted: readonly WantedIndex[],
  returning: readonly WantedIndex[],
  remaining: readonly WantedIndex[],
): WantedIndex[] {
  const present = [...remaining];
  return [...wanted, ...returning].flatMap(({ columns, unique }) => {
    if (present.some((index) => sameColumns(index.columns, columns) && (index.unique || !unique))) return [];
    present.push({ columns, unique });
    return [{ columns, unique }];
  });
}

function planIndexes(
  subject: KeySubject,
  name: string,
  actual: CatalogTable | undefined,
): Pick<KeyPlan, "createdIndexes" | "droppedIndexes"> {
  const table = findTable(subject.declared, name);
  const fates = (actual?.indexes ?? []).map((index) => ({ index, ...indexFate(subject, name, index) }));
  const created = createdIndexes(
    table ? wantedIndexes(table) : [],
    fates.flatMap(({ index, returns }) => (returns ? [index] : [])),
    fates.flatMap(({ index, ends }) => (ends ? [] : [index])),
  );
  return {
    droppedIndexes: fates.flatMap(({ index, ends }) => (ends ? [{ table: name, key: index }] : [])),
    createdIndexes: created.map((key) => ({ table: name, key })),
  };
}

function planReferences(
  subject: KeySubject,
  name: string,
  actual: CatalogTable | undefined,
): Pick<KeyPlan, "addedReferences" | "droppedReferences"> {
  const table = findTable(subject.declared, name);
  const [dropped = [], kept = []] = [true, false].map((ends) =>
    (actual?.references ?? []).filter((reference) => referenceEnds(subject, name, reference) === ends),
  );
  const wanted = table ? wantedReferences(subject.declared, table) : [];
  const added = wanted.filter((candidate) => !kept.some((reference) => isWanted(reference, candidate)));
  return {
    droppedReferences: dropped.map((key) => ({ table: name, key })),
    addedReferences: added.map((key) => ({ table: name, key })),
  };
}

/** What is to become of indexes and references. */
export function planKeys(subject: KeySubject): KeyPlan {
  const names = [...new Set([...subject.catalog.keys(), ...subject.declared.tables.map(({ name }) => name)])];
  const indexes = names.map((name) => planIndexes(subject, name, subject.catalog.get(name)));
  const references = names.map((name) => planReferences(subject, name, subject.catalog.get(name)));
  return {
    droppedReferences: references.flatMap((plan) => plan.droppedReferences),
    droppedIndexes: indexes.flatMap((plan) => plan.droppedIndexes),
    createdIndexes: indexes.flatMap((plan) => plan.createdIndexes),
    addedReferences: references.flatMap((plan) => plan.addedReferences),
  };
}
