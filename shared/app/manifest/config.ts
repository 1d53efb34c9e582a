import { z } from "zod";

/** How an app's runs behave. */
export const appConfigSchema = z.strictObject({
  /** A run that takes longer ends as failed. */
  timeout_ms: z.number().int().min(1_000).max(300_000).default(60_000),
  /** Size of a run's outputs as JSON. */
  max_output_bytes: z.number().int().min(1_024).max(1_048_576).default(262_144),
  /** How many runs of the app may go on at the same time, and what becomes of one more. */
  concurrency: z
    .strictObject({ limit: z.number().int().min(1).max(1_000), overflow: z.enum(["queue", "reject"]).default("queue") })
    .optional(),
  /** Language of the page's own words, as a BCP 47 tag such as `en` or `zh-CN`. */
  locale: z
    .string()
    .regex(/^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$/, "Give a language tag such as en, zh or pt-BR.")
    .default("en"),
});
export type AppConfig = z.infer<typeof appConfigSchema>;
