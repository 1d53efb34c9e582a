import { AppError } from "#platform/errors";

/** Milliseconds after which what another request does is given up: that request may have been killed. */
const PATIENCE_MS = 5_000;

/**
 * A promise of the request that calls this, which settles as another request's does. What follows a plain `await` of another
 * request's promise may run as that request, which can read no body and make no answer but its own; a promise of one's own makes
 * that rare, though under load it has still been seen. The timer bounds the wait, and it is what the request waits for in the
 * eyes of the runtime, which cancels requests that wait for nothing of their own as hung. Throws `upstream_unavailable` when
 * nothing comes of it in time.
 */
export function joined<T>(theirs: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const own = new Promise<T>((resolve, reject) => {
    timer = setTimeout(() => reject(late()), PATIENCE_MS);
    theirs.then(resolve, reject);
  });
  const clear = () => clearTimeout(timer);
  own.then(clear, clear);
  return own;
}

function late(): AppError {
  return new AppError("upstream_unavailable", "What was waited for did not come in time. Try again in a moment.", { retryAfter: 1 });
}
