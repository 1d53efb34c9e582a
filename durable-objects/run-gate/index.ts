import { DurableObject } from "cloudflare:workers";
import type { Env } from "#platform/env";

/** Counts the runs of one app that go on, and keeps the line of those that wait. */
export class RunGate extends DurableObject<Env> {}
