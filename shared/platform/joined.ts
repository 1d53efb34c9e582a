/**
 * A promise of the request that calls this, which settles as another request's does. What follows an `await` of another
 * request's promise may run as that request, which reads no body and makes no answer but its own; the runtime brings back what a
 * promise of one's own leads on to (workerd, `handle_cross_request_promise_resolution`).
 */
export function joined<T>(theirs: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    theirs.then(resolve, reject);
  });
}
