import { z } from "zod";
import { asText } from "../expressions/resolve.ts";
import { identifierSchema } from "../workflow.ts";
import { defineNode, orExpression } from "./node.ts";

/** 30 days, in seconds. */
const MAX_EXPIRY = 2_592_000;
/** 7 days, in seconds. */
const DEFAULT_EXPIRY = 604_800;

const FIELD_TYPES = ["string", "text", "number", "boolean"] as const;

const fieldSchema = z.strictObject({
  name: identifierSchema,
  label: z.string().max(200).optional(),
  type: z.enum(FIELD_TYPES).default("string"),
  required: z.boolean().default(false),
});
const fieldsSchema = z
  .array(fieldSchema)
  .max(50)
  .refine((fields) => new Set(fields.map(({ name }) => name)).size === fields.length, "Each field needs a name of its own.")
  .default([]);

const configSchema = z.strictObject({
  to: z.array(z.string().min(1).max(200)).max(50).default([]),
  title: z.string().min(1).max(2_000),
  fields: fieldsSchema,
  expires_in_seconds: orExpression(z.number().min(1).max(MAX_EXPIRY), `a number of seconds up to ${MAX_EXPIRY}`).optional(),
});

const askedSchema = z.object({ at: z.number(), expires: z.number() });

const outputSchema = z.object({ decision: z.string() });

/** Asks people, and goes on by what they say. Who may answer: members or roles named in `to`, or whoever may answer runs. */
export const approval = defineNode({
  type: "approval",
  title: "Approval",
  parks: true,
  configSchema,
  resolvedSchema: z.object({
    to: z.array(z.unknown().transform(asText)).default([]),
    title: z.unknown().transform(asText),
    fields: fieldsSchema,
    expires_in_seconds: z.coerce.number("is not a number of seconds").min(1).max(MAX_EXPIRY).default(DEFAULT_EXPIRY),
  }),
  literalFields: ["fields"],
  ports: () => ["approved", "rejected", "expired"],
  portOf: (output) => outputSchema.safeParse(output).data?.decision,
  run: async ({ to, title, fields, expires_in_seconds }, io) => {
    const asked = await io.once("asked", () => ({ at: io.now(), expires: io.now() + expires_in_seconds * 1_000 }), askedSchema);
    const answer = await io.ask({
      title,
      to: to.filter((name) => name !== ""),
      fields: fields.map(({ name, label, type, required }) => ({ name, label: label ?? name, type, required })),
      asked_at: asked.at,
      expires_at: Math.round(asked.expires),
    });
    if (answer === undefined) return { output: { decision: "expired", fields: {}, by: null }, port: "expired" };
    return { output: { decision: answer.decision, fields: answer.fields, by: answer.by }, port: answer.decision };
  },
});
