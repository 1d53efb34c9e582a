import { z } from "zod";
import { identifierSchema } from "../workflow.ts";

const INPUT_TYPES = ["string", "number", "integer", "boolean", "json", "file"] as const;
const INPUT_FORMATS = ["email", "url", "date", "date-time", "uuid", "phone"] as const;

/** Longest pattern that a declaration may carry. */
export const MAX_PATTERN_LENGTH = 200;

/** The most bytes that a file handed to a run may have. */
export const MAX_FILE_BYTES = 10 * 1024 * 1024;

/** One input of an app, as its start node declares it. */
export const inputDeclarationSchema = z.strictObject({
  name: identifierSchema,
  type: z.enum(INPUT_TYPES),
  title: z.string().max(200).optional(),
  description: z.string().max(1000).optional(),
  required: z.boolean().optional(),
  default: z.unknown().optional(),
  enum: z
    .array(z.union([z.string(), z.number(), z.boolean()]))
    .min(1)
    .max(200)
    .optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  min_length: z.int().min(0).optional(),
  max_length: z.int().min(1).optional(),
  pattern: z.string().max(MAX_PATTERN_LENGTH).optional(),
  format: z.enum(INPUT_FORMATS).optional(),
  /** Of a file: the media types that are taken, such as `application/pdf` or `image/*`. */
  accept: z
    .array(z.string().regex(/^[a-z]+\/(\*|[a-z0-9][a-z0-9.+-]*)$/, "Give a media type such as application/pdf or image/*."))
    .min(1)
    .max(50)
    .optional(),
  /** Of a file: the most bytes it may have. */
  max_size: z.int().min(1).max(MAX_FILE_BYTES).optional(),
});

export type InputDeclaration = z.infer<typeof inputDeclarationSchema>;
