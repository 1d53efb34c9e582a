import { z } from "zod";
import type { ToolCall } from "#ai";
import { AppError, errorCode, errorMessage } from "#platform/errors";
import type { NodeIo } from "../node.ts";
import type { NodeTool, ToolArguments } from "./node-tool.ts";

/** Tools that one step may use. */
const MAX_CALLS = 16;
/** Characters of a result that the model reads. */
const MAX_RESULT = 16_000;
/** Characters that a log shows of arguments, and of a result. */
const MAX_SHOWN = 1_000;

const finishedSchema = z.object({
  /** What the model is told. */
  text: z.string(),
  /** What the node tells of it. */
  log: z.object({
    name: z.string(),
    arguments: z.unknown(),
    result: z.unknown().optional(),
    error: z.object({ code: z.string(), message: z.string() }).optional(),
    duration_ms: z.number(),
  }),
});
export type FinishedCall = z.infer<typeof finishedSchema>;

interface Turn {
  readonly step: number;
  readonly index: number;
}

/** Does what a model asks for, once. What goes wrong is a result too, for the model to read. */
export function useTool(tools: readonly NodeTool[], call: ToolCall, turn: Turn, io: NodeIo): Promise<FinishedCall> {
  const place = `[${turn.step}][${turn.index}]`;
  const work = async (): Promise<FinishedCall> => {
    const begun = io.now();
    const outcome = await outcomeOf(tools, call, { ...turn, place }, io);
    // Hidden before it is cut: half a secret is not known as one.
    const { text, ...told } = "error" in outcome ? failure(outcome.error) : success(io.redact(outcome.result));
    const args = shown(io.redact(parsedArguments(call) ?? call.arguments));
    return { text, log: { name: call.name, arguments: args, ...told, duration_ms: Math.max(0, io.now() - begun) } };
  };
  return io.once(`tool${place}`, work, finishedSchema);
}

type Outcome = { readonly result: unknown } | { readonly error: { readonly code: string; readonly message: string } };

async function outcomeOf(
  tools: readonly NodeTool[],
  call: ToolCall,
  { index, place }: Turn & { readonly place: string },
  io: NodeIo,
): Promise<Outcome> {
  try {
    if (index >= MAX_CALLS) throw new AppError("validation_failed", `Use at most ${MAX_CALLS} tools at a time.`);
    const { tool, args } = wanted(tools, call);
    return { result: await tool.run(args, place) };
  } catch (error) {
    const code = errorCode(error);
    // The run is over, or the fault is our own: neither is the model's to deal with.
    if (io.signal.aborted || code === undefined || code === "internal") throw error;
    return { error: { code, message: errorMessage(error) } };
  }
}

function wanted(tools: readonly NodeTool[], call: ToolCall): { readonly tool: NodeTool; readonly args: ToolArguments } {
  const tool = tools.find(({ name }) => name === call.name);
  if (!tool) throw new AppError("not_found", `There is no tool ${call.name}; the tools: ${tools.map(({ name }) => name).join(", ")}.`);
  const args = parsedArguments(call);
  if (!args) throw new AppError("validation_failed", `The arguments are no JSON object: ${shown(call.arguments)}`);
  return { tool, args };
}

const argumentsSchema = z.record(z.string(), z.unknown());

function parsedArguments({ arguments: text }: ToolCall): ToolArguments | undefined {
  try {
    return argumentsSchema.safeParse(text.trim() === "" ? {} : JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** A call as the conversation repeats it to the model: servers refuse names that no tool can have, and arguments that are no JSON. */
export function echoed(call: ToolCall): ToolCall {
  const name = call.name.replaceAll(/[^\w-]/g, "_").slice(0, 64) || "unknown";
  return { id: call.id, name, arguments: JSON.stringify(parsedArguments(call) ?? {}) };
}

function success(result: unknown) {
  const text = JSON.stringify(result ?? null);
  const told = text.length <= MAX_RESULT ? text : `${text.slice(0, MAX_RESULT)}… (cut; ${text.length} characters in all)`;
  return { text: told, result: shown(result) };
}

function failure(error: { readonly code: string; readonly message: string }) {
  return { text: JSON.stringify({ error }), error };
}

/** A value as a log shows it: itself where it is small, else the beginning of its JSON. */
function shown(value: unknown): unknown {
  const text = JSON.stringify(value ?? null);
  return text.length <= MAX_SHOWN ? (value ?? null) : `${text.slice(0, MAX_SHOWN)}… (${text.length} characters)`;
}
