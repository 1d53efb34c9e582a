import { z } from "zod";
import { defineNode } from "./node.ts";

/** What counts as true: everything but false, null, 0, and empty texts, lists and objects. */
export function isTruthy(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** An expression as it is written with or without its braces. */
export function withBraces(expression: unknown): unknown {
  return typeof expression === "string" && !expression.includes("{{") ? `{{ ${expression} }}` : expression;
}

const outputSchema = z.object({ value: z.boolean() });

/** Two ways on. The expression may be written with or without its braces. */
export const condition = defineNode({
  type: "condition",
  title: "Condition",
  pure: true,
  configSchema: z.strictObject({ expression: z.union([z.string().min(1).max(10_000), z.boolean()]) }),
  resolvedSchema: z.object({ expression: z.unknown() }),
  ports: () => ["true", "false"],
  portOf: (output) => outputSchema.safeParse(output).data?.value.toString(),
  prepare: ({ expression, ...config }) => ({ ...config, expression: withBraces(expression) }),
  run: ({ expression }) => {
    const value = isTruthy(expression);
    return { output: { value }, port: String(value) };
  },
});
