import type { Question } from "../api/schemas.ts";

export const DECISIONS = ["approved", "rejected"] as const;
export type Decision = (typeof DECISIONS)[number];

/** The name that a field of a question has in its form. */
export const fieldName = (name: string) => `field.${name}`;

/** What was entered, by the names of the question's fields; `undefined` for what was left empty. */
type Entries = Readonly<Record<string, string | undefined>>;

/** The fields of an answer as the API takes them. What is not a number stays a text, for the API to name. */
export function answerFields({ fields }: Pick<Question, "fields">, entered: Entries): Record<string, unknown> {
  return Object.fromEntries(
    fields.flatMap(({ name, type }): [string, unknown][] => {
      const value = entered[fieldName(name)];
      // A browser leaves an unticked checkbox out.
      if (type === "boolean") return [[name, value === "on"]];
      if (value === undefined || value.trim() === "") return [];
      if (type !== "number") return [[name, value.replaceAll("\r\n", "\n")]];
      const number = Number(value);
      return [[name, Number.isNaN(number) ? value : number]];
    }),
  );
}
