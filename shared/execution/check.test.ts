import { describe, expect, it } from "vitest";
import { checkWorkflow, validateWorkflow, workflowSchema } from "./check.ts";
import { leadDesk, leadDeskSchema } from "./fixtures/lead-desk.ts";
import { inARow } from "./fixtures/run-workflow.ts";

async function faultsOf(workflow: unknown): Promise<string[]> {
  const checked = await checkWorkflow(workflow, { dbSchema: leadDeskSchema });
  return checked.ok ? [] : checked.faults.map(({ path, code }) => `${path} ${code}`);
}

const text = (value: string) => ({ type: "template", config: { text: value } });

describe("checkWorkflow", () => {
  it("accepts the documented example, and so do the schema and the validator", async () => {
    const checked = await checkWorkflow(leadDesk, { dbSchema: leadDeskSchema });
    expect(checked).toMatchObject({ ok: true });
    expect(await validateWorkflow(workflowSchema.parse(leadDesk), { dbSchema: leadDeskSchema })).toEqual([]);
  });

  it("accepts every way of branching", async () => {
    const workflow = {
      nodes: [
        { id: "start", type: "start", config: { inputs: [{ name: "n", type: "integer" }] } },
        { id: "big", type: "condition", config: { expression: "inputs.n > 10" } },
        { id: "which", type: "switch", config: { value: "{{ inputs.n }}", cases: [{ name: "one", equals: 1 }] } },
        { id: "call", type: "http", config: { url: "https://example.com/{{ inputs.n }}" }, on_error: "error_port" },
        { id: "yes", type: "end", config: { outputs: { a: "{{ nodes.big.value }}" } } },
        { id: "no", type: "end", config: { outputs: {} } },
      ],
      edges: [
        { from: "start", to: "big" },
        { from: "big", port: "true", to: "which" },
        { from: "big", port: "false", to: "no" },
        { from: "which", port: "one", to: "call" },
        { from: "which", port: "default", to: "yes" },
        { from: "call", to: "yes" },
        { from: "call", port: "error", to: "no" },
      ],
    };
    expect(await faultsOf(workflow)).toEqual([]);
  });

  it.each([
    ["unknown type", inARow([{ id: "a", type: "teleport" }], {}), "workflow.nodes[1].type unknown_node_type"],
    [
      "duplicate id",
      { ...inARow([], {}), nodes: [...inARow([], {}).nodes, { id: "end", type: "end" }] },
      "workflow.nodes[2].id duplicate_node_id",
    ],
    ["no start", { nodes: [{ id: "end", type: "end" }], edges: [] }, "workflow.nodes missing_start"],
    ["no end", { nodes: [{ id: "start", type: "start" }], edges: [] }, "workflow.nodes missing_end"],
    [
      "two starts",
      { ...inARow([], {}), nodes: [...inARow([], {}).nodes, { id: "s2", type: "start" }] },
      "workflow.nodes[2].type several_starts",
    ],
    [
      "edge from nowhere",
      {
        ...inARow([], {}),
        edges: [
          { from: "start", to: "end" },
          { from: "ghost", to: "end" },
        ],
      },
      "workflow.edges[1].from unknown_edge_node",
    ],
    [
      "edge to nowhere",
      {
        ...inARow([], {}),
        edges: [
          { from: "start", to: "end" },
          { from: "start", to: "ghost" },
        ],
      },
      "workflow.edges[1].to unknown_edge_node",
    ],
    [
      "the same edge twice",
      {
        ...inARow([], {}),
        edges: [
          { from: "start", to: "end" },
          { from: "start", to: "end" },
        ],
      },
      "workflow.edges[1] duplicate_edge",
    ],
    [
      "an edge from an end",
      {
        ...inARow([{ id: "a", ...text("x") }], {}),
        edges: [
          { from: "start", to: "a" },
          { from: "start", to: "end" },
          { from: "end", to: "a" },
        ],
      },
      "workflow.edges[2].from edge_from_end",
    ],
    [
      "an unreachable node",
      { ...inARow([], {}), nodes: [...inARow([], {}).nodes, { id: "lost", ...text("x") }] },
      "workflow.nodes[2] unreachable_node",
    ],
    [
      "a port that does not exist",
      { ...inARow([], {}), edges: [{ from: "start", port: "side", to: "end" }] },
      "workflow.edges[0].port missing_port",
    ],
    [
      "an error port that is off",
      {
        ...inARow([], {}),
        edges: [
          { from: "start", to: "end" },
          { from: "start", port: "error", to: "end" },
        ],
      },
      "workflow.edges[1].port missing_port",
    ],
    ["an expression that does not parse", inARow([], { a: "{{ inputs. }}" }), "workflow.nodes[1].config.outputs.a invalid_expression"],
    ["an expression never closed", inARow([], { a: "{{ inputs.x" }), "workflow.nodes[1].config.outputs.a invalid_expression"],
    [
      "code that does not compile",
      inARow([{ id: "it", type: "code", config: { code: "const a = 1;\nreturn a b;" } }], {}),
      "workflow.nodes[1].config.code invalid_code",
    ],
    [
      "code within a loop that does not compile",
      inARow(
        [
          {
            id: "each",
            type: "loop",
            config: { items: [1], body: inARow([{ id: "it", type: "code", config: { code: "return (" } }], {}) },
          },
        ],
        {},
      ),
      "workflow.nodes[1].config.body.nodes[1].config.code invalid_code",
    ],
    ["code that is none", inARow([{ id: "it", type: "code", config: { code: 7 } }], {}), "workflow.nodes[1].config.code invalid_type"],
    ["a name nobody knows", inARow([], { a: "{{ input.x }}" }), "workflow.nodes[1].config.outputs.a unknown_name"],
    ["an unknown node", inARow([], { a: "{{ nodes.ghost.text }}" }), "workflow.nodes[1].config.outputs.a unknown_node"],
    [
      "an unknown node in a larger expression",
      inARow([], { a: "{{ $uppercase(nodes.ghost.text) }}" }),
      "workflow.nodes[1].config.outputs.a unknown_node",
    ],
    ["an undeclared input", inARow([], { a: "x {{ inputs.ghost }}" }), "workflow.nodes[1].config.outputs.a undeclared_input"],
    [
      "a node further on",
      inARow(
        [
          { id: "a", ...text("{{ nodes.b.text }}") },
          { id: "b", ...text("x") },
        ],
        {},
      ),
      "workflow.nodes[1].config.text not_upstream",
    ],
    ["a secret in a text", inARow([{ id: "a", ...text("{{ secrets.key }}") }], {}), "workflow.nodes[1].config.text secret_not_allowed"],
    [
      "a secret in an address",
      inARow([{ id: "a", type: "http", config: { url: "https://x.com/{{ secrets.key }}" } }], {}),
      "workflow.nodes[1].config.url secret_not_allowed",
    ],
    [
      "an unknown table",
      inARow([{ id: "a", type: "db", config: { operation: "select", table: "ghosts" } }], {}),
      "workflow.nodes[1].config.table unknown_table",
    ],
    [
      "an unknown column",
      inARow([{ id: "a", type: "db", config: { operation: "select", table: "leads", where: { ghost: 1 } } }], {}),
      "workflow.nodes[1].config.where.ghost unknown_column",
    ],
    [
      "an unknown column in the order",
      inARow([{ id: "a", type: "db", config: { operation: "select", table: "leads", order_by: [{ column: "ghost" }] } }], {}),
      "workflow.nodes[1].config.order_by[0].column unknown_column",
    ],
    [
      "a delete of everything",
      inARow([{ id: "a", type: "db", config: { operation: "delete", table: "leads" } }], {}),
      "workflow.nodes[1].config.where missing_where",
    ],
    [
      "an update of everything",
      inARow([{ id: "a", type: "db", config: { operation: "update", table: "leads", values: { kind: "x" }, where: {} } }], {}),
      "workflow.nodes[1].config.where missing_where",
    ],
    [
      "an unknown column within a transaction",
      inARow(
        [
          {
            id: "a",
            type: "db",
            config: {
              operation: "transaction",
              operations: [
                { operation: "count", table: "leads" },
                { operation: "insert", table: "leads", values: { ghost: 1 } },
              ],
            },
          },
        ],
        {},
      ),
      "workflow.nodes[1].config.operations[1].values.ghost unknown_column",
    ],
    [
      "an expression in SQL",
      inARow([{ id: "a", type: "db", config: { operation: "sql", sql: "select {{ inputs.x }}" } }], {}),
      "workflow.nodes[1].config.sql expression_in_sql",
    ],
    [
      "a file to fall back to",
      inARow([], {}, [{ name: "f", type: "file", default: "x" }]),
      "workflow.nodes[0].config.inputs[0].default invalid_default",
    ],
    [
      "a media type that is none",
      inARow([], {}, [{ name: "f", type: "file", accept: ["pdf"] }]),
      "workflow.nodes[0].config.inputs[0].accept[0] invalid_format",
    ],
    [
      "a dangerous pattern",
      inARow([], {}, [{ name: "f", type: "string", pattern: "(a+)+" }]),
      "workflow.nodes[0].config.inputs[0].pattern invalid_pattern",
    ],
    [
      "two inputs of one name",
      inARow([], {}, [
        { name: "f", type: "string" },
        { name: "f", type: "string" },
      ]),
      "workflow.nodes[0].config.inputs[1].name duplicate_input",
    ],
    [
      "a default of another type",
      inARow([], {}, [{ name: "f", type: "integer", default: "x" }]),
      "workflow.nodes[0].config.inputs[0].default invalid_default",
    ],
    [
      "a config field nobody knows",
      inARow([{ id: "a", type: "template", config: { text: "x", size: 1 } }], {}),
      "workflow.nodes[1].config unrecognized_keys",
    ],
    [
      "a field of a wrong type",
      inARow([{ id: "a", type: "llm", config: { prompt: "x", max_tokens: "many" } }], {}),
      "workflow.nodes[1].config.max_tokens invalid_format",
    ],
    ["an id that expressions cannot follow", inARow([{ id: "a-b", ...text("x") }], {}), "workflow.nodes[1].id invalid_format"],
  ])("refuses %s", async (_what, workflow, fault) => {
    expect(await faultsOf(workflow)).toContain(fault);
  });

  it("names the cycle, and nothing else is wrong because of it", async () => {
    const { nodes } = inARow(
      [
        { id: "a", ...text("x") },
        { id: "b", ...text("y") },
      ],
      {},
    );
    const edges = [
      { from: "start", to: "a" },
      { from: "a", to: "b" },
      { from: "b", to: "a" },
      { from: "b", to: "end" },
    ];
    const checked = await checkWorkflow({ nodes, edges }, { dbSchema: null });
    expect(checked).toMatchObject({
      ok: false,
      faults: [{ path: "workflow.edges", code: "cycle", message: expect.stringMatching(/(a -> b -> a|b -> a -> b)/) }],
    });
  });

  it("sees no faults around a node because of one inside it", async () => {
    const { nodes, edges } = inARow([{ id: "a", type: "template", config: { text: "x" }, timeout_ms: "soon" }], {
      a: "{{ nodes.a.text }}",
    });
    expect(await faultsOf({ nodes, edges })).toEqual(["workflow.nodes[1].timeout_ms invalid_type"]);
  });

  it("lists the types there are", async () => {
    const checked = await checkWorkflow(inARow([{ id: "a", type: "teleport" }], {}), { dbSchema: null });
    expect(checked).toMatchObject({ ok: false, faults: [{ message: expect.stringContaining("start, end, llm, intent") }] });
  });

  it("reports faults of every family at once", async () => {
    const workflow = {
      nodes: [
        { id: "start", type: "start", config: { inputs: [{ name: "f", type: "file", default: "x" }] } },
        { id: "broken id", type: "template", config: { text: "x" } },
        { id: "odd", type: "teleport", config: {} },
        { id: "save", type: "db", config: { operation: "insert", table: "ghosts", values: { a: "{{ nodes.nobody.x }}" } } },
        { id: "end", type: "end", config: { outputs: { x: "{{ 1 + }}", y: "{{ inputs.z }}" } } },
      ],
      edges: [
        { from: "start", to: "save" },
        { from: "save", port: "left", to: "end" },
        { from: "nowhere", to: "end" },
      ],
      extra: true,
    };
    const codes = (await faultsOf(workflow)).map((fault) => fault.split(" ").at(-1));
    expect(codes).toEqual(
      expect.arrayContaining([
        "unrecognized_keys",
        "invalid_format",
        "invalid_default",
        "unknown_node_type",
        "missing_port",
        "unknown_edge_node",
        "unreachable_node",
        "unknown_node",
        "invalid_expression",
        "undeclared_input",
        "unknown_table",
      ]),
    );
  });

  it.each([null, 3, [], {}, { nodes: {}, edges: 1 }, { nodes: [null], edges: [null] }])("survives %j", async (json) => {
    expect((await faultsOf(json)).length).toBeGreaterThan(0);
  });

  it("says where code does not compile", async () => {
    const workflow = inARow([{ id: "it", type: "code", config: { code: "const a = 1;\nreturn a b;" } }], {});
    expect(await checkWorkflow(workflow, { dbSchema: leadDeskSchema })).toMatchObject({
      faults: [{ message: "SyntaxError: expecting ';' (line 2, column 10)" }],
    });
  });

  it("looks nothing up in a db_schema that is itself not valid", async () => {
    expect(await checkWorkflow(leadDesk, { dbSchema: null })).toMatchObject({ ok: true });
  });
});
