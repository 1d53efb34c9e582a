import { AppError } from "#platform/errors";

/**
 * Gives work a signal that is aborted when its time (ms) is over or the run ends, and does not wait for work that ignores
 * it. Rejects with `node_timeout` or `client_closed`.
 */
export async function withinTime<T>(
  timeoutMs: number | undefined,
  runSignal: AbortSignal,
  work: (signal: AbortSignal) => T | Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const ended = Promise.withResolvers<never>();
  const stop = (error: AppError) => {
    ended.reject(error);
    controller.abort(error);
  };
  const onRunEnd = () => stop(new AppError("client_closed", "The run is over."));
  const onTimeOver = () => stop(new AppError("node_timeout", `The node took longer than ${timeoutMs} ms.`));
  const timer = timeoutMs === undefined ? undefined : setTimeout(onTimeOver, timeoutMs);
  runSignal.addEventListener("abort", onRunEnd, { once: true });
  try {
    return await Promise.race([ended.promise, work(controller.signal)]);
  } finally {
    clearTimeout(timer);
    runSignal.removeEventListener("abort", onRunEnd);
  }
}
