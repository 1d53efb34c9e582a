import { describe, expect, it } from "vitest";
import example from "../../../dev/demo/lead-desk.json" with { type: "json" };
import { validateManifest } from "./validate.ts";

// biome-ignore lint/suspicious/noExplicitAny: each case changes whatever part of the document it is about
type Json = any;

/** The published example, fresh for each case to change. */
const leadDesk = (): Json => structuredClone(example);

async function faultsOf(manifest: unknown) {
  const validated = await validateManifest(manifest);
  return validated.ok ? [] : validated.faults;
}

interface Case {
  readonly name: string;
  readonly change: (manifest: Json) => unknown;
  readonly path: string;
  readonly code: string;
}

const field = (manifest: Json, index: number) => manifest.ui_schema.blocks[0].children[index];

const envelope: Case[] = [
  { name: "no manifest version", change: (m) => delete m.manifest, path: "manifest", code: "invalid_value" },
  { name: "another manifest version", change: (m) => (m.manifest = "2"), path: "manifest", code: "invalid_value" },
  { name: "no name", change: (m) => delete m.name, path: "name", code: "invalid_type" },
  { name: "a blank name", change: (m) => (m.name = "   "), path: "name", code: "invalid_format" },
  { name: "a long name", change: (m) => (m.name = "x".repeat(81)), path: "name", code: "too_big" },
  { name: "a long description", change: (m) => (m.description = "x".repeat(501)), path: "description", code: "too_big" },
  { name: "an unknown field", change: (m) => (m.theme = {}), path: "theme", code: "unknown_field" },
  { name: "a character no database holds", change: (m) => (m.description = "a\u0000b"), path: "description", code: "invalid_text" },
  { name: "half a surrogate pair", change: (m) => (m.description = "\ud800"), path: "description", code: "invalid_text" },
  { name: "more than 1 MiB", change: (m) => (m.description = "x".repeat(1_100_000)), path: "", code: "too_large" },
];

const workflow: Case[] = [
  { name: "no workflow", change: (m) => delete m.workflow, path: "workflow", code: "invalid_type" },
  {
    name: "an unknown node type",
    change: (m) => (m.workflow.nodes[2].type = "oracle"),
    path: "workflow.nodes[2].type",
    code: "unknown_node_type",
  },
  {
    name: "a port that is not there",
    change: (m) => (m.workflow.edges[1].port = "marketing"),
    path: "workflow.edges[1].port",
    code: "missing_port",
  },
  { name: "a cycle", change: (m) => m.workflow.edges.push({ from: "save", to: "kind" }), path: "workflow.edges", code: "cycle" },
  {
    name: "an unreachable node",
    change: (m) => m.workflow.nodes.push({ id: "island", type: "template", config: { text: "alone" } }),
    path: "workflow.nodes[5]",
    code: "unreachable_node",
  },
  {
    name: "an expression that does not parse",
    change: (m) => (m.workflow.nodes[1].config.text = "{{ inputs.message + }}"),
    path: "workflow.nodes[1].config.text",
    code: "invalid_expression",
  },
  {
    name: "an expression that names an unknown node",
    change: (m) => (m.workflow.nodes[4].config.outputs.reply = "{{ nodes.answer.text }}"),
    path: "workflow.nodes[4].config.outputs.reply",
    code: "unknown_node",
  },
  {
    name: "an input without a declaration",
    change: (m) => (m.workflow.nodes[2].config.input = "{{ inputs.text }}"),
    path: "workflow.nodes[2].config.input",
    code: "undeclared_input",
  },
  {
    name: "an unknown table",
    change: (m) => (m.workflow.nodes[3].config.table = "contacts"),
    path: "workflow.nodes[3].config.table",
    code: "unknown_table",
  },
  {
    name: "an unknown column",
    change: (m) => (m.workflow.nodes[3].config.values.phone = "1"),
    path: "workflow.nodes[3].config.values.phone",
    code: "unknown_column",
  },
];

