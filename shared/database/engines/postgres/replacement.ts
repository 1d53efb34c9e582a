import { plain, type Query } from "../driver.ts";
import type { Replacement } from "../replacement.ts";
import { quoteIdentifier as quote, quoteLiteral } from "./quoting.ts";

/** Keys were named after their tables when those had other names. */
const namedAfter = (table: string) => `left(name, ${table.length + 1}) = ${quoteLiteral(`${table}_`)}`;

async function renameKeys(query: Query, from: string, to: string): Promise<void> {
  const rename = async (sql: string, change: (name: string, next: string) => string) => {
    for (const [name] of (await query(plain(sql))).rows) {
      if (name) await query(plain(change(quote(name), quote(`${to}${name.slice(from.length)}`))));
    }
  };
  const table = `${quoteLiteral(quote(to))}::regclass`;
  // A constraint takes its index along.
  await rename(
    `SELECT name FROM (SELECT conname::text AS name FROM pg_constraint WHERE conrelid = ${table} AND contype IN ('p', 'u', 'f')) AS keys WHERE ${namedAfter(from)}`,
    (name, next) => `ALTER TABLE ${quote(to)} RENAME CONSTRAINT ${name} TO ${next}`,
  );
  await rename(
    `SELECT name FROM (SELECT c.relname::text AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = ${table}) AS keys WHERE ${namedAfter(from)}`,
    (name, next) => `ALTER INDEX ${name} RENAME TO ${next}`,
  );
}

/** PostgreSQL changes schemas inside transactions. */
export const postgresReplacement: Replacement = {
  sizeOf: (type, name) => {
    if (type === "text") return `octet_length(${name})`;
    return type === "json" ? `octet_length(CAST(${name} AS text))` : "40";
  },

  async listTables(driver, address) {
    const { rows } = await driver.run(address, plain("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"));
    return rows.map(([name]) => name ?? "");
  },

  async dropTables(driver, address, names) {
    if (names.length > 0) await driver.command(address, `DROP TABLE ${names.map(quote).join(", ")}`);
  },

  async exchange(driver, address, { staged, replaced }) {
    await driver.transaction(address, async (query) => {
      if (replaced.length > 0) await query(plain(`DROP TABLE ${replaced.map(({ name }) => quote(name)).join(", ")}`));
      for (const { from, to } of staged) {
        await query(plain(`ALTER TABLE ${quote(from)} RENAME TO ${quote(to)}`));
        await renameKeys(query, from, to);
      }
    });
  },
};
