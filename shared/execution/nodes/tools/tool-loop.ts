import { z } from "zod";
import type { CompletionRequest, Message, ToolCall } from "#ai";
import { AppError } from "#platform/errors";
import type { RunUsage } from "#platform/records";
import type { NodeIo } from "../node.ts";
import type { NodeTool } from "./node-tool.ts";
import { echoed, type FinishedCall, useTool } from "./tool-use.ts";

export interface ToolConversation extends Pick<CompletionRequest, "model" | "temperature" | "outputSchema"> {
  readonly messages: readonly Message[];
  readonly tools: readonly NodeTool[];
  /** Questions to the model. With the last one it must answer. */
  readonly maxSteps: number;
  /** Tokens of one answer. */
  readonly maxTokens?: number | undefined;
  /** Tokens of the whole conversation, looked at before each question. */
  readonly budget?: number | undefined;
}

/** What the model did before it answered. */
interface Step {
  /** What it said meanwhile. */
  readonly text: string;
  readonly tool_calls: readonly FinishedCall["log"][];
}

export interface ConversationEnd {
  readonly text: string;
  readonly parsed?: unknown;
  readonly usage: RunUsage;
  readonly steps: readonly Step[];
}

const answerSchema = z.object({
  text: z.string(),
  parsed: z.unknown().optional(),
  toolCalls: z.array(z.object({ id: z.string(), name: z.string(), arguments: z.string() })),
  usage: z.object({ input_tokens: z.number(), output_tokens: z.number(), total_tokens: z.number() }),
});
type Answer = z.infer<typeof answerSchema>;

/**
 * Asks a model, does what it asks for and tells it what came of it, until it answers. What the tools of a step give is not lost
 * with the process, and neither is an answer. A tool that fails is the model's to deal with. Throws `node_failed` when the budget
 * is spent before there is an answer.
 */
export async function converse(conversation: ToolConversation, io: NodeIo): Promise<ConversationEnd> {
  const { tools, maxSteps } = conversation;
  const messages = [...conversation.messages];
  const steps: Step[] = [];
  const say = speaker(io);
  let usage: RunUsage = { input_tokens: 0, output_tokens: 0, total_tokens: 0 };
  for (let step = 0; ; step += 1) {
    const mayCall = step + 1 < maxSteps;
    const question = { ...conversation, messages, mayCall, maxTokens: leftOf(conversation, usage) };
    const answer = await answerOnce(`step[${step}]`, question, say, io);
    io.used(answer.usage);
    usage = sum(usage, answer.usage);
    const { text, parsed, toolCalls } = answer;
    if (toolCalls.length === 0) return { text, ...(parsed === undefined ? {} : { parsed }), usage, steps };
    if (!mayCall) return { text: lastWords(text, maxSteps), ...(parsed === undefined ? {} : { parsed }), usage, steps };
    const uses = toolCalls.map((call, index) => () => useTool(tools, call, { step, index }, io));
    const finished = await io.together(uses);
    messages.push({ role: "assistant", content: text, toolCalls: toolCalls.map(echoed) }, ...finished.map(toMessage(toolCalls)));
    steps.push({ text, tool_calls: finished.map(({ log }) => log) });
  }
}

/** Tokens that the next answer may have. */
function leftOf({ budget, maxTokens }: ToolConversation, { total_tokens }: RunUsage): number | undefined {
  if (budget === undefined) return maxTokens;
  if (total_tokens < budget) return budget - total_tokens;
  throw new AppError("node_failed", `The model used ${total_tokens} tokens before it had an answer; max_tokens allows ${budget}.`);
}

/** For models that ask for tools though they may not. */
function lastWords(text: string, maxSteps: number): string {
  if (text !== "") return text;
  throw new AppError("node_failed", `The model had no answer after ${maxSteps} steps (max_steps).`);
}

type Question = Omit<CompletionRequest, "signal" | "onText">;

async function answerOnce(name: string, question: Question, say: Speaker, io: NodeIo): Promise<Answer> {
  let fresh = false;
  const ask = async () => {
    fresh = true;
    const {
      text,
      parsed,
      toolCalls = [],
      usage,
    } = await io.services.complete({ ...question, name, signal: io.signal, onText: say?.begin() });
    return { text, parsed, toolCalls: [...toolCalls], usage };
  };
  const answer = await io.once(name, ask, answerSchema);
  // Whoever watches has forgotten what was said before the process ended.
  if (!fresh) say?.begin()(answer.text);
  return answer;
}

type Speaker = { readonly begin: () => (text: string) => void } | undefined;

/** Streams what the model says with each step, one below the other. */
function speaker({ emit }: NodeIo): Speaker {
  if (!emit) return undefined;
  let said = false;
  return {
    begin: () => {
      let separator = said ? "\n\n" : "";
      return (text) => {
        if (text === "") return;
        emit(separator + text);
        separator = "";
        said = true;
      };
    },
  };
}

function toMessage(calls: readonly ToolCall[]) {
  return ({ text }: FinishedCall, index: number): Message => ({ role: "tool", content: text, toolCallId: calls[index]?.id ?? "" });
}

function sum(left: RunUsage, right: RunUsage): RunUsage {
  return {
    input_tokens: left.input_tokens + right.input_tokens,
    output_tokens: left.output_tokens + right.output_tokens,
    total_tokens: left.total_tokens + right.total_tokens,
  };
}