const page: Case[] = [
  {
    name: "another schema version",
    change: (m) => (m.ui_schema.schema_version = "2"),
    path: "ui_schema.schema_version",
    code: "invalid_value",
  },
  { name: "an unknown layout", change: (m) => (m.ui_schema.layout.type = "maze"), path: "ui_schema.layout.type", code: "invalid_union" },
  {
    name: "an unknown block",
    change: (m) => m.ui_schema.blocks.push({ id: "raw", type: "html", props: { content: "<script>" } }),
    path: "ui_schema.blocks[1].type",
    code: "invalid_union",
  },
  {
    name: "style on a block",
    change: (m) => (field(m, 0).style = "color:red"),
    path: "ui_schema.blocks[0].children[0].style",
    code: "unknown_field",
  },
  {
    name: "script among the props of a block",
    change: (m) => (field(m, 0).props = { onclick: "alert(1)" }),
    path: "ui_schema.blocks[0].children[0].props.onclick",
    code: "unknown_field",
  },
  {
    name: "an unknown action",
    change: (m) => (m.ui_schema.actions[0].type = "open_url"),
    path: "ui_schema.actions[0].type",
    code: "invalid_value",
  },
  {
    name: "an unknown result view",
    change: (m) => (m.ui_schema.result_view.type = "html"),
    path: "ui_schema.result_view.type",
    code: "invalid_union",
  },
  {
    name: "the same id twice",
    change: (m) => (field(m, 1).id = "email"),
    path: "ui_schema.blocks[0].children[1].id",
    code: "duplicate_id",
  },
  {
    name: "an input nobody declared",
    change: (m) => (field(m, 0).input_key = "phone"),
    path: "ui_schema.blocks[0].children[0].input_key",
    code: "unknown_input",
  },
  {
    name: "no field for a required input",
    change: (m) => m.ui_schema.blocks[0].children.pop(),
    path: "ui_schema.blocks",
    code: "missing_input_field",
  },
  {
    name: "a form in a form",
    change: (m) => m.ui_schema.blocks[0].children.push({ id: "inner", type: "form", children: [] }),
    path: "ui_schema.blocks[0].children[2].type",
    code: "misplaced_block",
  },
  {
    name: "an output no end node gives",
    change: (m) => (m.ui_schema.result_view.props.content = "Hi {{ outputs.answer }}"),
    path: "ui_schema.result_view.props.content",
    code: "unknown_output",
  },
  {
    name: "an expression where only a path is filled in",
    change: (m) => (m.ui_schema.result_view.props.content = "{{ $uppercase(outputs.reply) }}"),
    path: "ui_schema.result_view.props.content",
    code: "invalid_placeholder",
  },
  {
    name: "a table of text",
    change: (m) => (m.ui_schema.result_view = { type: "table", props: { content: "Rows: {{ outputs.reply }}" } }),
    path: "ui_schema.result_view.props.content",
    code: "invalid_placeholder",
  },
];

const rest: Case[] = [
  {
    name: "an unknown column type",
    change: (m) => (m.db_schema.tables[0].columns[1].type = "varchar"),
    path: "db_schema.tables[0].columns[1].type",
    code: "invalid_value",
  },
  {
    name: "a table without an id",
    change: (m) => m.db_schema.tables[0].columns.shift(),
    path: "db_schema.tables[0].columns",
    code: "missing_id_column",
  },
  {
    name: "an unknown access mode",
    change: (m) => (m.access_policy.access_mode = "everybody"),
    path: "access_policy.access_mode",
    code: "invalid_value",
  },
  {
    name: "a limit of nothing",
    change: (m) => (m.access_policy.rate_limit.per_ip.max_requests = 0),
    path: "access_policy.rate_limit.per_ip.max_requests",
    code: "too_small",
  },
  {
    name: "a window of more than a day",
    change: (m) => (m.access_policy.rate_limit.per_ip.window_seconds = 86_401),
    path: "access_policy.rate_limit.per_ip.window_seconds",
    code: "too_big",
  },
  {
    name: "an origin with a path",
    change: (m) => (m.access_policy.allowed_origins = ["https://a.example/x"]),
    path: "access_policy.allowed_origins[0]",
    code: "custom",
  },
  {
    name: "an origin with its scheme's own port",
    change: (m) => (m.access_policy.allowed_origins = ["https://a.example:443"]),
    path: "access_policy.allowed_origins[0]",
    code: "custom",
  },
  { name: "a timeout that is too short", change: (m) => (m.config.timeout_ms = 999), path: "config.timeout_ms", code: "too_small" },
  {
    name: "outputs without measure",
    change: (m) => (m.config.max_output_bytes = 1_048_577),
    path: "config.max_output_bytes",
    code: "too_big",
  },
  { name: "a locale that is none", change: (m) => (m.config.locale = "english"), path: "config.locale", code: "invalid_format" },
];

