import { z } from "zod";
import { ERROR_STATUS, type ErrorCode } from "#platform/errors";

/** What node ids, input names and port names look like, so that expressions can name them without quotes. */
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** A name that an expression can follow: an identifier, and none of JavaScript's own. */
export const identifierSchema = z
  .string()
  .regex(IDENTIFIER, "Use letters, digits and underscores, at most 64, beginning with no digit.")
  .refine((name) => !FORBIDDEN_NAMES.has(name), "This name is reserved.");

const errorCodes = Object.keys(ERROR_STATUS).filter((code): code is ErrorCode => code in ERROR_STATUS);

const retrySchema = z.strictObject({
  /** Attempts in all, the first included. */
  attempts: z.int().min(1).max(10),
  /** Milliseconds: the ceiling of the first wait; doubled for each further one, with full jitter. */
  backoff_ms: z.int().min(0).max(60_000).optional(),
  max_backoff_ms: z.int().min(0).max(300_000).optional(),
  /** The error codes that are tried again; by default those that pass by themselves. */
  on: z.array(z.enum(errorCodes)).min(1).optional(),
});

export const nodeSchema = z.strictObject({
  id: identifierSchema,
  type: z.string().min(1).max(64),
  title: z.string().max(200).optional(),
  config: z.record(z.string(), z.unknown()).default({}),
  retry: retrySchema.optional(),
  timeout_ms: z.int().min(1).max(600_000).optional(),
  on_error: z.enum(["fail", "continue", "error_port"]).optional(),
  /** Where the graph editor draws it. */
  position: z.strictObject({ x: z.number(), y: z.number() }).optional(),
});

export const edgeSchema = z.strictObject({
  from: z.string().min(1).max(64),
  /** Without it, the edge leaves by every port but `error`. */
  port: z.string().min(1).max(64).optional(),
  to: z.string().min(1).max(64),
});

/** A graph within a node. */
export const bodySchema = z.strictObject({ nodes: z.array(nodeSchema).min(1), edges: z.array(edgeSchema) });

export const MAX_NODES = 500;
export const MAX_EDGES = 2000;

export type WorkflowNode = z.infer<typeof nodeSchema>;
export type WorkflowEdge = z.infer<typeof edgeSchema>;
export type RetryPolicy = z.infer<typeof retrySchema>;

/** A graph as the manifest holds it: its structure is checked, its meaning is what the validators are for. */
export interface Workflow {
  nodes: WorkflowNode[];
  edges: WorkflowEdge[];
}
