import { createContext } from "#platform/context";
import type { Env } from "#platform/env";
import { runScheduled } from "./crons/index.ts";
import { handleRequest } from "./gateway.ts";
import { consumeDeadLetters, consumeExecutions } from "./queues/executions.ts";
import { consumeRecords } from "./queues/records.ts";

export { DatabasePool } from "../durable-objects/database-pool/index.ts";
export { DurableRun } from "../durable-objects/durable-run/index.ts";
export { QuotaCounter } from "../durable-objects/quota-counter/index.ts";
export { RateLimiter } from "../durable-objects/rate-limiter/index.ts";
export { Recorder } from "../durable-objects/recorder/index.ts";
export { RunGate } from "../durable-objects/run-gate/index.ts";
export { VisitorSession } from "../durable-objects/visitor-session/index.ts";
export { BackUpDatabase } from "../workflows/back-up-database.ts";
export { ProvisionDatabase } from "../workflows/provision-database.ts";
export { RestoreDatabase } from "../workflows/restore-database.ts";

export default {
  fetch: handleRequest,

  queue(batch, env, execution) {
    const actor = { type: "system", name: batch.queue } as const;
    const ctx = createContext(env, { actor, waitUntil: (work) => execution.waitUntil(work) });
    switch (batch.queue) {
      case "executions":
        return consumeExecutions(ctx, batch.messages);
      case "executions-dead":
        return consumeDeadLetters(ctx, batch.messages);
      default:
        return consumeRecords(ctx, batch.messages);
    }
  },

  scheduled(event, env, execution) {
    const actor = { type: "system", name: "schedule" } as const;
    return runScheduled(createContext(env, { actor, waitUntil: (work) => execution.waitUntil(work) }), event.scheduledTime);
  },
} satisfies ExportedHandler<Env>;
