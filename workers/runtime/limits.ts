import { AppError } from "#platform/errors";
import type { Admission } from "#runtime";

/** The address of whoever asks, as the network saw it. */
export function clientIp(request: Request): string {
  return request.headers.get("CF-Connecting-IP") ?? "unknown";
}

/** What a visitor is told who was not admitted. */
export function refusal({ reason, retryAfter, headers }: Extract<Admission, { ok: false }>): AppError {
  const message = reason === "rate_limited" ? "Too many requests in a short time." : "The quota of this app's workspace is used up.";
  return new AppError(reason, message, { retryAfter, headers });
}
