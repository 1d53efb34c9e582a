/** The Worker that the `workers` tests run in: the product's objects, and nothing in front of them. */
export { DatabasePool } from "../../durable-objects/database-pool/index.ts";
export { DurableRun } from "../../durable-objects/durable-run/index.ts";
export { QuotaCounter } from "../../durable-objects/quota-counter/index.ts";
export { RateLimiter } from "../../durable-objects/rate-limiter/index.ts";
export { Recorder } from "../../durable-objects/recorder/index.ts";
export { RunGate } from "../../durable-objects/run-gate/index.ts";
export { VisitorSession } from "../../durable-objects/visitor-session/index.ts";
export { BackUpDatabase } from "../../workflows/back-up-database.ts";
export { ProvisionDatabase } from "../../workflows/provision-database.ts";
export { RestoreDatabase } from "../../workflows/restore-database.ts";

export default {
  fetch: () => new Response("The workers tests have no front door.", { status: 404 }),
};
