import { z } from "zod";
import { classify, readIntentTask } from "./intents.ts";
import { schemaInstance } from "./schema-instance.ts";
import { summarise } from "./summary.ts";
import { countPrompt, countTokens, cutToTokens } from "./tokens.ts";

const contentSchema = z.union([
  z.string(),
  z.null().transform(() => ""),
  z.array(z.object({ type: z.string(), text: z.string().default("") })).transform((parts) => parts.map((part) => part.text).join("")),
]);

export const requestSchema = z.object({
  model: z.string().min(1),
  messages: z.array(z.object({ role: z.string(), content: contentSchema.default("") })).min(1),
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
  readonly finishReason: "stop" | "length";
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number; readonly total_tokens: number };
}

/** The answer to a request: a function of the request alone. */
export function complete(request: CompletionRequest): Completion {
  const full = answer(request);
  const text = cutToTokens(full, request.max_completion_tokens ?? request.max_tokens ?? Number.POSITIVE_INFINITY);
  const prompt_tokens = countPrompt(request.messages.map((message) => message.content));
  const completion_tokens = countTokens(text);
  return {
    text,
    finishReason: text.length < full.length ? "length" : "stop",
    usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens },
  };
}

function answer(request: CompletionRequest): string {
  const input = request.messages.findLast((message) => message.role === "user")?.content ?? "";
  const format = request.response_format;
  if (format?.type === "json_object") return JSON.stringify({ text: summarise(input) });
  if (format?.type !== "json_schema") return summarise(input);

  const instance = schemaInstance(format.json_schema.schema, summarise(input));
  const instructions = request.messages.filter((message) => message.role === "system" || message.role === "developer");
  const task = format.json_schema.name === "intent" ? readIntentTask(instructions.map((message) => message.content).join("\n")) : null;
  if (task === null || typeof instance !== "object") return JSON.stringify(instance);
  return JSON.stringify({ ...instance, ...classify(input, task) });
}
