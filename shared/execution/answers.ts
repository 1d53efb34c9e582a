import type { Fault } from "#platform/errors";
import type { AnswerGiven } from "#platform/objects/durable-run";
import type { Question } from "#platform/records";

type Field = Question["fields"][number];

/** Characters of one text in an answer. */
const MAX_TEXT = 20_000;

/** What is wrong with an answer to a question, by field. A rejection may leave everything open. */
export function answerFaults({ fields }: Question, { decision, fields: given }: Pick<AnswerGiven, "decision" | "fields">): Fault[] {
  const names = fields.map(({ name }) => name);
  const unknown = Object.keys(given).filter((name) => !names.includes(name));
  return [
    ...unknown.map((name) => fault(name, "unknown_field", `There is no such field; the question has: ${names.join(", ") || "none"}.`)),
    ...fields.flatMap((field) => fieldFaults(field, Object.hasOwn(given, field.name) ? given[field.name] : undefined, decision)),
  ];
}

function fault(name: string, code: string, message: string): Fault {
  return { path: `fields.${name}`, code, message };
}

function fieldFaults({ name, type, required }: Field, value: unknown, decision: AnswerGiven["decision"]): Fault[] {
  if (value === undefined || value === null || value === "") {
    return required && decision === "approved" ? [fault(name, "required", "This field is required.")] : [];
  }
  switch (type) {
    case "number":
      return Number.isFinite(value) ? [] : [fault(name, "invalid_type", "Give a number.")];
    case "boolean":
      return typeof value === "boolean" ? [] : [fault(name, "invalid_type", "Give true or false.")];
    default:
      if (typeof value !== "string") return [fault(name, "invalid_type", "Give a text.")];
      return value.length > MAX_TEXT ? [fault(name, "too_big", `Give at most ${MAX_TEXT} characters.`)] : [];
  }
}
