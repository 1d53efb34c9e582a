import type OpenAI from "openai";

/** What a message carries besides its text. */
export type Attachment =
  | { readonly type: "text"; readonly text: string }
  /** `url`: an address that the model can reach, or a data URL. */
  | { readonly type: "image"; readonly url: string };

/** Something that a model may ask to be done. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of an object: its arguments. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** A model's wish that a tool be used. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON, as the model wrote it: it may be none. */
  readonly arguments: string;
}

export type Message =
  | { readonly role: "system"; readonly content: string }
  | { readonly role: "user"; readonly content: string; readonly attachments?: readonly Attachment[] | undefined }
  | { readonly role: "assistant"; readonly content: string; readonly toolCalls?: readonly ToolCall[] | undefined }
  /** What a tool gave. */
  | { readonly role: "tool"; readonly content: string; readonly toolCallId: string };

/** A message as the chat completions protocol spells it. */
export function toWire(message: Message): OpenAI.ChatCompletionMessageParam {
  switch (message.role) {
    case "system":
      return { role: "system", content: message.content };
    case "user":
      return { role: "user", content: message.attachments?.length ? parts(message.content, message.attachments) : message.content };
    case "assistant":
      if (!message.toolCalls?.length) return { role: "assistant", content: message.content };
      return { role: "assistant", content: message.content || null, tool_calls: message.toolCalls.map(toWireCall) };
    case "tool":
      return { role: "tool", content: message.content, tool_call_id: message.toolCallId };
  }
}

function parts(content: string, attachments: readonly Attachment[]): OpenAI.ChatCompletionContentPart[] {
  const first = content === "" ? [] : [{ type: "text" as const, text: content }];
  const rest = attachments.map((attachment): OpenAI.ChatCompletionContentPart => {
    return attachment.type === "text" ? { type: "text", text: attachment.text } : { type: "image_url", image_url: { url: attachment.url } };
  });
  return [...first, ...rest];
}

function toWireCall({ id, name, arguments: args }: ToolCall): OpenAI.ChatCompletionMessageFunctionToolCall {
  return { id, type: "function", function: { name, arguments: args } };
}

/** A tool as the chat completions protocol spells it. */
export function toWireTool({ name, description, parameters }: Tool): OpenAI.ChatCompletionFunctionTool {
  return { type: "function", function: { name, description, parameters: { ...parameters } } };
}
