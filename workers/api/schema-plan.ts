import { z } from "@hono/zod-openapi";

/** What is done, or would be, to the workspace's database. */
export const schemaPlanSchema = z
  .object({
    hash: z.string().openapi({ description: "Sent as `confirm`, it accepts the losses of exactly these steps" }),
    steps: z.array(
      z.object({
        kind: z.string(),
        table: z.string(),
        column: z.string().nullable(),
        path: z.string().openapi({ description: "The part of the manifest that asks for it" }),
        effect: z.enum(["additive", "lossy", "destructive"]).openapi({
          description: "What becomes of values that exist: all stay, some are lost, all are lost",
        }),
        locks: z.enum(["none", "brief", "long"]).openapi({
          description: "How long others wait for the table: not, for a moment, or while all its rows are read or written",
        }),
        message: z.string(),
      }),
    ),
  })
  .openapi("SchemaPlan");

/** The hash of a plan whose losses are accepted. */
export const confirmSchema = z
  .string()
  .max(64)
  .optional()
  .openapi({ description: "The hash of the plan that a refusal with `migration_not_confirmed` showed: accepts what it loses" });
