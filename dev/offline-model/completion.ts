import { z } from "zod";
import { classify, readIntentTask } from "./intents.ts";
import { describeImage, lastWords, messageSchema, type ToolCall } from "./messages.ts";
import { schemaInstance } from "./schema-instance.ts";
import { summarise, summariseResults } from "./summary.ts";
import { countPrompt, countTokens, cutToTokens } from "./tokens.ts";
import { nextCall, toolSchema } from "./tool-choice.ts";

export const requestSchema = z.object({
  model: z.string().min(1),
  messages: z.array(messageSchema).min(1),
  tools: z.array(toolSchema).max(128).nullish(),
  tool_choice: z.enum(["auto", "none"]).nullish(),
  max_tokens: z.number().int().positive().nullish(),
  max_completion_tokens: z.number().int().positive().nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().optional() }).nullish(),
  response_format: z
    .discriminatedUnion("type", [
      z.object({ type: z.literal("text") }),
      z.object({ type: z.literal("json_object") }),
      z.object({
        type: z.literal("json_schema"),
        json_schema: z.object({ name: z.string(), schema: z.record(z.string(), z.unknown()).default({}) }),
      }),
    ])
    .nullish(),
});
export type CompletionRequest = z.infer<typeof requestSchema>;

export interface Completion {
  readonly text: string;
  /** What it asks for instead of answering. */
  readonly call: ToolCall | null;
  readonly finishReason: "stop" | "length" | "tool_calls";
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number; readonly total_tokens: number };
}

/** The answer to a request: a function of the request alone. */
export function complete(request: CompletionRequest): Completion {
  const tools = request.tool_choice === "none" ? [] : (request.tools ?? []);
  const call = nextCall(
    request.messages,
    tools.map((tool) => tool.function),
  );
  if (call) return { text: "", call, finishReason: "tool_calls", usage: usageOf(request, JSON.stringify(call.function)) };
  const full = answer(request);
  const text = cutToTokens(full, request.max_completion_tokens ?? request.max_tokens ?? Number.POSITIVE_INFINITY);
  return { text, call: null, finishReason: text.length < full.length ? "length" : "stop", usage: usageOf(request, text) };
}

function usageOf({ messages, tools }: CompletionRequest, written: string): Completion["usage"] {
  const texts = messages.map(({ text, calls }) => text + calls.map((call) => JSON.stringify(call.function)).join(""));
  const prompt_tokens = countPrompt(texts) + (tools?.length ? countTokens(JSON.stringify(tools)) : 0);
  const completion_tokens = countTokens(written);
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}

function answer(request: CompletionRequest): string {
  const input = lastWords(request.messages)?.text ?? "";
  const summary = summaryOf(request);
  const format = request.response_format;
  if (format?.type === "json_object") return JSON.stringify({ text: summary });
  if (format?.type !== "json_schema") return summary;

  const instance = schemaInstance(format.json_schema.schema, summary);
  const instructions = request.messages.filter((message) => message.role === "system" || message.role === "developer");
  const task = format.json_schema.name === "intent" ? readIntentTask(instructions.map((message) => message.text).join("\n")) : null;
  if (task === null || typeof instance !== "object") return JSON.stringify(instance);
  return JSON.stringify({ ...instance, ...classify(input, task) });
}

/** What tools have given since somebody last spoke, or else what was said. */
function summaryOf({ messages }: CompletionRequest): string {
  const asked = messages.findLastIndex(({ role }) => role === "user");
  const since = messages.slice(asked + 1);
  const names = new Map(since.flatMap(({ calls }) => calls).map((call) => [call.id, call.function.name]));
  const results = since.flatMap(({ answers, text }) => (answers === null ? [] : [{ tool: names.get(answers) ?? "a tool", text }]));
  if (results.length > 0) return summariseResults(results);
  const { text = "", images = [] } = messages[asked] ?? {};
  return summarise(text, images.map(describeImage));
}
