import { z } from "zod";
import { asText } from "../expressions/resolve.ts";
import { defineNode } from "./node.ts";

/** Text with expressions filled in. */
export const template = defineNode({
  type: "template",
  title: "Template",
  pure: true,
  configSchema: z.strictObject({ text: z.string().max(100_000) }),
  resolvedSchema: z.object({ text: z.unknown() }),
  run: ({ text }) => ({ output: { text: asText(text) } }),
});
