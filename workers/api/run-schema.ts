import { z } from "@hono/zod-openapi";
import { RUN_STATUSES } from "#platform/schema";

const json = (description: string) => z.any().openapi({ description });
const errorSchema = json("code, message and, where one failed, node_id; or null");

const questionSchema = z.object({
  node_id: z.string().openapi({ description: "Names the question to `/runs/{id}/signals/{name}`" }),
  title: z.string(),
  to: z.array(z.string()).openapi({ description: "Who may answer; whoever may manage runs, when empty" }),
  fields: z.array(z.object({ name: z.string(), label: z.string(), type: z.string(), required: z.boolean() })),
  asked_at: z.string(),
  expires_at: z.string(),
});

export const runSchema = z
  .object({
    id: z.string(),
    app_id: z.string(),
    version_id: z.string().openapi({ description: "`draft` for test runs" }),
    trigger: z.string(),
    trigger_id: z.string().nullable(),
    parent_id: z.string().nullable().openapi({ description: "The run that this one replays, or whose end started it" }),
    status: z.enum(RUN_STATUSES),
    session_id: z.string().nullable(),
    network: z.string().nullable().openapi({ description: "The caller's network, as a keyed hash" }),
    inputs: json("By the names that the start node declares"),
    outputs: json("By the names that the end node gives; null where the run did not get there"),
    error: errorSchema,
    waiting: z.array(questionSchema).nullable().openapi({ description: "What it has asked people, while it waits for their answer" }),
    usage: json("input_tokens, output_tokens, total_tokens"),
    started_at: z.string(),
    finished_at: z.string().nullable(),
    duration_ms: z.number().int().nullable(),
  })
  .openapi("Run");

export const nodeLogSchema = z
  .object({
    seq: z.number().int(),
    node_id: z.string(),
    node_type: z.string(),
    status: z.string(),
    attempts: z.number().int(),
    port: z.string().nullable().openapi({ description: "The port it left by, where it has several" }),
    inputs: json("The node's config, filled in"),
    outputs: json("What the node gave, or null"),
    error: errorSchema,
    input_tokens: z.number().int(),
    output_tokens: z.number().int(),
    started_at: z.string(),
    duration_ms: z.number().int(),
  })
  .openapi("NodeLog");

/** A run's place in the API. */
export function runPath(runId: string): string {
  return `/api/v1/runs/${runId}`;
}
