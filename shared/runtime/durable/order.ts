import { z } from "zod";
import { manifestSchema } from "#app";
import { executionRecordSchema } from "#platform/records";

const { workflow, db_schema, config } = manifestSchema.shape;

/** All that a run needs to go on without its caller, and without the platform database. Kept by the run's object. */
export const durableOrderSchema = z.object({
  /** As it stands when nothing is known of the run but that it began. */
  execution: executionRecordSchema,
  app: z.object({ id: z.string(), name: z.string(), slug: z.string(), version: z.number().int() }),
  workflow,
  db_schema,
  config,
  pinned: z.record(z.string(), z.object({ output: z.unknown(), port: z.string().nullable() })).optional(),
  only: z.string().optional(),
  /** What began it, where the same must not begin two: digests of the key and of what was asked under it. */
  key: z.object({ hash: z.string(), body_hash: z.string() }).optional(),
  /** For a turn of a conversation: what the visitor said, and what of the outputs the page shows (all of them: `null`). */
  turn: z.object({ said: z.string(), shows: z.string().nullable() }).optional(),
  /** Whether the app's gate counts it. */
  gated: z.boolean(),
});
export type DurableOrder = z.infer<typeof durableOrderSchema>;
