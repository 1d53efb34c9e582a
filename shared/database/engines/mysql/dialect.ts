import type { Dialect } from "../../operations/dialect.ts";
import { canonicalJson } from "../decode.ts";
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
      case "json":
        // MariaDB keeps the text as it is given.
        return canonicalJson(text);
      case "timestamp":
        return moment(text);
      default:
        return text;
    }
  },
  // A text is never equal to a JSON value of MySQL's, so both sides become JSON, and then the text that the server has for it.
  comparable: (type, expression) => (type === "json" ? `CAST(JSON_EXTRACT(${expression}, '$') AS CHAR)` : expression),
  differs: (left, right) => `NOT (${left} <=> ${right})`,
};
