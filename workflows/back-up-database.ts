import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";
import { runBackup } from "#database";
import { createContext } from "#platform/context";
import type { BackupParams, Env } from "#platform/env";
import { durableSteps } from "./durable-steps.ts";

/** Long enough for a large database, and for a server that is being restarted. */
const RETRIES = { retries: { limit: 4, delay: "10 seconds", backoff: "exponential" }, timeout: "30 minutes" } as const;

/** Takes one backup of a workspace's database. What dies in between is repeated by the platform, and replaces what was stored. */
export class BackUpDatabase extends WorkflowEntrypoint<Env, BackupParams> {
  override async run({ payload }: WorkflowEvent<BackupParams>, step: WorkflowStep): Promise<void> {
    const ctx = createContext(this.env, { actor: { type: "system", name: "backup" }, waitUntil: (work) => this.ctx.waitUntil(work) });
    await runBackup(ctx, payload.workspaceId, payload.backupId, durableSteps(step, RETRIES));
  }
}
