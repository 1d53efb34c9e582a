import { z } from "zod";
import { identifierSchema } from "../workflow.ts";
import { defineNode } from "./node.ts";

/** Where a run answers: gives the outputs. */
export const end = defineNode({
  type: "end",
  title: "End",
  pure: true,
  configSchema: z.strictObject({ outputs: z.record(identifierSchema, z.unknown()).default({}) }),
  resolvedSchema: z.object({ outputs: z.record(z.string(), z.unknown()).default({}) }),
  run: ({ outputs }) => ({ output: outputs }),
});
