import { admitted, pace, type Target } from "./load.ts";
import type { Row } from "./table.ts";

const FLOOD = 10_000;
const QUOTA = 2_500;
const LIMIT = 1_000;
/** Before the first of the admitted leave the window. */
const WITHIN_WINDOW_MS = 55_000;
const PATIENCE_MS = 300_000;

/** Runs of the apps that are asked for, on the product whose calls of objects are counted (`bench/counted`). */
export interface AdmissionTargets {
  /** `GET /__calls`. */
  readonly calls: URL;
  /** Within all limits, by one visitor. */
  readonly ample: Target;
  /** Of an app that takes 1,000 requests a minute. */
  readonly scarce: Target;
  /** Of one that takes one a day. */
  readonly closed: Target;
  /** In a workspace whose plan stops at 2,500 requests. */
  readonly metered: Target;
}

/** What admission costs in calls of objects, and whether it ever lets one too many in. */
export async function admissionRows({ calls, ample, scarce, closed, metered }: AdmissionTargets): Promise<Row[]> {
  console.log("Measuring: what admission costs, and whether it is exact …");
  await pace(ample, 50, 3_000);
  await callsSince(calls);
  const requests = await pace(ample, 50, 6_000);
  const warm = await callsSince(calls);
  const admission = (warm.RATE_LIMITER + warm.QUOTA_COUNTER) / requests;

  await admitted(closed, 2, PATIENCE_MS);
  await callsSince(calls);
  const denied = FLOOD - (await admitted(closed, FLOOD, PATIENCE_MS));
  const denial = Object.values(await callsSince(calls)).reduce((sum, count) => sum + count, 0);
  const overLimit = (await admitted(scarce, FLOOD, WITHIN_WINDOW_MS)) - LIMIT;
  const overQuota = (await admitted(metered, FLOOD, PATIENCE_MS)) - QUOTA;

  return [
    row("object calls for admission, one visitor at 50/s", `${admission.toFixed(3)} a request`, "<= 0.1", admission <= 0.1),
    row("object calls for the record", `${(warm.RECORDER / requests).toFixed(2)} a request`, "1", warm.RECORDER === requests),
    row("object calls of 10,000 denied requests", String(denial), "<= 50", denial <= 50 && denied === FLOOD),
    row("over-admission, 64 connections, 1,000 a minute", String(overLimit), "0", overLimit === 0),
    row("over-admission, 64 connections, a quota of 2,500", String(overQuota), "0", overQuota === 0),
  ];
}

function row(what: string, measured: string, target: string, met: boolean): Row {
  return { what, measured, baseline: "", ratio: null, target, met };
}

async function callsSince(
  address: URL,
): Promise<Record<string, number> & { RATE_LIMITER: number; QUOTA_COUNTER: number; RECORDER: number }> {
  return JSON.parse(await (await fetch(address)).text());
}
