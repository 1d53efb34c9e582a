import type { ColumnType } from "../schema/db-schema.ts";
import type { Driver } from "./driver.ts";

/** Tables made under other names, which are to take the place of all that the apps have. */
interface Exchange {
  /** The names that the tables have, and that they are to have. */
  readonly staged: readonly { readonly from: string; readonly to: string }[];
  /** The present tables, by the names under which they may be put aside. */
  readonly replaced: readonly { readonly name: string; readonly aside: string }[];
}

/** How one kind of server's tables are replaced by others. `address` is the owner's. */
export interface Replacement {
  /** How many bytes a column's values take as texts, as an expression over a quoted name. */
  sizeOf(type: ColumnType, name: string): string;
  /** The names of all tables, also of those that are not the apps'. */
  listTables(driver: Driver, address: string): Promise<string[]>;
  /** Drops tables that only each other refer to. */
  dropTables(driver: Driver, address: string, names: readonly string[]): Promise<void>;
  /** All at once: whoever looks sees the tables of before, or those that take their place. */
  exchange(driver: Driver, address: string, exchange: Exchange): Promise<void>;
}