describe("a manifest that cannot run", () => {
  it.each([...envelope, ...workflow, ...page, ...rest])("is refused for $name", async ({ change, path, code }) => {
    const manifest = leadDesk();
    change(manifest);
    const faults = await faultsOf(manifest);
    expect(faults.map((fault) => [fault.path, fault.code])).toContainEqual([path, code]);
    expect(faults.every((fault) => fault.message !== "")).toBe(true);
  });

  it("is told every fault of every part at once, sorted by path", async () => {
    const manifest = leadDesk();
    const cases = [workflow[6], workflow[8], page[9], page[11], rest[2], rest[7]].filter((one) => one !== undefined);
    for (const { change } of cases) change(manifest);
    const faults = await faultsOf(manifest);
    for (const { path, code } of cases) expect(faults.map((fault) => [fault.path, fault.code])).toContainEqual([path, code]);
    const order = new Intl.Collator("en", { numeric: true });
    expect(faults).toEqual(faults.toSorted((a, b) => order.compare(a.path, b.path)));
  });

  it.each([null, [], "text", 7])("is not %j", async (json) => {
    expect(await faultsOf(json)).not.toEqual([]);
  });

  it("is refused when it is nested without end, rather than exhausting the stack", async () => {
    const manifest = leadDesk();
    let deep: Json = 1;
    for (let level = 0; level < 100_000; level += 1) deep = [deep];
    manifest.workflow.nodes[4].config.outputs.reply = deep;
    expect((await faultsOf(manifest)).map((fault) => fault.code)).toEqual(["too_deep"]);
  });
});

describe("a manifest that can run", () => {
  it("is kept as it was written", async () => {
    expect(await validateManifest(leadDesk())).toEqual({ ok: true, manifest: leadDesk() });
  });

  it("validates again to the same manifest", async () => {
    const { ui_schema: _, db_schema: __, access_policy: ___, config: ____, ...bare } = leadDesk();
    bare.workflow.nodes.splice(3, 1);
    bare.workflow.edges.splice(2, 2, { from: "reply", to: "end" });
    delete bare.workflow.nodes[3].config.outputs.lead_id;
    const first = await validateManifest(bare);
    if (!first.ok) throw new Error(JSON.stringify(first.faults));
    expect(await validateManifest(JSON.parse(JSON.stringify(first.manifest)))).toEqual(first);
  });

  it("gets a page made from its inputs and outputs, a private policy and no tables when it brings none", async () => {
    const manifest = {
      manifest: "1",
      name: "Survey",
      workflow: {
        nodes: [
          {
            id: "start",
            type: "start",
            config: {
              inputs: [
                { name: "full_name", type: "string", required: true },
                { name: "story", type: "string", max_length: 5000 },
                { name: "size", type: "string", enum: ["s", "m"], default: "m" },
                { name: "age", type: "integer" },
                { name: "agreed", type: "boolean" },
                { name: "born", type: "string", format: "date" },
                { name: "details", type: "json" },
                { name: "form", type: "string" },
                { name: "_note", type: "string" },
              ],
            },
          },
          { id: "end", type: "end", config: { outputs: { name: "{{ inputs.full_name }}", age: "{{ inputs.age }}" } } },
        ],
        edges: [{ from: "start", to: "end" }],
      },
    };
    const validated = await validateManifest(manifest);
    if (!validated.ok) throw new Error(JSON.stringify(validated.faults));
    const { ui_schema, db_schema, access_policy, config, description } = validated.manifest;
    expect(await faultsOf(structuredClone(validated.manifest))).toEqual([]);
    const [form] = ui_schema.blocks;
    expect(form).toMatchObject({
      type: "form",
      children: [
        { type: "input", input_key: "full_name", label: "Full name", validation: { required: true } },
        { type: "textarea", input_key: "story" },
        { type: "select", input_key: "size" },
        { type: "number", input_key: "age" },
        { type: "checkbox", input_key: "agreed" },
        { type: "date", input_key: "born" },
        { type: "textarea", input_key: "details" },
        { type: "input", input_key: "form" },
        { type: "input", input_key: "_note", label: "Note" },
      ],
    });
    expect(ui_schema.result_view?.props.content).toContain("{{ outputs.age }}");
    expect(ui_schema.result_view?.props.content).toContain("{{ outputs.name }}");
    expect({ db_schema, access_policy, config, description }).toEqual({
      db_schema: { tables: [] },
      access_policy: {
        access_mode: "private",
        data_classification: "public",
        rate_limit: {
          per_ip: { max_requests: 120, window_seconds: 60 },
          per_session: { max_requests: 60, window_seconds: 60 },
          per_app: null,
        },
        allowed_origins: ["*"],
        require_captcha: false,
      },
      config: { timeout_ms: 60_000, max_output_bytes: 262_144, locale: "en" },
      description: "",
    });
  });

  it("may have no blocks, for programs alone", async () => {
    const manifest = leadDesk();
    manifest.ui_schema.blocks = [];
    expect(await faultsOf(manifest)).toEqual([]);
  });

  it("may take a required input by chat", async () => {
    const manifest = leadDesk();
    field(manifest, 1).type = "input";
    manifest.ui_schema.blocks[0].children.pop();
    manifest.ui_schema.blocks.push({ id: "talk", type: "chat", input_key: "message", props: { greeting: "Hello!" } });
    expect(await faultsOf(manifest)).toEqual([]);
  });
});
