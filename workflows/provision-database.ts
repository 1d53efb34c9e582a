import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";
import { makeDatabase } from "#database";
import { createContext } from "#platform/context";
import type { Env, ProvisionParams } from "#platform/env";
import { durableSteps } from "./durable-steps.ts";

/** Long enough for a server that is being restarted; whoever asks for the database again begins another instance. */
const RETRIES = { retries: { limit: 8, delay: "2 seconds", backoff: "exponential" }, timeout: "2 minutes" } as const;

/** Makes one workspace's database, step by step. What dies between or in steps is resumed by the platform, at the step it was at. */
export class ProvisionDatabase extends WorkflowEntrypoint<Env, ProvisionParams> {
  override async run({ payload }: WorkflowEvent<ProvisionParams>, step: WorkflowStep): Promise<void> {
    const ctx = createContext(this.env, { actor: { type: "system", name: "provisioning" }, waitUntil: (work) => this.ctx.waitUntil(work) });
    await makeDatabase(ctx, payload.workspaceId, durableSteps(step, RETRIES));
  }
}
