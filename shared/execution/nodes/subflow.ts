import { z } from "zod";
import { asText } from "../expressions/resolve.ts";
import { defineNode, orExpression } from "./node.ts";

/** Runs another app of the workspace, as it is published or in the version that is named, and gives its outputs. */
export const subflow = defineNode({
  type: "subflow",
  title: "Subflow",
  nests: true,
  waits: true,
  configSchema: z.strictObject({
    app: z.string().min(1).max(200),
    version: z.int().min(1).optional(),
    inputs: orExpression(z.record(z.string(), z.unknown()), "the app's inputs").optional(),
  }),
  resolvedSchema: z.object({
    app: z.unknown().transform(asText),
    version: z.int().min(1).optional(),
    inputs: z.record(z.string(), z.unknown(), "is not an object of inputs").default({}),
  }),
  literalFields: ["version"],
  run: async ({ app, version, inputs }, io) => {
    return { output: { outputs: await io.runApp("", { slug: app, version }, givenInputs(inputs)) } };
  },
});

/** What was left open stays open: an input without a value takes the app's default. */
export function givenInputs(inputs: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(inputs).filter(([, value]) => value !== null && value !== undefined));
}
