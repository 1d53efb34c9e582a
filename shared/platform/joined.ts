import { AppError } from "#platform/errors";

/** Milliseconds after which what another request does is given up: that request may have been killed. */
const PATIENCE_MS = 5_000;

/**
 * A promise of the request that calls this, which settles as another request's does. Every promise that requests share is
 * waited for by this alone (decision 0026): code behind a plain `await` may go on as the request that settled the promise,
 * which can read no body and make no answer but its own. The timer bounds the wait, and it is what the request waits for in
 * the eyes of the runtime, which cancels requests that wait for nothing of their own as hung. Throws `upstream_unavailable`
 * when nothing comes of it in time.
 */
export function joined<T>(theirs: Promise<T>): Promise<T> {
  // Never `new Promise` here: once that has been compiled to machine code, the runtime no longer notes whose promise it is.
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const timer = setTimeout(() => reject(late()), PATIENCE_MS);
  const clear = () => clearTimeout(timer);
  theirs.then(resolve, reject);
  promise.then(clear, clear);
  return promise;
}

function late(): AppError {
  return new AppError("upstream_unavailable", "What was waited for did not come in time. Try again in a moment.", { retryAfter: 1 });
}
