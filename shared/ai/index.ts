/** Models: one way to ask, whoever answers. */
export type { Attachment, Message, Tool, ToolCall } from "./messages.ts";
export { type Completion, type CompletionRequest, complete } from "./model.ts";
