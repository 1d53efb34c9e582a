import type OpenAI from "openai";
import type { Context } from "#platform/context";
import type { Env } from "#platform/env";
import { AppError } from "#platform/errors";
import type { RunUsage } from "#platform/records";
import { type Message, type Tool, type ToolCall, toWire, toWireTool } from "./messages.ts";
import { CallAssembly, wholeCalls } from "./tool-calls.ts";
import { estimatedUsage, usageOf } from "./usage.ts";

export interface CompletionRequest {
  /** Tells the questions of one attempt apart, where there are several. */
  readonly name?: string | undefined;
  /** The deployment's own model, unless another is named. */
  readonly model?: string | undefined;
  readonly messages: readonly Message[];
  readonly maxTokens?: number | undefined;
  readonly temperature?: number | undefined;
  /** A JSON Schema that the answer follows; then `parsed` is the answer read as JSON. */
  readonly outputSchema?: { readonly name: string; readonly schema: Record<string, unknown> } | undefined;
  /** What the model may ask for instead of answering. */
  readonly tools?: readonly Tool[] | undefined;
  /** False: it must answer, though it is told of the tools. */
  readonly mayCall?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Asks for a stream and gets each piece of text as it comes. */
  readonly onText?: ((delta: string) => void) | undefined;
}

export interface Completion {
  readonly text: string;
  /** Absent when no schema was asked for, or the text is not JSON. */
  readonly parsed?: unknown;
  /** The tools that the model asks for; absent when it asks for none. Then the text may be empty. */
  readonly toolCalls?: readonly ToolCall[];
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
    const { text, toolCalls } = answer;
    const usage = answer.usage ?? estimatedUsage(request, answer);
    const parsed = request.outputSchema ? parseJson(text) : undefined;
    return {
      text,
      usage,
      model: answer.model,
      ...(parsed === undefined ? {} : { parsed }),
      ...(toolCalls.length === 0 ? {} : { toolCalls }),
    };
  } catch (error) {
    if (request.signal?.aborted) throw request.signal.reason;
    throw modelError(error);
  }
}

interface Answer {
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
  readonly model: string;
  readonly usage: RunUsage | undefined;
}

function bodyOf(model: string, { messages, maxTokens, temperature, outputSchema, tools = [], mayCall = true }: CompletionRequest) {
  return {
    model,
    messages: messages.map(toWire),
    ...(tools.length === 0 ? {} : { tools: tools.map(toWireTool), ...(mayCall ? {} : { tool_choice: "none" as const }) }),
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
  const { content, tool_calls } = completion.choices[0]?.message ?? {};
  const { model: answered, usage } = completion;
  return { text: content ?? "", toolCalls: wholeCalls(tool_calls), model: answered ?? model, usage: usageOf(usage) };
}

async function streamed(client: OpenAI, model: string, request: CompletionRequest, onText: (delta: string) => void): Promise<Answer> {
  const body = { ...bodyOf(model, request), stream: true as const, stream_options: { include_usage: true } };
  const stream = await client.chat.completions.create(body, { signal: request.signal });
  const assembly = new CallAssembly();
  let answer: Omit<Answer, "toolCalls"> = { text: "", model, usage: undefined };
  for await (const chunk of stream) {
    const { content, tool_calls } = chunk.choices[0]?.delta ?? {};
    const text = content ?? "";
    if (text !== "") onText(text);
    assembly.add(tool_calls);
    answer = { text: answer.text + text, model: chunk.model ?? answer.model, usage: usageOf(chunk.usage) ?? answer.usage };
  }
  // A connection that is cut ends the stream too, without an error.
  if (request.signal?.aborted) throw request.signal.reason;
  return { ...answer, toolCalls: assembly.calls };
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
