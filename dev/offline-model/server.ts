import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { parseJson, readBody, sendJson } from "../http-body.ts";
import { listen } from "../listen.ts";
import { type Completion, type CompletionRequest, complete, requestSchema } from "./completion.ts";

/** The name that every ordinary answer carries, whatever model was asked for. */
export const OFFLINE_MODEL = "offline-model";
/** Models that misbehave, for tests. */
const FAULTY_MODELS = { slow: "offline-slow", dripping: "offline-drip", rateLimited: "offline-429", broken: "offline-500" };

const DEFAULT_SLOW_MS = 30_000;
/** Milliseconds that `offline-drip` waits between pieces of a stream. */
const DRIP_MS = 100;

export interface OfflineModelOptions {
  /** 0 takes any free port. */
  readonly port: number;
  /** How long `offline-slow` waits before its first byte, in milliseconds; between pieces of a stream it waits a twentieth. */
  readonly slowMs?: number;
}

/** A request as the model saw it: tests count retries and cancellations with these. */
interface SeenRequest {
  readonly model: string;
  readonly stream: boolean;
  outcome: "pending" | "answered" | "aborted";
}

export interface OfflineModel {
  /** What an OpenAI client takes as its base address. */
  readonly baseUrl: string;
  readonly port: number;
  readonly seen: readonly SeenRequest[];
  close(): Promise<void>;
}

const SEEN_LIMIT = 1000;

/** An OpenAI-compatible server whose answers depend on the request alone and say that they are no live model's. Listens on this machine only. */
export async function startOfflineModel(options: OfflineModelOptions): Promise<OfflineModel> {
  const seen: SeenRequest[] = [];
  const slowMs = options.slowMs ?? DEFAULT_SLOW_MS;
  const server = createServer((request, response) => {
    // Only a broken connection gets here: what a request did wrong is answered.
    handle(request, response, seen, slowMs).catch(() => response.destroy());
  });
  const port = await listen(server, options.port);
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    port,
    seen,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function handle(request: IncomingMessage, response: ServerResponse, seen: SeenRequest[], slowMs: number): Promise<void> {
  if (!/^Bearer .+/.test(request.headers.authorization ?? ""))
    return sendError(response, 401, "invalid_api_key", "You did not provide an API key.");
  if (request.method === "GET" && request.url === "/v1/models") {
    const data = [OFFLINE_MODEL, ...Object.values(FAULTY_MODELS)].map((id) => ({ id, object: "model", created: 0, owned_by: "agentflow" }));
    return sendJson(response, 200, { object: "list", data });
  }
  if (request.method !== "POST" || request.url !== "/v1/chat/completions")
    return sendError(response, 404, "unknown_url", "Unknown request URL");

  const body = await readBody(request);
  const input = requestSchema.safeParse(parseJson(body ?? ""));
  if (!input.success)
    return sendError(
      response,
      400,
      "invalid_request_error",
      input.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; "),
    );
  if (seen.length >= SEEN_LIMIT) seen.shift();
  const record: SeenRequest = { model: input.data.model, stream: input.data.stream === true, outcome: "pending" };
  seen.push(record);
  await answer(response, input.data, record, slowMs);
}

async function answer(response: ServerResponse, request: CompletionRequest, record: SeenRequest, slowMs: number): Promise<void> {
  const hangUp = new AbortController();
  response.once("close", () => {
    record.outcome = response.writableFinished ? "answered" : "aborted";
    hangUp.abort();
  });
  if (request.model === FAULTY_MODELS.rateLimited) {
    response.setHeader("retry-after", "1");
    return sendError(response, 429, "rate_limit_exceeded", "Rate limit reached for requests");
  }
  if (request.model === FAULTY_MODELS.broken)
    return sendError(response, 500, "server_error", "The server had an error while processing your request");

  const slow = request.model === FAULTY_MODELS.slow;
  try {
    if (slow) await delay(slowMs, undefined, { signal: hangUp.signal });
    const completion = complete(request);
    if (request.stream === true) await stream(response, request, completion, pauseOf(request.model, slowMs), hangUp.signal);
    else
      sendJson(response, 200, {
        ...envelope(request, "chat.completion"),
        choices: [choice({ message: { role: "assistant", ...contentOf(completion), refusal: null } }, completion.finishReason)],
        usage: completion.usage,
      });
  } catch (error) {
    if (!hangUp.signal.aborted) throw error;
  }
}

function contentOf({ text, call }: Completion) {
  return call ? { content: null, tool_calls: [call] } : { content: text };
}

/** Milliseconds between pieces of a stream. */
function pauseOf(model: string, slowMs: number): number {
  if (model === FAULTY_MODELS.slow) return slowMs / 20;
  return model === FAULTY_MODELS.dripping ? DRIP_MS : 0;
}

/** Server-sent events, a word at a time, and a call's arguments a few characters at a time. */
async function stream(
  response: ServerResponse,
  request: CompletionRequest,
  completion: Completion,
  pauseMs: number,
  signal: AbortSignal,
): Promise<void> {
  const send = (fields: object) =>
    response.write(`data: ${JSON.stringify({ ...envelope(request, "chat.completion.chunk"), ...fields })}\n\n`);
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" });
  send({ choices: [choice({ delta: { role: "assistant", content: "" } }, null)] });
  for (const delta of deltasOf(completion)) {
    await delay(pauseMs, undefined, { signal });
    send({ choices: [choice({ delta }, null)] });
  }
  send({ choices: [choice({ delta: {} }, completion.finishReason)] });
  if (request.stream_options?.include_usage === true) send({ choices: [], usage: completion.usage });
  response.end("data: [DONE]\n\n");
}

function deltasOf({ text, call }: Completion): object[] {
  if (!call) return (text.match(/\s*\S+|\s+/g) ?? []).map((content) => ({ content }));
  const { name, arguments: args } = call.function;
  const pieces = (args.match(/.{1,12}/gs) ?? []).map((piece) => ({ index: 0, function: { arguments: piece } }));
  return [{ index: 0, ...call, function: { name, arguments: "" } }, ...pieces].map((piece) => ({ tool_calls: [piece] }));
}

function envelope(request: CompletionRequest, object: string) {
  const model = request.model === FAULTY_MODELS.slow ? request.model : OFFLINE_MODEL;
  return { id: "chatcmpl-offline", object, created: 0, model };
}

function choice(content: object, finishReason: string | null) {
  return { index: 0, ...content, logprobs: null, finish_reason: finishReason };
}

function sendError(response: ServerResponse, status: number, code: string, message: string): void {
  sendJson(response, status, { error: { message, type: code, param: null, code } });
}
