import { DurableObject } from "cloudflare:workers";
import type { Env } from "#platform/env";

/** One run that must survive its process. */
export class DurableRun extends DurableObject<Env> {}
