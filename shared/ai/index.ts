/** Models: one way to ask, whoever answers. */
export { type Completion, type CompletionRequest, complete, type Message } from "./model.ts";
