import type { Catalog } from "../engines/catalog.ts";

/** Characters of a name that every server takes. */
const MAX_LENGTH = 63;

/** Gives out names for indexes and references that nothing has yet. A reference's name stands for its index too. */
export interface KeyNames {
  index(table: string, columns: readonly string[], unique: boolean): string;
  reference(table: string, column: string): string;
}

/** The base cut so that the whole fits, with a number where it is taken. */
function freeName(base: string, suffix: string, isTaken: (name: string) => boolean): string {
  for (let number = 1; ; number += 1) {
    const ending = `${number === 1 ? "" : `_${number}`}${suffix}`;
    const name = `${base.slice(0, MAX_LENGTH - ending.length)}${ending}`;
    if (!isTaken(name)) return name;
  }
}

/** `released` are names that are taken now and will not be when these are used, by table. */
export function createKeyNames(catalog: Catalog, released: readonly { readonly table: string; readonly name: string }[]): KeyNames {
  const isReleased = (table: string, name: string) => released.some((key) => key.table === table && key.name === name);
  const taken = new Map(
    [...catalog.values()].map((table) => [table.name, new Set(table.takenNames.filter((name) => !isReleased(table.name, name)))]),
  );
  const references = new Set([...catalog.values()].flatMap((table) => [...table.takenNames]));
  const take = (table: string, name: string) => {
    taken.set(table, (taken.get(table) ?? new Set()).add(name));
    return name;
  };
  return {
    index: (table, columns, unique) =>
      take(
        table,
        freeName(columns.join("_"), unique ? "_key" : "_idx", (name) => taken.get(table)?.has(name) ?? false),
      ),
    // The names of references are unique in the whole database.
    reference(table, column) {
      const name = freeName(
        `${table}_${column}`,
        "_fkey",
        (candidate) => references.has(candidate) || (taken.get(table)?.has(candidate) ?? false),
      );
      references.add(name);
      return take(table, name);
    },
  };
}
