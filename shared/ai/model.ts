import type OpenAI from "openai";
import type { Context } from "#platform/context";
import type { Env } from "#platform/env";
import { AppError } from "#platform/errors";
import type { RunUsage } from "#platform/records";

export interface Message {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

export interface CompletionRequest {
  /** The deployment's own model, unless another is named. */
  readonly model?: string | undefined;
  readonly messages: readonly Message[];
  readonly maxTokens?: number | undefined;
  readonly temperature?: number | undefined;
  /** A JSON Schema that the answer follows; then `parsed` is the answer read as JSON. */
  readonly outputSchema?: { readonly name: string; readonly schema: Record<string, unknown> } | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Asks for a stream and gets each piece of text as it comes. */
  readonly onText?: ((delta: string) => void) | undefined;
}

export interface Completion {
  readonly text: string;
  /** Absent when no schema was asked for, or the text is not JSON. */
  readonly parsed?: unknown;
  readonly usage: RunUsage;
  /** The model that answered. */
  readonly model: string;
}

type ClientSettings = Pick<Env, "OPENAI_BASE_URL" | "OPENAI_API_KEY">;

/** Clients by address and key, for the life of the isolate. They hold settings, no connections. */
const clients = new Map<string, OpenAI>();

async function clientFor({ OPENAI_BASE_URL, OPENAI_API_KEY }: ClientSettings): Promise<OpenAI> {
  const key = `${OPENAI_BASE_URL} ${OPENAI_API_KEY}`;
  const known = clients.get(key);
  if (known) return known;
  const { default: Client } = await import("openai");
  // Retries belong to the node's own policy: two policies would multiply. So does time.
  const client = new Client({ baseURL: OPENAI_BASE_URL, apiKey: OPENAI_API_KEY, maxRetries: 0, timeout: 600_000 });
  clients.set(key, client);
  return client;
}

/** Asks a model once. Fails as `model_unavailable` when another attempt may succeed, as `model_failed` when it would not. */
export async function complete(ctx: Context, request: CompletionRequest): Promise<Completion> {
  const client = await clientFor(ctx.env);
  const model = request.model ?? ctx.env.OPENAI_MODEL;
  try {
    const answer = await (request.onText ? streamed(client, model, request, request.onText) : whole(client, model, request));
    const usage = answer.usage ?? estimatedUsage(request.messages, answer.text);
    const parsed = request.outputSchema ? parseJson(answer.text) : undefined;
    return { text: answer.text, usage, model: answer.model, ...(parsed === undefined ? {} : { parsed }) };
  } catch (error) {
    if (request.signal?.aborted) throw request.signal.reason;
    throw modelError(error);
  }
}

interface Answer {
  readonly text: string;
  readonly model: string;
  readonly usage: RunUsage | undefined;
}

function bodyOf(model: string, { messages, maxTokens, temperature, outputSchema }: CompletionRequest) {
  return {
    model,
    messages: messages.map(({ role, content }) => ({ role, content })),
    ...(maxTokens === undefined ? {} : { max_completion_tokens: maxTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(outputSchema && {
      response_format: { type: "json_schema" as const, json_schema: { name: outputSchema.name, schema: outputSchema.schema } },
    }),
  };
}

async function whole(client: OpenAI, model: string, request: CompletionRequest): Promise<Answer> {
  const { signal } = request;
  const completion = await client.chat.completions.create(bodyOf(model, request), { signal });
  return { text: completion.choices[0]?.message.content ?? "", model: completion.model ?? model, usage: usageOf(completion.usage) };
}

async function streamed(client: OpenAI, model: string, request: CompletionRequest, onText: (delta: string) => void): Promise<Answer> {
  const body = { ...bodyOf(model, request), stream: true as const, stream_options: { include_usage: true } };
  const stream = await client.chat.completions.create(body, { signal: request.signal });
  let answer: Answer = { text: "", model, usage: undefined };
  for await (const chunk of stream) {
    const delta = chunk.choices[0]?.delta.content ?? "";
    if (delta !== "") onText(delta);
    answer = { text: answer.text + delta, model: chunk.model ?? answer.model, usage: usageOf(chunk.usage) ?? answer.usage };
  }
  // A connection that is cut ends the stream too, without an error.
  if (request.signal?.aborted) throw request.signal.reason;
  return answer;
}

function usageOf(usage: OpenAI.CompletionUsage | null | undefined): RunUsage | undefined {
  if (!usage) return undefined;
  const { prompt_tokens: input_tokens, completion_tokens: output_tokens } = usage;
  return { input_tokens, output_tokens, total_tokens: input_tokens + output_tokens };
}

/** For servers that do not count: some four characters are a token. */
function estimatedUsage(messages: readonly Message[], text: string): RunUsage {
  const input_tokens = Math.ceil(messages.reduce((sum, { content }) => sum + content.length, 0) / 4);
  const output_tokens = Math.ceil(text.length / 4);
  return { input_tokens, output_tokens, total_tokens: input_tokens + output_tokens };
}

/** The JSON in an answer, with or without the fence that some models put around it. */
function parseJson(text: string): unknown {
  const [, fenced] = /^\s*```(?:json)?\s*([\s\S]*?)\s*```\s*$/.exec(text) ?? [];
  try {
    return JSON.parse(fenced ?? text);
  } catch {
    return undefined;
  }
}

/** Statuses that pass by themselves: time-out, conflict, too many requests; besides everything from 500 on. */
const PASSING: ReadonlySet<number> = new Set([408, 409, 429]);

function modelError(error: unknown): AppError {
  const status = typeof error === "object" && error !== null && "status" in error ? error.status : undefined;
  if (typeof status !== "number") return new AppError("model_unavailable", "The model could not be reached.", { cause: error });
  if (status >= 500 || PASSING.has(status)) {
    return new AppError("model_unavailable", `The model is not available (status ${status}).`, { cause: error });
  }
  return new AppError("model_failed", `The model refused the request (status ${status}).`, { cause: error });
}
