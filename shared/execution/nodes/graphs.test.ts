import { describe, expect, it } from "vitest";
import { checkWorkflow, workflowSchema } from "../check.ts";
import { inARow, runWorkflow } from "../fixtures/run-workflow.ts";
import { inputDeclarations } from "../inputs/parse.ts";
import { compilePlan, nodesBefore } from "../plan.ts";
import type { OpenedApp } from "../run.ts";

const loop = (config: Record<string, unknown>) => ({ id: "each", type: "loop", config });
const double = inARow([{ id: "twice", type: "transform", config: { value: "{{ item * 2 }}" } }], {
  n: "{{ nodes.twice.value }}",
  at: "{{ index }}",
});
const over = (config: Record<string, unknown>) => inARow([loop(config)], { results: "{{ nodes.each.results }}" });

async function faultsOf(workflow: unknown): Promise<string[]> {
  const checked = await checkWorkflow(workflow, { dbSchema: { tables: [] } });
  return checked.ok ? [] : checked.faults.map(({ path, code }) => `${path} ${code}`);
}

describe("loop", () => {
  it("runs its body for each item and keeps their order, however many at a time", async () => {
    for (const concurrency of [1, 2, 20]) {
      const { outputs } = await runWorkflow(over({ items: [3, 1, 2], concurrency, body: double }));
      expect(outputs).toEqual({ results: [6, 2, 4].map((n, at) => ({ n, at })) });
    }
    expect(await runWorkflow(over({ items: [], body: double }))).toMatchObject({ outputs: { results: [] } });
  });

  it("takes its list from an expression, and says what is wrong with one that gives none", async () => {
    const inputs = [{ name: "list", type: "json" }];
    const workflow = inARow([loop({ items: "{{ inputs.list }}", body: double })], { results: "{{ nodes.each.results }}" }, inputs);
    expect(await runWorkflow(workflow, { inputs: { list: [5] } })).toMatchObject({ outputs: { results: [{ n: 10 }] } });
    const wrong = await runWorkflow(workflow, { inputs: { list: "five" } });
    expect(wrong).toMatchObject({
      status: "failed",
      error: { code: "node_failed", node_id: "each", message: "config.items: is not a list" },
    });
    const long = await runWorkflow(workflow, { inputs: { list: new Array(1_001).fill(0) } });
    expect(long.error?.message).toBe("config.items: has more than 1000 items");
  });

  it("goes on while its condition holds, knowing the turn before, and never past max", async () => {
    const count = inARow([{ id: "sum", type: "transform", config: { value: "{{ $number(last.n) + 1 }}" } }], {
      n: "{{ nodes.sum.value }}",
    });
    const counted = await runWorkflow(over({ while: "index = 0 or last.n < 3", max: 10, body: inARow([], { n: "{{ index + 1 }}" }) }));
    expect(counted.outputs).toEqual({ results: [{ n: 1 }, { n: 2 }, { n: 3 }] });
    const endless = await runWorkflow(over({ while: true, max: 4, body: inARow([], { n: "{{ index }}" }) }));
    expect(endless.outputs?.["results"]).toHaveLength(4);
    expect(await faultsOf(over({ while: "true", body: count }))).toContain("workflow.nodes[1].config.max custom");
  });

  it("gives its nodes those before it to name, and those before them within it", () => {
    const before = { id: "word", type: "template", config: { text: "x" } };
    const body = inARow([{ id: "inner", type: "template", config: { text: "{{ item }}" } }], {});
    const renamed = {
      nodes: body.nodes.map((node) => ({ ...node, id: `in_${node.id}` })),
      edges: body.edges.map(({ from, to }) => ({ from: `in_${from}`, to: `in_${to}` })),
    };
    const workflow = workflowSchema.parse(inARow([before, loop({ items: [1], body: renamed })], {}));
    expect(nodesBefore(workflow, "in_inner")).toEqual(["start", "word", "in_start"]);
    expect(nodesBefore(workflow, "each")).toEqual(["start", "word"]);
    expect(nodesBefore(workflow, "nobody")).toBeNull();
  });

  it("names each turn in logs and events, and sees the nodes around it", async () => {
    const body = inARow([{ id: "say", type: "template", config: { text: "{{ nodes.word.text }} {{ item }} {{ inputs.end }}" } }], {
      said: "{{ nodes.say.text }}",
    });
    const workflow = inARow(
      [{ id: "word", type: "template", config: { text: "hello" } }, loop({ items: ["a", "b"], body })],
      { results: "{{ nodes.each.results }}" },
      [{ name: "end", type: "string" }],
    );
    expect(await faultsOf(workflow)).toEqual([]);
    const { outputs, nodeLogs } = await runWorkflow(workflow, { inputs: { end: "!" } });
    expect(outputs).toEqual({ results: [{ said: "hello a !" }, { said: "hello b !" }] });
    expect(nodeLogs.map(({ node_id }) => node_id)).toEqual([
      "start",
      "word",
      "each",
      ...["each[0].start", "each[0].say", "each[0].end", "each[1].start", "each[1].say", "each[1].end"],
      "end",
    ]);
  });

  it("fails as the node within it that failed, and stops the other turns", async () => {
    const body = inARow([{ id: "ask", type: "llm", config: { prompt: "{{ item }}" } }], {});
    let calls = 0;
    const result = await runWorkflow(over({ items: [1, 2, 3, 4], body }), {
      services: {
        complete: async () => {
          calls += 1;
          throw new Error("broken");
        },
      },
    });
    expect(calls).toBe(1);
    expect(result.error).toMatchObject({ code: "node_failed", node_id: "each", message: "each[0].ask: The node failed unexpectedly." });
  });

  it("is checked within: graph, expressions, names of the turn only in here", async () => {
    const body = inARow(
      [
        { id: "x", type: "template", config: { text: "{{ nodes.later.text }}{{ secrets.a }}" } },
        { id: "y", type: "teleport" },
      ],
      {},
    );
    const workflow = inARow([loop({ items: [1], body }), { id: "later", type: "template", config: { text: "{{ item }}" } }], {});
    expect(await faultsOf(workflow)).toEqual([
      "workflow.nodes[2].config.text unknown_name",
      "workflow.nodes[1].config.body.nodes[2].type unknown_node_type",
      "workflow.nodes[1].config.body.nodes[1].config.text unknown_node",
      "workflow.nodes[1].config.body.nodes[1].config.text secret_not_allowed",
    ]);
    expect(await faultsOf(over({ items: [1] }))).toEqual(["workflow.nodes[1].config.body invalid_type"]);
    expect(await faultsOf(over({ body: double }))).toEqual(["workflow.nodes[1].config custom"]);
  });

  it("does not start more nodes than a run may", async () => {
    const inner = loop({ items: "{{ [1..1000] }}", body: inARow([], {}) });
    const result = await runWorkflow(over({ items: [1, 2, 3], body: inARow([inner], {}) }));
    expect(result).toMatchObject({ status: "failed", error: { code: "node_failed" } });
    expect(result.error?.message).toContain("5000 nodes");
  });
});

