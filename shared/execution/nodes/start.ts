import { z } from "zod";
import { inputDeclarationSchema } from "../inputs/declarations.ts";
import { defineNode } from "./node.ts";

const configSchema = z.strictObject({ inputs: z.array(inputDeclarationSchema).max(100).default([]) });

/** Where a run begins: gives the inputs. */
export const start = defineNode({
  type: "start",
  title: "Start",
  pure: true,
  configSchema,
  resolvedSchema: z.unknown(),
  literalFields: ["inputs"],
  run: (_config, { runInputs }) => ({ output: runInputs }),
});
