/** Models: one way to ask, whoever answers. */
export type { Attachment, Message, Tool, ToolCall } from "./messages.ts";
export { completeMetered } from "./metered.ts";
export { type Completion, type CompletionRequest, complete } from "./model.ts";
