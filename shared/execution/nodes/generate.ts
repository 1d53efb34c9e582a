import { z } from "zod";
import { asText } from "../expressions/resolve.ts";
import { answerOf, jsonSchema, maxTokensSchema } from "./model-answer.ts";
import { defineNode } from "./node.ts";

const FORMATS = ["text", "markdown", "json"] as const;
const short = z.string().max(200);
const text = z.unknown().transform(asText);

const FORMAT_RULES: Record<(typeof FORMATS)[number], string> = {
  text: "Answer in plain text, without markup.",
  markdown: "Answer in Markdown.",
  json: "Answer with one JSON document and nothing else.",
};

interface Brief {
  readonly instructions: string;
  readonly format: (typeof FORMATS)[number];
  readonly kind?: string | undefined;
  readonly tone?: string | undefined;
  readonly language?: string | undefined;
}

/** The system message: what to write, and how. */
function briefText({ instructions, kind, tone, language, format }: Brief): string {
  const lines = [kind && `Kind of text: ${kind}.`, tone && `Tone: ${tone}.`, language && `Language: ${language}.`, FORMAT_RULES[format]];
  return [instructions, ...lines.filter(Boolean)].join("\n");
}

/** Text written to instructions. */
export const generate = defineNode({
  type: "generate",
  title: "Generate",
  configSchema: z.strictObject({
    kind: short.optional(),
    instructions: z.string().min(1).max(100_000),
    input: z.unknown().optional(),
    format: z.enum(FORMATS).default("text"),
    tone: short.optional(),
    language: short.optional(),
    model: short.optional(),
    max_tokens: maxTokensSchema.optional(),
    schema: jsonSchema.optional(),
  }),
  resolvedSchema: z.object({
    kind: text.optional(),
    instructions: text,
    input: text.optional(),
    format: z.enum(FORMATS).default("text"),
    tone: text.optional(),
    language: text.optional(),
    model: z.string().optional(),
    max_tokens: z.int().min(1).max(100_000).optional(),
    schema: jsonSchema.optional(),
  }),
  literalFields: ["schema", "format"],
  run: async (config, io) => {
    const { input = "", schema, format, max_tokens, model } = config;
    const wantsJson = format === "json" || schema !== undefined;
    const completion = await io.services.complete({
      model,
      messages: [
        { role: "system", content: briefText({ ...config, format: wantsJson ? "json" : format }) },
        { role: "user", content: input },
      ],
      maxTokens: max_tokens,
      outputSchema: wantsJson ? { name: "output", schema: schema ?? { type: "object" } } : undefined,
      signal: io.signal,
      onText: io.emit,
    });
    return { output: answerOf(completion, wantsJson, io) };
  },
});
