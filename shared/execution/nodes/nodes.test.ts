import { describe, expect, it } from "vitest";
import type { CompletionRequest } from "#ai";
import type { DbOperation } from "#database";
import { inARow, type RunOptions, runWorkflow } from "../fixtures/run-workflow.ts";

const usage = { input_tokens: 1, output_tokens: 1, total_tokens: 2 };

/** Runs one node and gives its output, or fails with the run's error. */
async function outputOf(node: { type: string; config: Record<string, unknown> }, options: RunOptions = {}): Promise<unknown> {
  const inputs = Object.keys(options.inputs ?? {}).map((name) => ({ name, type: "json" }));
  const result = await runWorkflow(inARow([{ id: "it", ...node }], { all: "{{ nodes.it }}" }, inputs), options);
  if (result.error) throw Object.assign(new Error(result.error.message), { code: result.error.code });
  return result.outputs?.["all"];
}

/** A model that answers the same, and the requests it was asked. */
function model(text: string, parsed?: unknown) {
  const requests: CompletionRequest[] = [];
  const complete = async (request: CompletionRequest) => {
    requests.push(request);
    return { text, usage, model: "m", ...(parsed === undefined ? {} : { parsed }) };
  };
  return { requests, services: { complete } };
}

describe("condition", () => {
  it.each([
    ["inputs.x > 3", 4, true],
    ["{{ inputs.x > 3 }}", 3, false],
    ["{{ inputs.x }}", "", false],
    ["{{ inputs.x }}", [], false],
    ["{{ inputs.x }}", {}, false],
    ["{{ inputs.x }}", null, false],
    ["{{ inputs.x }}", "no", true],
  ])("%s of %j is %s", async (expression, x, value) => {
    expect(await outputOf({ type: "condition", config: { expression } }, { inputs: { x } })).toEqual({ value });
  });
});

describe("switch", () => {
  const cases = [
    { name: "text", equals: "1" },
    { name: "list", equals: [1, { a: 2 }] },
    { name: "same", equals: "{{ inputs.y }}" },
  ];
  it.each([
    ["1", "text"],
    [[1, { a: 2 }], "list"],
    [7, "same"],
    [1, "default"],
    [null, "default"],
  ])("%j is the case %s", async (x, name) => {
    const config = { value: "{{ inputs.x }}", cases };
    expect(await outputOf({ type: "switch", config }, { inputs: { x, y: 7 } })).toEqual({ case: name });
  });
});

describe("template and transform", () => {
  it("fill in expressions", async () => {
    const inputs = { x: { a: [1] } };
    expect(await outputOf({ type: "template", config: { text: "{{ inputs.x }}" } }, { inputs })).toEqual({ text: '{"a":[1]}' });
    const value = { list: "{{ inputs.x.a }}", text: "n={{ inputs.x.a[0] }}" };
    expect(await outputOf({ type: "transform", config: { value } }, { inputs })).toEqual({ value: { list: [1], text: "n=1" } });
  });
});

describe("llm", () => {
  it("asks with its messages and settings", async () => {
    const { requests, services } = model("yes", { ok: true });
    const config = {
      model: "big",
      system: "Be {{ inputs.how }}.",
      prompt: "Q",
      temperature: "{{ inputs.t }}",
      max_tokens: 9,
      output_schema: { type: "object", description: "{{ not an expression" },
    };
    expect(await outputOf({ type: "llm", config }, { inputs: { how: "kind", t: 0.3 }, services })).toEqual({
      text: "yes",
      parsed: { ok: true },
      usage,
    });
    expect(requests[0]).toMatchObject({
      model: "big",
      messages: [
        { role: "system", content: "Be kind." },
        { role: "user", content: "Q" },
      ],
      temperature: 0.3,
      maxTokens: 9,
      outputSchema: { name: "output", schema: config.output_schema },
    });
  });

  it("takes a conversation, also from an expression", async () => {
    const { requests, services } = model("yes");
    const messages = [
      { role: "user", content: "a" },
      { role: "assistant", content: "b" },
    ];
    expect(await outputOf({ type: "llm", config: { messages } }, { services })).toEqual({ text: "yes", usage });
    await outputOf({ type: "llm", config: { messages: "{{ inputs.talk }}" } }, { inputs: { talk: messages }, services });
    expect(requests.map((request) => request.messages)).toEqual([messages, messages]);
  });

  it("says which field an expression spoiled", async () => {
    const failing = outputOf({ type: "llm", config: { prompt: "x", temperature: "{{ inputs.t }}" } }, { inputs: { t: "hot" } });
    await expect(failing).rejects.toMatchObject({ code: "node_failed", message: expect.stringContaining("config.temperature") });
  });
});

