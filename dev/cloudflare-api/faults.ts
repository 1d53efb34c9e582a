import { z } from "zod";
import type { Interfere, Interference, SeenRequest } from "../api-double.ts";
import { failure, REFUSALS } from "./wire.ts";

/** What may befall requests of the API, by the name that a test calls it. */
export const faultSchema = z.strictObject({
  kind: z.enum(["rate_limited", "unavailable", "time_out", "cut", "lost_answer", "quota_exceeded"]),
  /** Requests that it befalls; all from now on unless it is given. */
  times: z.number().int().positive().optional(),
  /** Only requests of this method. */
  method: z.enum(["GET", "POST", "PATCH", "PUT", "DELETE"]).optional(),
  /** Seconds that `rate_limited` asks to wait for. */
  retry_after: z.number().int().nonnegative().default(60),
});
export type Fault = z.input<typeof faultSchema>;

/** Lets a fault befall the requests that it is meant for. */
export function interferenceOf(fault: Fault): Interfere {
  const { kind, times = Number.POSITIVE_INFINITY, method, retry_after } = faultSchema.parse(fault);
  let left = times;
  return (request: SeenRequest) => {
    if (left === 0 || (method !== undefined && method !== request.method)) return null;
    left -= 1;
    return interference(kind, retry_after);
  };
}

function interference(kind: Fault["kind"], retryAfter: number): Interference {
  switch (kind) {
    case "rate_limited":
      return { when: "before", answer: REFUSALS.tooMany(retryAfter) };
    case "unavailable":
      return { when: "before", answer: failure(503, "Service unavailable", 10_503) };
    case "time_out":
      return { when: "before", answer: "none" };
    case "cut":
      return { when: "before" };
    case "lost_answer":
      return { when: "after" };
    case "quota_exceeded":
      return { when: "before", answer: REFUSALS.quotaExceeded() };
  }
}
