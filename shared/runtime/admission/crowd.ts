import { AppError } from "#platform/errors";

/**
 * Runs of one app that an isolate has under way at a time. An isolate has 128 MB for all apps that it serves; a run holds its
 * inputs, its outputs and whatever its nodes wait for.
 */
export const MAX_RUNS_AT_ONCE = 200;

/** Runs under way in this isolate, by app. Module-level by purpose: it is the isolate that is kept from being crowded out. */
const underWay = new Map<string, number>();

/**
 * Does an app's work, unless the app has as much under way here as it may: then `work` is not begun, so that nothing was taken
 * from limits or quota, and nobody waits in a line that only grows. Other apps notice nothing. Throws `overloaded`.
 */
export async function inCrowd<T>(appId: string, work: () => Promise<T>): Promise<T> {
  const before = underWay.get(appId) ?? 0;
  if (before >= MAX_RUNS_AT_ONCE) {
    throw new AppError("overloaded", "This app has as many requests at once as can be served here. Try again in a moment.", {
      retryAfter: 1,
    });
  }
  underWay.set(appId, before + 1);
  try {
    return await work();
  } finally {
    const left = (underWay.get(appId) ?? 1) - 1;
    if (left === 0) underWay.delete(appId);
    else underWay.set(appId, left);
  }
}
