import { z } from "zod";
import type { Completion } from "#ai";
import { AppError } from "#platform/errors";
import { type NodeIo, orExpression } from "./node.ts";

/** A JSON Schema that an answer must follow. It is handed to the model as it is. */
export const jsonSchema = z.record(z.string(), z.unknown());

export const maxTokensSchema = orExpression(z.int().min(1).max(100_000), "a whole number from 1 to 100000");

/** Counts what an answer took and shapes it as a node's output. */
export function answerOf(completion: Completion, wantsJson: boolean, io: NodeIo): Record<string, unknown> {
  io.used(completion.usage);
  return shapeOf(completion, wantsJson);
}

/** An answer as a node's output. Throws `model_failed` when it is not the JSON that was asked for. */
export function shapeOf(
  { text, parsed, usage }: Pick<Completion, "text" | "parsed" | "usage">,
  wantsJson: boolean,
): Record<string, unknown> {
  if (!wantsJson) return { text, usage };
  if (parsed === undefined) throw new AppError("model_failed", "The model's answer is not the JSON that was asked for.");
  return { text, parsed, usage };
}
