import { type Message, toWire, toWireTool } from "./messages.ts";
import type { CompletionRequest } from "./model.ts";

/** What a model's own template puts around a message or a tool, in tokens; the templates in use take less than ten. */
const AROUND_EACH = 16;
/** What an image takes at most: the models in use cut it into no more than 1,536 patches, and some count each as up to 2.5 tokens. */
const TOKENS_PER_IMAGE = 4_096;

/**
 * A number of tokens that a prompt never exceeds. No token of a byte-level tokenizer is shorter than a byte, so the bytes of
 * everything that is sent are a bound that costs nothing to compute; texts mostly take a quarter of it.
 */
export function promptBound({ messages, tools = [], outputSchema }: CompletionRequest): number {
  const prompt = messages.reduce((sum, message) => sum + AROUND_EACH + messageBound(message), AROUND_EACH);
  const offered = tools.reduce((sum, tool) => sum + AROUND_EACH + bytesOf(JSON.stringify(toWireTool(tool))), 0);
  return prompt + offered + (outputSchema ? AROUND_EACH + bytesOf(JSON.stringify(outputSchema)) : 0);
}

function messageBound(message: Message): number {
  if (message.role !== "user" || !message.attachments) return bytesOf(JSON.stringify(toWire(message)));
  const attached = message.attachments.map((one) => (one.type === "text" ? bytesOf(one.text) : TOKENS_PER_IMAGE));
  return bytesOf(message.content) + attached.reduce((sum, tokens) => sum + tokens, 0);
}

const encoder = new TextEncoder();

function bytesOf(text: string): number {
  return encoder.encode(text).length;
}
