import { AppError, errorCode, errorMessage } from "#platform/errors";
import { guardedFetch } from "#platform/outgoing/fetch";
import type { NodeIo } from "./node.ts";

export interface HttpRequest {
  readonly method: string;
  readonly address: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly contentType?: string;
}

const MAX_REDIRECTS = 5;

/** Sends a request to a public address and follows its redirects to others. */
export async function follow(request: HttpRequest, { services, signal }: NodeIo): Promise<Response> {
  const init = initOf(request, signal);
  try {
    return await guardedFetch(services.outgoing, services.fetch, request.address, init, { maxRedirects: MAX_REDIRECTS });
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
    try {
      headers.set(name, value);
    } catch (error) {
      throw new AppError("node_failed", `config.headers.${name}: is not a header that can be sent.`, { cause: error });
    }
  }
  return headers;
}
