import { AppError, errorCode, errorMessage } from "#platform/errors";
import { guardedFetch } from "#platform/outgoing/fetch";
import type { HttpBody } from "./http-body.ts";
import type { NodeIo } from "./node.ts";

export interface HttpRequest extends HttpBody {
  readonly method: string;
  readonly address: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Redirects followed at most; with 0, a redirect is the answer. */
  readonly redirects: number;
}

const CONNECTION_HEADERS: ReadonlySet<string> = new Set([
  "host",
  "content-length",
  "connection",
  "transfer-encoding",
  "upgrade",
  "te",
  "expect",
]);

/** Whether a header is one that the connection itself decides. */
export function isConnectionHeader(name: string): boolean {
  return CONNECTION_HEADERS.has(name.toLowerCase());
}

/** Sends a request to a public address and follows its redirects to others. Gives up when the signal is aborted. */
export async function exchange(request: HttpRequest, { services, signal }: Pick<NodeIo, "services" | "signal">): Promise<Response> {
  const { address, redirects } = request;
  const init = initOf(request, signal);
  try {
    return await guardedFetch(services.outgoing, services.fetch, address, init, { maxRedirects: redirects });
  } catch (error) {
    // The address was refused: the node's own fault, and none of the run's inputs.
    if (errorCode(error) === "validation_failed") throw new AppError("node_failed", `config.url: ${errorMessage(error)}`, { cause: error });
    throw error;
  }
}

function initOf({ method, headers: given, body, contentType }: HttpRequest, signal: AbortSignal): RequestInit {
  const headers = headersOf(given);
  if (contentType !== undefined && !headers.has("content-type")) headers.set("content-type", contentType);
  if (!headers.has("user-agent")) headers.set("user-agent", "AgentFlow");
  return { method, headers, signal, ...(body === undefined ? {} : { body }) };
}

function headersOf(given: Readonly<Record<string, string>>): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(given)) {
    if (isConnectionHeader(name)) throw new AppError("node_failed", `config: the header ${name} is not yours to set.`);
    try {
      headers.set(name, value);
    } catch (error) {
      throw new AppError("node_failed", `config.headers.${name}: is not a header that can be sent.`, { cause: error });
    }
  }
  return headers;
}
