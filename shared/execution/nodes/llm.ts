import { z } from "zod";
import { asText } from "../expressions/resolve.ts";
import { filesSchema, withFiles } from "./llm-files.ts";
import { memorySchema, remembered, resolvedMemorySchema } from "./memory.ts";
import { answerOf, jsonSchema, maxTokensSchema, shapeOf } from "./model-answer.ts";
import { defineNode, orExpression } from "./node.ts";
import { openTools } from "./tools/node-tool.ts";
import { resolvedToolsSchema, TOOL_PLACES, toolsSchema } from "./tools/tool-config.ts";
import { converse } from "./tools/tool-loop.ts";

/** Questions to the model, where it may use tools in between. */
const MAX_STEPS = 5;

const content = z.string().max(100_000);
const configSchema = z
  .strictObject({
    model: z.string().min(1).max(200).optional(),
    system: content.optional(),
    prompt: content.optional(),
    messages: orExpression(
      z
        .array(z.strictObject({ role: z.enum(["system", "user", "assistant"]), content }))
        .min(1)
        .max(200),
      "a list of messages",
    ).optional(),
    temperature: orExpression(z.number().min(0).max(2), "a number from 0 to 2").optional(),
    max_tokens: maxTokensSchema.optional(),
    output_schema: jsonSchema.optional(),
    files: orExpression(z.array(z.unknown()), "a list of files").optional(),
    memory: memorySchema.optional(),
    tools: toolsSchema.optional(),
  })
  .refine(({ prompt, messages }) => (prompt === undefined) !== (messages === undefined), "Give either prompt or messages.");

const text = z.unknown().transform(asText);

/** One question to a model, which may use tools before it answers. */
export const llm = defineNode({
  type: "llm",
  title: "Model",
  // The apps among its tools may wait for long.
  waits: ({ tools }) => Array.isArray(tools) && tools.length > 0,
  configSchema,
  resolvedSchema: z.object({
    model: z.string().optional(),
    system: text.optional(),
    prompt: text.optional(),
    messages: z.array(z.object({ role: z.enum(["system", "user", "assistant"]), content: text })).optional(),
    temperature: z.number().min(0).max(2).optional(),
    max_tokens: z.int().min(1).max(100_000).optional(),
    output_schema: jsonSchema.optional(),
    files: filesSchema.optional(),
    memory: resolvedMemorySchema.optional(),
    tools: resolvedToolsSchema.default([]),
  }),
  literalFields: ["output_schema"],
  ...TOOL_PLACES,
  run: async ({ model, system, prompt, messages, temperature, max_tokens, output_schema, files = [], memory, tools }, io) => {
    const asked = await withFiles(messages ?? [{ role: "user", content: prompt ?? "" }], files, io.services);
    const talk = [...remembered(io.session, memory), ...asked];
    const wantsJson = output_schema !== undefined;
    const question = {
      model,
      messages: system ? [{ role: "system" as const, content: system }, ...talk] : talk,
      temperature,
      maxTokens: max_tokens,
      outputSchema: output_schema && { name: "output", schema: output_schema },
    };
    if (tools.length === 0) {
      const completion = await io.services.complete({ ...question, signal: io.signal, onText: io.emit });
      return { output: answerOf(completion, wantsJson, io) };
    }
    const { steps, ...answer } = await converse({ ...question, tools: await openTools(tools, io), maxSteps: MAX_STEPS }, io);
    return { output: { ...shapeOf(answer, wantsJson), tool_calls: steps.flatMap((step) => step.tool_calls) } };
  },
});
