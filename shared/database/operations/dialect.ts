import type { SqlValue } from "../engines/driver.ts";
import type { ColumnType } from "../schema/db-schema.ts";

/** How the statements of one server differ from those of another. */
export interface Dialect {
  /** A name as the server reads it literally, whatever it contains. */
  quote(name: string): string;
  /** The mark of the parameter at this position; the first is 1. */
  placeholder(position: number): string;
  /** A value that `encodeValue` made of a column's type, as the driver sends it. */
  encoded(type: ColumnType, text: string): SqlValue;
  /** A column or a parameter of this type, as it is compared with another. */
  comparable(type: ColumnType, expression: string): string;
  /** Whether two expressions differ, where one without a value differs from one with. */
  differs(left: string, right: string): string;
}
