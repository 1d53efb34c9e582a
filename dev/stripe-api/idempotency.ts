import type { ApiAnswer, ApiRequest } from "../api-double.ts";
import type { DoubleClock } from "../double-clock.ts";
import { failure } from "./wire.ts";

/** Stripe keeps a key for at least a day; this double for exactly one, in milliseconds. */
export const KEPT_MS = 24 * 3_600_000;

interface Kept {
  readonly route: string;
  readonly text: string;
  readonly at: number;
  readonly answer: ApiAnswer;
}

/**
 * What was answered under an `Idempotency-Key` is answered again, failures included; other parameters under the same key are
 * refused (https://docs.stripe.com/api/idempotent_requests). What is refused before anything is done is not kept.
 */
export function createIdempotency(clock: DoubleClock) {
  const kept = new Map<string, Kept>();
  return (request: ApiRequest, respond: () => ApiAnswer): ApiAnswer => {
    const key = request.headers["idempotency-key"];
    if (typeof key !== "string" || request.method !== "POST") return respond();
    const route = request.path.join("/");
    const known = kept.get(key);
    if (known && clock.now() - known.at < KEPT_MS) {
      if (known.route === route && known.text === request.text) return known.answer;
      return failure(400, "Keys for idempotent requests can only be used with the same parameters.", "", "idempotency_error");
    }
    const answer = respond();
    if (answer.status < 400 || answer.status >= 500) kept.set(key, { route, text: request.text, at: clock.now(), answer });
    return answer;
  };
}
