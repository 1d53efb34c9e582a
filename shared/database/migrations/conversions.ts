import type { ColumnType } from "../schema/db-schema.ts";
import type { Step } from "./steps.ts";

/**
 * How much of a column's values another type keeps. A conversion that is `additive` carries over every value, or fails; in
 * one that is `lossy` a value without a counterpart becomes null, or fails where null is not allowed. Types that are not
 * here have nothing in common.
 */
const CONVERSIONS: Readonly<Partial<Record<ColumnType, Readonly<Partial<Record<ColumnType, Step["effect"]>>>>>> = {
  id: { text: "additive" },
  integer: { text: "additive", number: "additive" },
  number: { text: "additive", integer: "lossy" },
  boolean: { text: "additive" },
  json: { text: "additive" },
  timestamp: { text: "additive" },
  text: { integer: "lossy", number: "lossy", boolean: "lossy", timestamp: "lossy", id: "lossy" },
};

/** The effect of a conversion, or `undefined` where there is none. */
export function conversionEffect(from: ColumnType, to: ColumnType): Step["effect"] | undefined {
  return from === to ? "additive" : CONVERSIONS[from]?.[to];
}
