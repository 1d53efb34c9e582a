import type { Dialect } from "../../operations/dialect.ts";
import { quoteIdentifier } from "./quoting.ts";

/** MySQL's form of a moment in UTC, which is what every DATETIME of ours holds. */
const moment = (rfc3339: string) => rfc3339.replace("T", " ").replace("Z", "");

export const mysqlDialect: Dialect = {
  quote: quoteIdentifier,
  placeholder: () => "?",
  encoded: (type, text) => {
    switch (type) {
      case "integer":
        // As a text it would be compared as a double, which tells large integers no longer apart.
        return BigInt(text);
      case "number":
        return Number(text);
      case "boolean":
        return text === "true";
      case "timestamp":
        return moment(text);
      default:
        return text;
    }
  },
  // A text is never equal to a JSON value of MySQL's, so both sides become JSON.
  comparable: (type, expression) => (type === "json" ? `JSON_EXTRACT(${expression}, '$')` : expression),
  differs: (left, right) => `NOT (${left} <=> ${right})`,
};
