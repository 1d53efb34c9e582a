import { z } from "zod";
import { causes, type Objection, type ServerRefusal } from "../failures.ts";

const optionalText = z
  .string()
  .nullish()
  .transform((text) => text ?? undefined);
const refusalSchema = z.object({
  code: z.string().regex(/^[0-9A-Z]{5}$/),
  table: optionalText,
  column: optionalText,
  detail: optionalText,
});

/** SQLSTATEs (PostgreSQL, appendix A), or the classes that their first two characters name. */
const OBJECTIONS: Readonly<Record<string, Objection>> = {
  "08": "unreachable",
  "0A": "invalid",
  "21000": "twice",
  "22": "bad_value",
  "23502": "no_value",
  "23503": "reference",
  "23505": "unique",
  "23": "rule",
  "25001": "read_only",
  "25006": "read_only",
  "28": "entry_refused",
  "2B": "rule",
  "3D000": "unreachable",
  "40": "concurrent",
  "42501": "forbidden",
  "42601": "syntax",
  "42703": "unknown_column",
  "42P01": "unknown_table",
  "42P04": "exists",
  "42710": "exists",
  "42": "invalid",
  "53": "unreachable",
  "54": "too_large",
  "55P03": "locked",
  "57014": "timeout",
  "57": "unreachable",
};

/** The server's refusal inside an error, or `undefined` when it was not the server that failed. */
export function postgresRefusal(error: unknown): ServerRefusal | undefined {
  for (const cause of causes(error)) {
    const parsed = refusalSchema.safeParse(cause);
    if (!parsed.success) continue;
    const { code, table, column, detail } = parsed.data;
    const objection = OBJECTIONS[code] ?? OBJECTIONS[code.slice(0, 2)] ?? "failed";
    return { objection, code: `SQLSTATE ${code}`, table, column, key: /^Key \(([a-z0-9_, ]+)\)=/.exec(detail ?? "")?.[1] };
  }
  return undefined;
}
