import { AppError } from "#platform/errors";
import { publicAddress } from "./http-guard.ts";
import type { NodeIo } from "./node.ts";

export interface HttpRequest {
  readonly method: string;
  readonly address: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly contentType?: string;
}

const MAX_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Sends a request and follows its redirects by hand, so that each address on the way is checked like the first. */
export async function follow(request: HttpRequest, io: NodeIo): Promise<Response> {
  const exceptions = io.services.allowedPrivateHosts;
  let address = publicAddress(request.address, undefined, exceptions);
  let init = firstInit(request, io.signal);
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    const response = await send(address, init, io);
    const location = response.headers.get("location");
    if (!REDIRECTS.has(response.status) || location === null) return response;
    await response.body?.cancel();
    const next = publicAddress(location, address, exceptions);
    init = nextInit(init, response.status, next.origin === address.origin);
    address = next;
  }
  throw new AppError("node_failed", `The address redirects more than ${MAX_REDIRECTS} times.`);
}

function firstInit({ method, headers: given, body, contentType }: HttpRequest, signal: AbortSignal): RequestInit {
  const headers = headersOf(given);
  if (contentType !== undefined && !headers.has("content-type")) headers.set("content-type", contentType);
  if (!headers.has("user-agent")) headers.set("user-agent", "AgentFlow");
  return { method, headers, redirect: "manual", signal, ...(body === undefined ? {} : { body }) };
}

function headersOf(given: Readonly<Record<string, string>>): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(given)) {
    try {
      headers.set(name, value);
    } catch (error) {
      throw new AppError("node_failed", `config.headers.${name}: is not a header that can be sent.`, { cause: error });
    }
  }
  return headers;
}

/** Headers that may go to another origin; the others could carry the first one's credentials. */
const PORTABLE_HEADERS: ReadonlySet<string> = new Set(["accept", "accept-language", "content-type", "user-agent"]);

function nextInit(init: RequestInit, status: number, sameOrigin: boolean): RequestInit {
  const headers = new Headers(init.headers);
  if (!sameOrigin) for (const name of [...headers.keys()]) if (!PORTABLE_HEADERS.has(name)) headers.delete(name);
  const becomesGet = status === 303 || ((status === 301 || status === 302) && init.method === "POST");
  if (!becomesGet || init.method === "HEAD") return { ...init, headers };
  headers.delete("content-type");
  return { ...init, method: "GET", headers, body: null };
}

async function send(address: URL, init: RequestInit, io: NodeIo): Promise<Response> {
  try {
    return await io.services.fetch(address, init);
  } catch (error) {
    throw new AppError("upstream_unavailable", "The address could not be reached.", { cause: error });
  }
}
