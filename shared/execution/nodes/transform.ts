import { z } from "zod";
import { defineNode } from "./node.ts";

/** Any JSON with expressions filled in. */
export const transform = defineNode({
  type: "transform",
  title: "Transform",
  pure: true,
  configSchema: z.strictObject({ value: z.unknown().refine((value) => value !== undefined, "Give a value.") }),
  resolvedSchema: z.object({ value: z.unknown() }),
  run: ({ value }) => ({ output: { value } }),
});
