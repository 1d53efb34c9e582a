import { z } from "zod";
import { METERS, RUN_STATUSES, RUN_TRIGGERS } from "#platform/schema";

/*
 * What a run leaves behind, in one piece: the unit of the outbox. It is appended before the answer leaves, drained to the
 * platform database later, and written there by ids that depend only on the run, so that any number of deliveries is one.
 */

const time = z.number().int().describe("milliseconds since the Unix epoch");

const runErrorSchema = z.object({ code: z.string(), message: z.string(), node_id: z.string().optional() });
export type RunError = z.infer<typeof runErrorSchema>;

const runUsageSchema = z.object({
  input_tokens: z.number().int().nonnegative(),
  output_tokens: z.number().int().nonnegative(),
  total_tokens: z.number().int().nonnegative(),
});
export type RunUsage = z.infer<typeof runUsageSchema>;

/** A question that a run puts to people, and waits for the answer. */
export const questionSchema = z.object({
  /** The node that asks, by its path within the run. */
  node_id: z.string(),
  title: z.string(),
  /** Members' ids or the names of roles; whoever may answer runs, when empty. */
  to: z.array(z.string()),
  fields: z.array(z.object({ name: z.string(), label: z.string(), type: z.string(), required: z.boolean() })),
  asked_at: time,
  expires_at: time,
});
export type Question = z.infer<typeof questionSchema>;

export const executionRecordSchema = z.object({
  id: z.string(),
  workspace_id: z.string(),
  app_id: z.string(),
  version_id: z.string(),
  trigger: z.enum(RUN_TRIGGERS),
  /** The trigger that started it. */
  trigger_id: z.string().optional(),
  /** The run that it replays, or whose end started it. */
  parent_id: z.string().optional(),
  /** Where its end is to be told. */
  callback_url: z.string().optional(),
  /** What it has asked people, while it waits for their answer. */
  waiting: z.array(questionSchema).optional(),
  status: z.enum(RUN_STATUSES),
  session_id: z.string().nullable(),
  /** The visitor's network, as a keyed hash. */
  network: z.string().optional(),
  api_key_id: z.string().nullable(),
  inputs: z.record(z.string(), z.unknown()),
  outputs: z.record(z.string(), z.unknown()).nullable(),
  error: runErrorSchema.nullable(),
  usage: runUsageSchema,
  started_at: time,
  finished_at: time.nullable(),
});
export type ExecutionRecord = z.infer<typeof executionRecordSchema>;

export const nodeLogSchema = z.object({
  /** Order of starting within the run, from 0. */
  seq: z.number().int().nonnegative(),
  node_id: z.string(),
  node_type: z.string(),
  status: z.enum(["completed", "failed", "skipped", "cancelled"]),
  attempts: z.number().int().nonnegative(),
  /** The port it left by, where it has several. */
  port: z.string().optional(),
  inputs: z.unknown(),
  outputs: z.unknown(),
  error: runErrorSchema.nullable(),
  input_tokens: z.number().int().nonnegative(),
  output_tokens: z.number().int().nonnegative(),
  started_at: time,
  duration_ms: z.number().int().nonnegative(),
});
export type NodeLog = z.infer<typeof nodeLogSchema>;

const usageEventSchema = z.object({
  /** Deterministic: `<run id>:<meter>` or `<run id>:<seq>:<meter>`. */
  id: z.string(),
  meter: z.enum(METERS),
  quantity: z.number().int().nonnegative(),
  occurred_at: time,
});
export type UsageEvent = z.infer<typeof usageEventSchema>;

const runtimeEventSchema = z.object({
  id: z.string(),
  type: z.string(),
  payload: z.record(z.string(), z.unknown()),
  occurred_at: time,
});

const runRecordSchema = z.object({
  execution: executionRecordSchema,
  node_logs: z.array(nodeLogSchema),
  usage_events: z.array(usageEventSchema),
  runtime_events: z.array(runtimeEventSchema),
});
export type RunRecord = z.infer<typeof runRecordSchema>;

/** Reads a record back from the text that an outbox keeps. */
export function parseRunRecord(text: string): RunRecord {
  return runRecordSchema.parse(JSON.parse(text));
}
