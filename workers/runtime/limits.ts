import { AppError } from "#platform/errors";
import { type Admission, quotaMessage } from "#runtime";

/** The address of whoever asks, as the network saw it. */
export function clientIp(request: Request): string {
  return request.headers.get("CF-Connecting-IP") ?? "unknown";
}

/** What a visitor is told who was not admitted. */
export function refusal({ reason, limit, retryAfter, headers }: Extract<Admission, { ok: false }>): AppError {
  const used = quotaMessage(limit === "budget" ? "budget" : "plan");
  const message = reason === "rate_limited" ? "Too many requests in a short time." : used;
  return new AppError(reason, message, { retryAfter, headers });
}
