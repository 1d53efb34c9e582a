import { AppError, type ErrorCode, errorCode, errorMessage } from "#platform/errors";

/** Milliseconds after which an object that has not answered counts as unreachable. */
const ANSWER_WITHIN_MS = 4_000;

/** What the platform marks the errors of object calls with. */
function isWorthRepeating(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  return "retryable" in error && error.retryable === true && !("overloaded" in error && error.overloaded === true);
}

/**
 * Calls an object; `call` must fetch a fresh stub each time, since one that has failed stays broken. A failure that the
 * platform calls retryable is repeated once, so `call` must be safe to repeat. Published errors pass through; every
 * other one becomes `upstream_unavailable`.
 */
export async function callObject<T>(call: () => Promise<T>, what: string): Promise<T> {
  try {
    return await inTime(repeatOnce(call));
  } catch (error) {
    const code: ErrorCode = errorCode(error) ?? "upstream_unavailable";
    const message = code === "upstream_unavailable" ? `${what} cannot be reached. Try again in a moment.` : errorMessage(error);
    throw new AppError(code, message, { retryAfter: 1, cause: error });
  }
}

async function repeatOnce<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!isWorthRepeating(error)) throw error;
    return await call();
  }
}

async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ANSWER_WITHIN_MS} ms`)), ANSWER_WITHIN_MS);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