describe("subflow", () => {
  const greeter = workflowSchema.parse(
    inARow(
      [{ id: "say", type: "template", config: { text: "Hello {{ inputs.name }}, {{ app.slug }} v{{ app.version }}" } }],
      { said: "{{ nodes.say.text }}" },
      [{ name: "name", type: "string", required: true }],
    ),
  );
  const opened = (version: number): OpenedApp => ({
    app: { id: "app_2", name: "Greeter", slug: "greeter", version },
    plan: compilePlan(greeter),
    inputs: inputDeclarations(greeter),
    dbSchema: { tables: [] },
  });
  const call = (config: Record<string, unknown>) =>
    inARow([{ id: "call", type: "subflow", config }], { got: "{{ nodes.call.outputs.said }}" });

  it("runs the published version, or the one that is named", async () => {
    const request = { openApp: async (_slug: string, version?: number) => opened(version ?? 7) };
    const published = await runWorkflow(call({ app: "greeter", inputs: { name: "Ada" } }), { request });
    expect(published.outputs).toEqual({ got: "Hello Ada, greeter v7" });
    expect(published.nodeLogs.map(({ node_id }) => node_id)).toContain("call.say");
    const older = await runWorkflow(call({ app: "greeter", version: 2, inputs: { name: "Ada" } }), { request });
    expect(older.outputs).toEqual({ got: "Hello Ada, greeter v2" });
  });

  it("says which app there is none of, and which input it does not take", async () => {
    const none = await runWorkflow(call({ app: "gone" }), { request: { openApp: async () => null } });
    expect(none.error).toMatchObject({ node_id: "call", message: 'The workspace has no published app "gone".' });
    const bad = await runWorkflow(call({ app: "greeter", inputs: {} }), { request: { openApp: async () => opened(1) } });
    expect(bad.error?.message).toContain("inputs.name");
  });

  it("ends an app that calls itself", async () => {
    const again: OpenedApp = { ...opened(1), plan: compilePlan(workflowSchema.parse(call({ app: "greeter" }))), inputs: [] };
    const result = await runWorkflow(call({ app: "greeter" }), { request: { openApp: async () => again } });
    expect(result.error?.message).toContain("5 deep");
  });
});
