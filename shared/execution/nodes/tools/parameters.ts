import { z } from "zod";
import { AppError, errorMessage } from "#platform/errors";
import { formatPath } from "#platform/faults";
import { patternFault } from "../../inputs/patterns.ts";

/** JSON Schema of the arguments of an http tool. */
export const parametersSchema = z
  .looseObject({ type: z.literal("object", 'Give a JSON Schema of type "object".') })
  .superRefine((schema, context) => {
    const hazard = patternsIn(schema).map(patternFault).find(Boolean);
    const message = hazard ?? unreadable(schema);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  })
  .default({ type: "object", properties: {} });

export type Parameters = z.infer<typeof parametersSchema>;

/** Why a schema cannot be checked against, if it cannot. */
function unreadable(schema: Parameters): string | undefined {
  try {
    z.fromJSONSchema(schema);
    return undefined;
  } catch (error) {
    return `This JSON Schema cannot be used: ${errorMessage(error)}`;
  }
}

/** Every regular expression within a schema. */
function patternsIn(schema: unknown): string[] {
  if (Array.isArray(schema)) return schema.flatMap(patternsIn);
  if (typeof schema !== "object" || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]) => {
    if (key === "pattern" && typeof value === "string") return [value];
    const names = key === "patternProperties" && typeof value === "object" && value !== null ? Object.keys(value) : [];
    return [...names, ...patternsIn(value)];
  });
}

/** Checks arguments against a schema. Throws `validation_failed`, naming the first that does not fit. */
export function requireArguments(parameters: Parameters, args: Readonly<Record<string, unknown>>): void {
  const [issue] = z.fromJSONSchema(parameters).safeParse(args).error?.issues ?? [];
  if (issue) throw new AppError("validation_failed", `${formatPath(["args", ...issue.path])}: ${issue.message}`);
}
