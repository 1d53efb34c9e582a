import { z } from "zod";
import type { ExecutionsMessage } from "#platform/env";

/** A message of the `executions` queue, as its consumer reads it. */
export const executionsMessageSchema: z.ZodType<ExecutionsMessage> = z.discriminatedUnion("type", [
  z.object({ type: z.literal("delivery"), id: z.string().min(1), attempt: z.number().int().min(0) }),
  z.object({ type: z.literal("go"), runId: z.string().min(1), appId: z.string().min(1) }),
]);
