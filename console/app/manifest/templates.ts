/*
 * What a new app can start from. Each is a whole manifest: creating an app from one is the same as pasting it.
 */

const PUBLIC = {
  access_mode: "public_anonymous",
  rate_limit: {
    per_ip: { max_requests: 120, window_seconds: 60 },
    per_session: { max_requests: 60, window_seconds: 60 },
    per_app: null,
  },
  allowed_origins: ["*"],
  require_captcha: false,
};

const CONFIG = { timeout_ms: 60_000, max_output_bytes: 262_144, locale: "en" };

const leads = {
  manifest: "1",
  name: "Lead desk",
  description: "Sorts a visitor's message, answers it, and files it.",
  workflow: {
    nodes: [
      {
        id: "start",
        type: "start",
        config: {
          inputs: [
            { name: "email", type: "string", format: "email", required: true },
            { name: "message", type: "string", required: true, max_length: 2000 },
          ],
        },
      },
      {
        id: "kind",
        type: "intent",
        config: {
          text: "{{ inputs.message }}",
          intents: [
            { name: "sales", description: "wants to buy or asks for a price", examples: ["how much is it", "I want a quote"] },
            { name: "support", description: "has a problem", examples: ["it does not work", "I get an error"] },
          ],
          fallback: "other",
        },
      },
      {
        id: "reply",
        type: "generate",
        config: { instructions: "Answer kindly in two sentences.", input: "{{ inputs.message }}", format: "text", max_tokens: 200 },
        retry: { attempts: 3 },
        timeout_ms: 20_000,
        on_error: "fail",
      },
      {
        id: "save",
        type: "db",
        config: {
          operation: "insert",
          table: "leads",
          values: {
            email: "{{ inputs.email }}",
            kind: "{{ nodes.kind.intent }}",
            message: "{{ inputs.message }}",
            reply: "{{ nodes.reply.text }}",
          },
        },
      },
      {
        id: "end",
        type: "end",
        config: {
          outputs: { reply: "{{ nodes.reply.text }}", kind: "{{ nodes.kind.intent }}", lead_id: "{{ nodes.save.rows[0].id }}" },
        },
      },
    ],
    edges: [
      { from: "start", to: "kind" },
      { from: "kind", to: "reply" },
      { from: "reply", to: "save" },
      { from: "save", to: "end" },
    ],
  },
  ui_schema: {
    schema_version: "1",
    layout: { type: "stack" },
    blocks: [
      {
        id: "form",
        type: "form",
        children: [
          { id: "email", type: "input", label: "E-mail", input_key: "email", validation: { required: true } },
          { id: "message", type: "textarea", label: "How can we help?", input_key: "message", validation: { required: true, max: 2000 } },
        ],
      },
    ],
    actions: [{ id: "submit", type: "submit", label: "Send" }],
    result_view: { type: "markdown", props: { content: "{{ outputs.reply }}" } },
  },
  db_schema: {
    tables: [
      {
        name: "leads",
        columns: [
          { name: "id", type: "id" },
          { name: "email", type: "text" },
          { name: "kind", type: "text" },
          { name: "message", type: "text" },
          { name: "reply", type: "text", nullable: true },
          { name: "created_at", type: "timestamp", default: "now" },
        ],
        indexes: [{ columns: ["created_at"] }],
      },
    ],
  },
  access_policy: PUBLIC,
  config: CONFIG,
};

const summary = {
  manifest: "1",
  name: "Summariser",
  description: "Turns a long text into a few sentences.",
  workflow: {
    nodes: [
      {
        id: "start",
        type: "start",
        config: {
          inputs: [
            { name: "text", type: "string", required: true, max_length: 20_000 },
            { name: "language", type: "string", default: "English", enum: ["English", "Deutsch", "Español", "Français", "中文", "日本語"] },
          ],
        },
      },
      {
        id: "summary",
        type: "generate",
        config: {
          instructions:
            "Summarise the text in at most three sentences. Write in {{ inputs.language }}. Add nothing that is not in the text.",
          input: "{{ inputs.text }}",
          format: "text",
          max_tokens: 300,
        },
        retry: { attempts: 3 },
        timeout_ms: 30_000,
      },
      { id: "end", type: "end", config: { outputs: { summary: "{{ nodes.summary.text }}" } } },
    ],
    edges: [
      { from: "start", to: "summary" },
      { from: "summary", to: "end" },
    ],
  },
  ui_schema: {
    schema_version: "1",
    layout: { type: "stack" },
    blocks: [
      {
        id: "form",
        type: "form",
        children: [
          {
            id: "text",
            type: "textarea",
            label: "Text",
            input_key: "text",
            validation: { required: true, max: 20_000 },
            props: { rows: 10 },
          },
          { id: "language", type: "select", label: "Language of the summary", input_key: "language" },
        ],
      },
    ],
    actions: [{ id: "submit", type: "submit", label: "Summarise" }],
    result_view: { type: "markdown", props: { content: "{{ outputs.summary }}" } },
  },
  db_schema: { tables: [] },
  access_policy: PUBLIC,
  config: CONFIG,
};

const blank = {
  manifest: "1",
  name: "Untitled app",
  description: "",
  workflow: {
    nodes: [
      { id: "start", type: "start", config: { inputs: [{ name: "question", type: "string", required: true, max_length: 2000 }] } },
      { id: "end", type: "end", config: { outputs: { answer: "{{ inputs.question }}" } } },
    ],
    edges: [{ from: "start", to: "end" }],
  },
  ui_schema: {
    schema_version: "1",
    layout: { type: "stack" },
    blocks: [
      {
        id: "form",
        type: "form",
        children: [{ id: "question", type: "input", label: "Question", input_key: "question", validation: { required: true } }],
      },
    ],
    actions: [{ id: "submit", type: "submit", label: "Send" }],
    result_view: { type: "markdown", props: { content: "{{ outputs.answer }}" } },
  },
  db_schema: { tables: [] },
  access_policy: PUBLIC,
  config: CONFIG,
};

const TEMPLATES = { leads, summary, blank };
export type TemplateName = keyof typeof TEMPLATES;

export const TEMPLATE_NAMES = ["leads", "summary", "blank"] as const satisfies readonly TemplateName[];

export function isTemplateName(name: unknown): name is TemplateName {
  return TEMPLATE_NAMES.some((known) => known === name);
}

/** A template's manifest, under a name of one's own. */
export function manifestFrom(template: TemplateName, name: string): Record<string, unknown> {
  return name === "" ? TEMPLATES[template] : { ...TEMPLATES[template], name };
}
