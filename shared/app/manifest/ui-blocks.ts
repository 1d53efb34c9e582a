import { z } from "zod";

/*
 * The parts a page is made of. Every object is strict, so that markup, script or style cannot be smuggled in under
 * another name: what a block may say is text, and how it looks is decided by the page.
 */

export const FIELD_TYPES = ["input", "textarea", "select", "checkbox", "number", "date", "file"] as const;

/** Says which types there are, where a block names none of them. */
function unknownType(types: string): z.core.$ZodErrorMap<z.core.$ZodIssueInvalidUnion | z.core.$ZodIssueInvalidType> {
  return (issue) => (issue.code === "invalid_union" ? `Unknown type. Use ${types}.` : undefined);
}

const id = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,79}$/, "Begin with a letter; letters, digits, _ and - (80 at most).");
const label = z.string().max(200);
const text = z.string().max(10_000);
/** Text in which `{{ outputs.name }}` and `{{ inputs.name }}` are filled in. */
const template = z.string().max(20_000);
const inputKey = z.string().min(1).max(100);

const validation = z.strictObject({
  required: z.boolean().optional(),
  /** Length of a text, or size of a number. */
  min: z.number().optional(),
  max: z.number().optional(),
  pattern: z.string().max(500).optional(),
});

/** What every block that fills an input has. */
const field = { id, label: label.optional(), input_key: inputKey, validation: validation.optional() };
const hints = { placeholder: label.optional(), help: z.string().max(500).optional() };

const inputBlock = z.strictObject({
  ...field,
  type: z.literal("input"),
  props: z
    .strictObject({ ...hints, input_type: z.enum(["text", "email", "url", "tel", "password"]).optional(), default_value: text.optional() })
    .optional(),
});
const textareaBlock = z.strictObject({
  ...field,
  type: z.literal("textarea"),
  props: z.strictObject({ ...hints, rows: z.number().int().min(1).max(50).optional(), default_value: text.optional() }).optional(),
});
const option = z.strictObject({ value: z.string().max(200), label: label.optional() });
const selectBlock = z.strictObject({
  ...field,
  type: z.literal("select"),
  /** Without `options` the values of the input's `enum` are offered. */
  props: z
    .strictObject({ help: hints.help, options: z.array(option).min(1).max(500).optional(), default_value: text.optional() })
    .optional(),
});
const checkboxBlock = z.strictObject({
  ...field,
  type: z.literal("checkbox"),
  props: z.strictObject({ help: hints.help, default_value: z.boolean().optional() }).optional(),
});
const numberBlock = z.strictObject({
  ...field,
  type: z.literal("number"),
  props: z.strictObject({ ...hints, step: z.number().positive().optional(), default_value: z.number().optional() }).optional(),
});
const dateBlock = z.strictObject({
  ...field,
  type: z.literal("date"),
  props: z.strictObject({ help: hints.help, default_value: z.string().max(40).optional() }).optional(),
});
const fileBlock = z.strictObject({
  ...field,
  type: z.literal("file"),
  props: z.strictObject({ help: hints.help, accept: z.array(z.string().max(100)).max(50).optional() }).optional(),
});

const chatBlock = z.strictObject({
  id,
  type: z.literal("chat"),
  label: label.optional(),
  /** The input that takes what the visitor writes. */
  input_key: inputKey,
  props: z.strictObject({ placeholder: label.optional(), greeting: text.optional() }).optional(),
});

const columns = z
  .array(z.strictObject({ key: z.string().min(1).max(100), label: label.optional() }))
  .min(1)
  .max(50);

const markdownProps = z.strictObject({ content: template });
/** `content` names rows: an array of objects. */
const tableProps = z.strictObject({ content: template, columns: columns.optional() });
/** `content` names rows; `x` and `y` name their columns. */
const chartProps = z.strictObject({
  content: template,
  kind: z.enum(["bar", "line", "pie"]).default("bar"),
  x: z.string().min(1).max(100),
  y: z.string().min(1).max(100),
});

const markdownBlock = z.strictObject({ id, type: z.literal("markdown"), label: label.optional(), props: markdownProps });
const tableBlock = z.strictObject({ id, type: z.literal("table"), label: label.optional(), props: tableProps });
const chartBlock = z.strictObject({ id, type: z.literal("chart"), label: label.optional(), props: chartProps });

const formBlock = z.strictObject({
  id,
  type: z.literal("form"),
  label: label.optional(),
  get children(): z.ZodDefault<z.ZodArray<typeof blockSchema>> {
    return z.array(blockSchema).max(500).default([]);
  },
});
const cardBlock = z.strictObject({
  id,
  type: z.literal("card"),
  label: label.optional(),
  props: z.strictObject({ content: template.optional() }).optional(),
  get children(): z.ZodDefault<z.ZodArray<typeof blockSchema>> {
    return z.array(blockSchema).max(500).default([]);
  },
});

/** One block of a page; forms and cards hold others. */
export const blockSchema = z.discriminatedUnion(
  "type",
  [
    formBlock,
    cardBlock,
    chatBlock,
    inputBlock,
    textareaBlock,
    selectBlock,
    checkboxBlock,
    numberBlock,
    dateBlock,
    fileBlock,
    tableBlock,
    chartBlock,
    markdownBlock,
  ],
  { error: unknownType(`form, card, chat, ${FIELD_TYPES.join(", ")}, table, chart or markdown`) },
);
export type UiBlock = z.infer<typeof blockSchema>;

/** A block that fills one input. */
export type UiField = Extract<UiBlock, { type: (typeof FIELD_TYPES)[number] }>;

export const actionSchema = z.strictObject({ id, type: z.enum(["submit", "reset"]), label: label.optional() });
export type UiAction = z.infer<typeof actionSchema>;

/** How a run's outputs are shown. `content` is filled in from the outputs. */
export const resultViewSchema = z.discriminatedUnion(
  "type",
  [
    z.strictObject({ type: z.literal("text"), props: markdownProps }),
    z.strictObject({ type: z.literal("markdown"), props: markdownProps }),
    z.strictObject({ type: z.literal("table"), props: tableProps }),
    z.strictObject({ type: z.literal("chart"), props: chartProps }),
    z.strictObject({ type: z.literal("json"), props: markdownProps }),
  ],
  { error: unknownType("text, markdown, table, chart or json") },
);
export type UiResultView = z.infer<typeof resultViewSchema>;
