import { AppError } from "#platform/errors";
import { checkAddress } from "./address.ts";
import type { OutgoingPolicy } from "./policy.ts";
import { checkName, type Fetch } from "./resolver.ts";

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Headers that may go to another origin; the others could carry the first one's credentials. */
const PORTABLE_HEADERS: ReadonlySet<string> = new Set(["accept", "accept-language", "content-type", "user-agent"]);

export interface GuardedFetchOptions {
  /** Redirects followed at most; one more is refused. With 0, a redirect is the answer. */
  readonly maxRedirects: number;
}

/**
 * Sends a request to an address that a user gave, and follows its redirects by hand, so that each address on the way is checked
 * like the first: how it is written, and what its name resolves to. The body is sent again by 307 and 308, so it must be no
 * stream. Refuses with `validation_failed`; with `upstream_unavailable` when somebody on the way does not answer.
 */
export async function guardedFetch(
  policy: OutgoingPolicy,
  fetch: Fetch,
  address: string,
  init: RequestInit,
  { maxRedirects }: GuardedFetchOptions,
): Promise<Response> {
  let here = checkAddress(address, undefined, policy);
  let request: RequestInit = { ...init, redirect: "manual" };
  for (let hop = 0; ; hop += 1) {
    await checkName(here, policy, fetch, init.signal);
    const response = await send(fetch, here, request);
    const location = response.headers.get("location");
    if (!REDIRECTS.has(response.status) || location === null || maxRedirects === 0) return response;
    await response.body?.cancel();
    if (hop >= maxRedirects) throw new AppError("validation_failed", `The address redirects more than ${maxRedirects} times.`);
    const next = checkAddress(location, here, policy);
    request = redirected(request, response.status, next.origin === here.origin);
    here = next;
  }
}

function redirected(init: RequestInit, status: number, sameOrigin: boolean): RequestInit {
  const headers = new Headers(init.headers);
  if (!sameOrigin) for (const name of [...headers.keys()]) if (!PORTABLE_HEADERS.has(name)) headers.delete(name);
  const becomesGet = status === 303 || ((status === 301 || status === 302) && init.method === "POST");
  if (!becomesGet || init.method === "HEAD") return { ...init, headers };
  headers.delete("content-type");
  return { ...init, method: "GET", headers, body: null };
}

async function send(fetch: Fetch, address: URL, init: RequestInit): Promise<Response> {
  try {
    return await fetch(address, init);
  } catch (error) {
    throw new AppError("upstream_unavailable", "The address could not be reached.", { cause: error });
  }
}
