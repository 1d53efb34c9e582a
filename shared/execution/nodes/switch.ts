import { z } from "zod";
import { identifierSchema } from "../workflow.ts";
import { defineNode, namesIn } from "./node.ts";

const DEFAULT_PORT = "default";

function isEqual(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const [leftKeys, rightKeys] = [Object.keys(left), Object.keys(right)];
  return (
    leftKeys.length === rightKeys.length &&
    leftKeys.every((key) => Object.hasOwn(right, key) && isEqual(Reflect.get(left, key), Reflect.get(right, key)))
  );
}

const caseSchema = z.strictObject({
  name: identifierSchema.refine((name) => name !== DEFAULT_PORT && name !== "error", "This name is a port of its own."),
  equals: z.unknown(),
});

const outputSchema = z.object({ case: z.string() });

/** As many ways on as there are cases: the first whose value equals, else `default`. */
export const switchNode = defineNode({
  type: "switch",
  title: "Switch",
  pure: true,
  configSchema: z.strictObject({
    value: z.unknown().refine((value) => value !== undefined, "Give a value."),
    cases: z
      .array(caseSchema)
      .min(1)
      .max(100)
      .refine((cases) => new Set(namesIn(cases)).size === cases.length, "Two cases have the same name."),
  }),
  resolvedSchema: z.object({ value: z.unknown(), cases: z.array(z.object({ name: z.string(), equals: z.unknown() })) }),
  ports: ({ cases }) => [...namesIn(cases), DEFAULT_PORT],
  portOf: (output) => outputSchema.safeParse(output).data?.case,
  run: ({ value, cases }) => {
    const port = cases.find(({ equals }) => isEqual(value, equals))?.name ?? DEFAULT_PORT;
    return { output: { case: port }, port };
  },
});