describe("intent", () => {
  const config = {
    text: "{{ inputs.x }}",
    intents: [
      { name: "sales", description: "wants to buy", examples: ["how much"] },
      { name: "support", description: "has a problem" },
    ],
    fallback: "other",
  };

  it("tells the model the intents in lines that programs can read", async () => {
    const { requests, services } = model("", { intent: "sales", confidence: 0.8 });
    expect(await outputOf({ type: "intent", config }, { inputs: { x: "how much?" }, services })).toEqual({
      intent: "sales",
      confidence: 0.8,
    });
    const [system, user] = requests[0]?.messages ?? [];
    const line = system?.content.split("\n").find((text) => text.startsWith("INTENTS: "));
    expect(JSON.parse(line?.slice("INTENTS: ".length) ?? "")).toEqual([config.intents[0], { ...config.intents[1], examples: [] }]);
    expect(system?.content.split("\n")).toContain("FALLBACK: other");
    expect(user).toEqual({ role: "user", content: "how much?" });
    expect(requests[0]?.outputSchema).toMatchObject({
      name: "intent",
      schema: { properties: { intent: { enum: ["sales", "support", "other"] } } },
    });
  });

  it.each([[{ intent: "weather", confidence: 1 }], ["sales"], [undefined]])("falls back when the answer is %j", async (parsed) => {
    const { services } = model("?", parsed);
    expect(await outputOf({ type: "intent", config }, { inputs: { x: "?" }, services })).toEqual({ intent: "other", confidence: 0 });
  });

  it("leaves by the port of the intent", async () => {
    const workflow = {
      nodes: [
        { id: "start", type: "start" },
        { id: "kind", type: "intent", config: { ...config, text: "x" } },
        ...["sales", "support", "other"].map((id) => ({ id, type: "end", config: { outputs: { way: id } } })),
      ],
      edges: [{ from: "start", to: "kind" }, ...["sales", "support", "other"].map((id) => ({ from: "kind", port: id, to: id }))],
    };
    const { services } = model("", { intent: "support", confidence: 1 });
    expect((await runWorkflow(workflow, { services })).outputs).toEqual({ way: "support" });
  });
});

describe("generate", () => {
  it("puts the brief into the system message", async () => {
    const { requests, services } = model("# Hi");
    const config = {
      instructions: "Greet.",
      input: "{{ inputs.x }}",
      format: "markdown",
      tone: "warm",
      language: "French",
      kind: "letter",
    };
    expect(await outputOf({ type: "generate", config }, { inputs: { x: "Ada" }, services })).toEqual({ text: "# Hi", usage });
    const [system, user] = requests[0]?.messages ?? [];
    expect(system?.content).toMatch(/^Greet\.\nKind of text: letter\.\nTone: warm\.\nLanguage: French\.\n.*Markdown/);
    expect(user?.content).toBe("Ada");
  });

  it("gives JSON parsed", async () => {
    const { requests, services } = model('{"a":1}', { a: 1 });
    const config = { instructions: "Make JSON.", format: "json", schema: { type: "object" } };
    expect(await outputOf({ type: "generate", config }, { services })).toEqual({ text: '{"a":1}', parsed: { a: 1 }, usage });
    expect(requests[0]?.outputSchema).toEqual({ name: "output", schema: { type: "object" } });
  });
});

describe("db", () => {
  async function operationOf(config: Record<string, unknown>, inputs = {}): Promise<DbOperation | undefined> {
    const operations: DbOperation[] = [];
    const executeOperation = async (operation: DbOperation) => {
      operations.push(operation);
      return { rows: [{ id: "1" }], count: 1 };
    };
    expect(await outputOf({ type: "db", config }, { inputs, services: { executeOperation } })).toEqual({ rows: [{ id: "1" }], count: 1 });
    return operations[0];
  }

  it("resolves what is compared and written, and nothing else", async () => {
    const select = {
      operation: "select",
      table: "t",
      where: { a: { gt: "{{ inputs.n }}" } },
      order_by: [{ column: "a", direction: "desc" }],
      limit: "{{ inputs.n }}",
    };
    expect(await operationOf(select, { n: 3 })).toMatchObject({ ...select, where: { a: { gt: 3 } }, limit: 3 });
    const update = { operation: "update", table: "t", values: { a: "{{ inputs.n }}" }, where: { b: "x{{ inputs.n }}" } };
    expect(await operationOf(update, { n: 3 })).toMatchObject({ values: { a: 3 }, where: { b: "x3" } });
    const many = { operation: "insert", table: "t", values: "{{ inputs.rows }}" };
    expect(await operationOf(many, { rows: [{ a: 1 }, { a: 2 }] })).toMatchObject({ values: [{ a: 1 }, { a: 2 }] });
    const sql = { operation: "sql", sql: "SELECT $1", params: ["{{ inputs.n }}"] };
    expect(await operationOf(sql, { n: 3 })).toEqual({ ...sql, params: [3] });
  });

  it("refuses what an expression cannot be", async () => {
    const config = { operation: "select", table: "t", limit: "{{ inputs.n }}" };
    await expect(outputOf({ type: "db", config }, { inputs: { n: "all" } })).rejects.toMatchObject({ code: "node_failed" });
  });
});
