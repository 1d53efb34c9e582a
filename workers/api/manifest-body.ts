import { z } from "@hono/zod-openapi";

/** A manifest in the API description. Its shape is published as documentation; the app service reads it with every fault at once. */
export const manifestBody = z.record(z.string(), z.any()).openapi("Manifest", {
  description: "An app in one document: manifest, name, description, workflow, ui_schema, db_schema, access_policy, config",
});
