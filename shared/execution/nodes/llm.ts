import { z } from "zod";
import { asText } from "../expressions/resolve.ts";
import { answerOf, jsonSchema, maxTokensSchema } from "./model-answer.ts";
import { defineNode, orExpression } from "./node.ts";

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
  })
  .refine(({ prompt, messages }) => (prompt === undefined) !== (messages === undefined), "Give either prompt or messages.");

const text = z.unknown().transform(asText);

/** One question to a model. */
export const llm = defineNode({
  type: "llm",
  title: "Model",
  configSchema,
  resolvedSchema: z.object({
    model: z.string().optional(),
    system: text.optional(),
    prompt: text.optional(),
    messages: z.array(z.object({ role: z.enum(["system", "user", "assistant"]), content: text })).optional(),
    temperature: z.number().min(0).max(2).optional(),
    max_tokens: z.int().min(1).max(100_000).optional(),
    output_schema: jsonSchema.optional(),
  }),
  literalFields: ["output_schema"],
  run: async ({ model, system, prompt, messages, temperature, max_tokens, output_schema }, io) => {
    const asked = messages ?? [{ role: "user" as const, content: prompt ?? "" }];
    const completion = await io.services.complete({
      model,
      messages: system ? [{ role: "system", content: system }, ...asked] : asked,
      temperature,
      maxTokens: max_tokens,
      outputSchema: output_schema && { name: "output", schema: output_schema },
      signal: io.signal,
      onText: io.emit,
    });
    return { output: answerOf(completion, output_schema !== undefined, io) };
  },
});
