import { z } from "zod";
import { actionSchema, blockSchema, resultViewSchema } from "./ui-blocks.ts";

const layoutSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("stack") }),
  z.strictObject({ type: z.literal("columns"), columns: z.number().int().min(2).max(4).default(2) }),
]);

/** The page of an app, in data: no markup, no script, no style. */
export const uiSchemaSchema = z.strictObject({
  schema_version: z.literal("1").default("1"),
  layout: layoutSchema.prefault({ type: "stack" }),
  blocks: z.array(blockSchema).max(500).default([]),
  actions: z.array(actionSchema).max(20).default([]),
  result_view: resultViewSchema.optional(),
});
export type UiSchema = z.infer<typeof uiSchemaSchema>;
