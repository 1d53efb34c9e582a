import { type Driver, plain } from "../driver.ts";
import type { Replacement } from "../replacement.ts";
import { quoteIdentifier as quote, quoteLiteral } from "./quoting.ts";

/** Tables may refer to each other in circles, which no order of dropping them respects. */
async function dropReferences(driver: Driver, address: string, names: readonly string[]): Promise<void> {
  const sql = `SELECT TABLE_NAME, CONSTRAINT_NAME FROM information_schema.TABLE_CONSTRAINTS
WHERE CONSTRAINT_SCHEMA = DATABASE() AND CONSTRAINT_TYPE = 'FOREIGN KEY' AND TABLE_NAME IN (${names.map(quoteLiteral).join(", ")})`;
  const keys = Map.groupBy((await driver.run(address, plain(sql))).rows, ([table]) => table ?? "");
  for (const [table, rows] of keys) {
    const drops = rows.map(([, key]) => `DROP FOREIGN KEY ${quote(key ?? "")}`);
    await driver.command(address, `ALTER TABLE ${quote(table)} ${drops.join(", ")}`);
  }
}

/** Where DDL commits by itself, renaming many tables in one statement is what happens all at once. */
export const mysqlReplacement: Replacement = {
  sizeOf: (type, name) => (type === "text" || type === "json" ? `OCTET_LENGTH(${name})` : "40"),

  async listTables(driver, address) {
    const sql = "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE' ORDER BY 1";
    return (await driver.run(address, plain(sql))).rows.map(([name]) => name ?? "");
  },

  async dropTables(driver, address, names) {
    if (names.length === 0) return;
    await dropReferences(driver, address, names);
    await driver.command(address, `DROP TABLE ${names.map(quote).join(", ")}`);
  },

  async exchange(driver, address, { staged, replaced }) {
    const away = replaced.map(({ name, aside }) => `${quote(name)} TO ${quote(aside)}`);
    const back = staged.map(({ from, to }) => `${quote(from)} TO ${quote(to)}`);
    await driver.command(address, `RENAME TABLE ${[...away, ...back].join(", ")}`);
  },
};
