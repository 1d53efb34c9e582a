import { z } from "zod";
import { scoresOf, similarity, vocabularyIn } from "./intents.ts";
import { lastWords, type Message, type ToolCall } from "./messages.ts";
import { argumentsFrom } from "./tool-arguments.ts";
import { tellingWords } from "./words.ts";

export const toolSchema = z.object({
  type: z.literal("function"),
  function: z.object({
    name: z.string().regex(/^[\w-]{1,64}$/),
    description: z.string().default(""),
    parameters: z.record(z.string(), z.unknown()).default({}),
  }),
});
type Tool = z.infer<typeof toolSchema>["function"];

/**
 * The tool to call next, with its arguments; `null` when no tool fits what was asked, or all that do have been called. A tool
 * fits if it shares words with the request that no tool before it was called for: of two that do nearly the same, one is enough.
 */
export function nextCall(messages: readonly Message[], tools: readonly Tool[]): ToolCall | null {
  const asked = lastWords(messages)?.text ?? "";
  const calls = messages.slice(messages.findLastIndex(({ role }) => role === "user") + 1).flatMap((message) => message.calls);
  const called = new Set(calls.map((call) => call.function.name));
  const answered = tools.filter(({ name }) => called.has(name)).map(vocabularyOf);
  const words = [...tellingWords(asked)].filter((word) => answered.every((vocabulary) => similarity(word, vocabulary) === 0));
  const left = tools.filter(({ name }) => !called.has(name));
  const scores = scoresOf(new Set(words), left.map(vocabularyOf));
  const best = Math.max(0, ...scores);
  const tool = left[scores.indexOf(best)];
  if (best === 0 || tool === undefined) return null;
  const args = JSON.stringify(argumentsFrom(tool.parameters, asked));
  return { id: `call_${calls.length + 1}`, type: "function", function: { name: tool.name, arguments: args } };
}

function vocabularyOf({ name, description, parameters }: Tool) {
  return vocabularyIn([name, description, ...propertyNames(parameters)].map((text) => text.replaceAll(/[_-]/g, " ")));
}

/** Names of the arguments, and of what is within them. */
function propertyNames(schema: unknown): string[] {
  if (typeof schema !== "object" || schema === null || !("properties" in schema)) return [];
  const { properties } = schema;
  if (typeof properties !== "object" || properties === null) return [];
  return Object.entries(properties).flatMap(([name, property]) => [name, ...propertyNames(property)]);
}
