import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { parseJson, readBody, sendJson } from "./http-body.ts";
import { listen } from "./listen.ts";

/** A request as the double of a provider's API sees it. */
export interface ApiRequest {
  readonly method: string;
  /** The path's segments, decoded, without the API's own prefix. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly authorization: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** `undefined` when there is none, or none in JSON. */
  readonly body: unknown;
}

export interface ApiAnswer {
  readonly status: number;
  /** Without one, the answer has no content. */
  readonly body?: unknown;
  /** With one, the body is a text of this type instead of JSON. */
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface SeenRequest {
  /** 1, 2, … since the interference was last set. */
  readonly number: number;
  readonly method: string;
  /** As it was asked for, query included. */
  readonly url: string;
}

/**
 * What befalls a request: its connection is cut, it is left without an answer, or another answer is given; before the API has
 * done anything, or after it has.
 */
export interface Interference {
  readonly when: "before" | "after";
  /** Without one, the connection is cut. */
  readonly answer?: (ApiAnswer & { readonly retryAfter?: string }) | "none";
}

export type Interfere = (request: SeenRequest) => Interference | null;

export interface ApiDouble {
  readonly origin: string;
  /** Requests since the interference was last set. */
  readonly seen: readonly SeenRequest[];
  /** Decides about every request from now on; `null` lets all pass. */
  interfere(plan: Interfere | null): void;
  close(): Promise<void>;
}

export interface ApiDoubleOptions {
  /** 0 takes any free port. */
  readonly port: number;
  /** What every path begins with, such as `/api/v2`. */
  readonly prefix: string;
  respond(request: ApiRequest): Promise<ApiAnswer>;
  /** Answers paths below `/__control`: what a test tells the double. They are neither counted nor interfered with. */
  control?(request: ApiRequest): Promise<ApiAnswer>;
  /** The answer to a path outside the API, and to a request that the double itself fails at. */
  failure(status: number, message: string): ApiAnswer;
}

const CONTROL = "/__control";

/** A server on this machine that answers as `respond` says, and that can be told to fail as servers and networks do. */
export async function startApiDouble(options: ApiDoubleOptions): Promise<ApiDouble> {
  const seen: SeenRequest[] = [];
  let plan: Interfere | null = null;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "GET", url = "/" } = request;
    if (options.control && url.startsWith(`${CONTROL}/`)) {
      const text = (await readBody(request)) ?? "";
      return send(response, await answerTo(request, url, text, CONTROL, options.control));
    }
    const entry = { number: seen.length + 1, method, url };
    seen.push(entry);
    const interference = plan?.(entry) ?? null;
    const text = (await readBody(request)) ?? "";
    if (interference?.when === "before") return interrupt(response, interference);
    const answer = await answerTo(request, url, text, options.prefix, options.respond);
    if (interference) return interrupt(response, interference);
    send(response, answer);
  }

  async function answerTo(
    { method = "GET", headers }: IncomingMessage,
    url: string,
    text: string,
    prefix: string,
    respond: ApiDoubleOptions["respond"],
  ): Promise<ApiAnswer> {
    const { pathname, searchParams: query } = new URL(url, "http://127.0.0.1");
    if (!pathname.startsWith(`${prefix}/`)) return options.failure(404, "this path does not exist");
    const path = pathname
      .slice(prefix.length + 1)
      .split("/")
      .map(decodeURIComponent);
    try {
      return await respond({ method, path, query, authorization: headers.authorization, headers, text, body: parseJson(text) });
    } catch (error) {
      return options.failure(500, error instanceof Error ? error.message : String(error));
    }
  }

  const server = createServer((request, response) => {
    // Only a broken connection or a path that cannot be decoded gets here.
    handle(request, response).catch(() => response.destroy());
  });
  const port = await listen(server, options.port);
  return {
    origin: `http://127.0.0.1:${port}`,
    seen,
    interfere(next) {
      seen.length = 0;
      plan = next;
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function interrupt(response: ServerResponse, { answer }: Interference): void {
  // The connection stays open, as that of a server which has hung; the client gives up, or the double is closed.
  if (answer === "none") return;
  if (!answer) {
    response.destroy();
    return;
  }
  if (answer.retryAfter !== undefined) response.setHeader("retry-after", answer.retryAfter);
  send(response, answer);
}

function send(response: ServerResponse, { status, body, contentType, headers = {} }: ApiAnswer): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (body === undefined) response.writeHead(status).end();
  else if (contentType !== undefined) response.writeHead(status, { "content-type": contentType }).end(String(body));
  else sendJson(response, status, body);
}
