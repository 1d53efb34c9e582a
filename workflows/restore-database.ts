import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";
import { runRestore } from "#database";
import { createContext } from "#platform/context";
import type { Env, RestoreParams } from "#platform/env";
import { durableSteps } from "./durable-steps.ts";

/** Long enough for a large database, and for statements that hold its tables. */
const RETRIES = { retries: { limit: 4, delay: "10 seconds", backoff: "exponential" }, timeout: "30 minutes" } as const;

/** Carries out one restore, step by step. What dies between or in steps is resumed by the platform, at the step it was at. */
export class RestoreDatabase extends WorkflowEntrypoint<Env, RestoreParams> {
  override async run({ payload }: WorkflowEvent<RestoreParams>, step: WorkflowStep): Promise<void> {
    const ctx = createContext(this.env, { actor: { type: "system", name: "restore" }, waitUntil: (work) => this.ctx.waitUntil(work) });
    await runRestore(ctx, payload.workspaceId, payload.restoreId, durableSteps(step, RETRIES));
  }
}
