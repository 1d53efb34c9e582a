import type OpenAI from "openai";
import type { RunUsage } from "#platform/records";
import type { Message, Tool, ToolCall } from "./messages.ts";

const CHARACTERS_PER_TOKEN = 4;
/** What an image of middle size takes; its bytes say nothing about it. */
const TOKENS_PER_IMAGE = 800;

/** What the server counted, where it does. */
export function usageOf(usage: OpenAI.CompletionUsage | null | undefined): RunUsage | undefined {
  return usage ? sum(usage.prompt_tokens, usage.completion_tokens) : undefined;
}

/** For servers that do not count: some four characters are a token. */
export function estimatedUsage(
  asked: { readonly messages: readonly Message[]; readonly tools?: readonly Tool[] | undefined },
  answer: { readonly text: string; readonly toolCalls: readonly ToolCall[] },
): RunUsage {
  const { messages, tools = [] } = asked;
  const characters = messages.reduce(
    (total, message) => total + charactersOf(message),
    tools.length > 0 ? JSON.stringify(tools).length : 0,
  );
  const images = messages.flatMap((message) => imagesOf(message)).length;
  const written = answer.text.length + callCharacters(answer.toolCalls);
  return sum(Math.ceil(characters / CHARACTERS_PER_TOKEN) + images * TOKENS_PER_IMAGE, Math.ceil(written / CHARACTERS_PER_TOKEN));
}

function sum(input_tokens: number, output_tokens: number): RunUsage {
  return { input_tokens, output_tokens, total_tokens: input_tokens + output_tokens };
}

function attachmentsOf(message: Message) {
  return message.role === "user" ? (message.attachments ?? []) : [];
}

function imagesOf(message: Message) {
  return attachmentsOf(message).filter(({ type }) => type === "image");
}

function charactersOf(message: Message): number {
  const attached = attachmentsOf(message).reduce((total, one) => total + (one.type === "text" ? one.text.length : 0), 0);
  const called = message.role === "assistant" ? callCharacters(message.toolCalls ?? []) : 0;
  return message.content.length + attached + called;
}

function callCharacters(calls: readonly ToolCall[]): number {
  return calls.reduce((total, { name, arguments: args }) => total + name.length + args.length, 0);
}
