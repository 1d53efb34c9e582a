import { z } from "zod";
import { dbSchemaSchema } from "#database";
import { workflowSchema } from "#execution";
import { accessPolicySchema } from "./access-policy.ts";
import { appConfigSchema } from "./config.ts";
import { uiSchemaSchema } from "./ui-schema.ts";

/** What an app is called and said to be. */
export const nameSchema = z.string().max(80).regex(/\S/, "Must not be blank.");
export const descriptionSchema = z.string().max(500);

/** The shape of a whole app in one document, complete. That it can also run is for `validateManifest` to say. */
export const manifestSchema = z.strictObject({
  manifest: z.literal("1"),
  name: nameSchema,
  description: descriptionSchema.default(""),
  workflow: workflowSchema,
  ui_schema: uiSchemaSchema,
  db_schema: dbSchemaSchema,
  access_policy: accessPolicySchema,
  config: appConfigSchema,
});

export type Manifest = z.infer<typeof manifestSchema>;
