import { z } from "zod";
import type { EarlierOutput, NodeLogView } from "#execution";
import type { Context } from "#platform/context";
import { callObject } from "#platform/lease/call-object";
import { parseNodeEnds } from "#platform/objects/durable-run";
import { durableRun } from "../durable/start.ts";
import { type FoundMemberRun, nodeLogsOf } from "./find.ts";

/** What logs and records hold in the place of a value that was too large for them. */
const cutSchema = z.union([
  z.strictObject({ truncated: z.literal(true), bytes: z.number(), preview: z.string() }),
  z.strictObject({ omitted: z.string() }),
]);
const errorSchema = z.object({ code: z.string(), message: z.string() });

interface NodeEnd {
  readonly status: string;
  readonly output: unknown;
  readonly error: unknown;
}

/**
 * What the nodes of a run's own graph have given, by id: whole while the run's object is kept, and then as far as their logs
 * have it.
 */
export async function earlierOutputs(ctx: Context, found: FoundMemberRun): Promise<Record<string, EarlierOutput>> {
  const ends = found.source === "object" ? parseNodeEnds(await callObject(() => durableRun(ctx, found.run.id).ends(), "The run")) : null;
  const known = ends
    ? Object.entries(ends).map(([id, end]) => [id, earlierOf(end)] as const)
    : (await nodeLogsOf(ctx, found)).map((log) => [log.node_id, ofLog(log)] as const);
  return Object.fromEntries(known.flatMap(([id, earlier]) => (earlier ? [[id, earlier]] : [])));
}

function earlierOf({ status, output, error }: NodeEnd): EarlierOutput | undefined {
  if (status === "completed") return { kind: "kept", output };
  const failure = status === "failed" ? errorSchema.safeParse(error).data : undefined;
  return failure && { kind: "failed", error: failure };
}

function ofLog({ status, outputs, error }: NodeLogView): EarlierOutput | undefined {
  if (cutSchema.safeParse(outputs).success) return { kind: "cut" };
  return earlierOf({ status, output: outputs, error });
}
