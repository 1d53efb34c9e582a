/// <reference types="node" />
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text as readText } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { DbOperation, DbSchema } from "#database";
import { AppError, validationFailed } from "#platform/errors";
import { readPolicy } from "#platform/outgoing/policy";
import { checkWorkflow, workflowSchema } from "../../check.ts";
import { inARow, type RunOptions, runWorkflow } from "../../fixtures/run-workflow.ts";
import { type ScriptedAnswer, type ScriptedModel, scriptedModel } from "../../fixtures/scripted-model.ts";
import { inputDeclarations } from "../../inputs/parse.ts";
import { compilePlan } from "../../plan.ts";
import type { OpenedApp, RunEvent, RunResult } from "../../run.ts";

const dbSchema: DbSchema = {
  tables: [
    {
      name: "orders",
      columns: [
        { name: "id", type: "id" },
        { name: "email", type: "text" },
        { name: "items", type: "integer", default: 1 },
        { name: "margin", type: "number", nullable: true },
      ],
    },
  ],
};

/** The far side of http tools. */
let origin = "";
const seen: { url: string; key: string | undefined; body: string }[] = [];
let closed = Promise.withResolvers<void>();
const far = createServer((request: IncomingMessage, response: ServerResponse) => {
  const { url = "", headers } = request;
  response.on("close", () => response.writableFinished || closed.resolve());
  readText(request).then((body) => {
    seen.push({ url, key: headers.authorization, body });
    if (url === "/hang") return;
    if (url === "/busy") response.writeHead(503).end();
    else if (url === "/large") response.end("x".repeat(300_000));
    else if (url === "/long") response.end(`${"x".repeat(15_990)} sk-planted`);
    else response.setHeader("content-type", "application/json").end(JSON.stringify({ url, sent: headers.authorization }));
  }, response.destroy);
});
beforeAll(async () => {
  await new Promise<void>((ready) => far.listen(0, "127.0.0.1", ready));
  const address = far.address();
  origin = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
});
afterAll(() => {
  far.closeAllConnections();
  far.close();
});

let model: ScriptedModel;
afterEach(() => model?.close());

type Config = Record<string, unknown>;
const node = (config: Config, fields: Config = {}) => ({
  id: "helper",
  type: "agent",
  config: { instructions: "Help.", ...config },
  ...fields,
});
const workflowOf = (config: Config, fields?: Config) => inARow([node(config, fields)], { all: "{{ nodes.helper }}" });

/** Runs an agent whose model answers like this. */
async function run(answers: readonly ScriptedAnswer[], config: Config, options: RunOptions & { node?: Config } = {}): Promise<RunResult> {
  model = await scriptedModel(answers);
  const outgoing = readPolicy({ OUTGOING_ALLOW: new URL(origin).host });
  return runWorkflow(workflowOf(config, options.node), {
    ...options,
    services: { fetch, outgoing, ...model.services, ...options.services },
    request: { dbSchema, ...options.request },
  });
}

const outputOf = ({ outputs, error }: RunResult) => {
  if (error) throw Object.assign(new Error(error.message), { code: error.code });
  return outputs?.["all"];
};
const toolMessages = (index: number) =>
  model.requests[index]?.messages.filter(({ role }) => role === "tool").map(({ content }) => JSON.parse(String(content)));

const http = (fields: Config = {}) => ({
  http: {
    name: "lookup",
    description: "Looks up.",
    url: `${origin}/things/{{ args.id }}`,
    parameters: { type: "object", properties: { id: { type: "string", maxLength: 20 } }, required: ["id"] },
    ...fields,
  },
});

const greeter = workflowSchema.parse(
  inARow([{ id: "say", type: "template", config: { text: "Hello {{ inputs.name }}" } }], { said: "{{ nodes.say.text }}" }, [
    { name: "name", type: "string", required: true },
    { name: "loud", type: "boolean" },
  ]),
);
const openApp = async (slug: string, version = 7): Promise<OpenedApp | null> => {
  if (slug !== "greeter") return null;
  const app = { id: "app_2", name: "Greeter", slug, version };
  return { app, description: "Greets people.", plan: compilePlan(greeter), inputs: inputDeclarations(greeter), dbSchema: { tables: [] } };
};

describe("an agent", () => {
  it("uses tools until it answers, and says what it did", async () => {
    const operations: DbOperation[] = [];
    const executeOperation = async (operation: DbOperation) => {
      operations.push(operation);
      return { rows: [{ id: "o1", email: "a@b.c", items: 2, margin: 0.4 }], count: 1 };
    };
    const result = await run(
      [
        {
          text: "Let me see.",
          calls: [
            ["select_orders", { where: { email: "a@b.c" }, limit: null }],
            ["greeter", { name: "Ada", loud: null }],
          ],
        },
        { text: "Ada has one order.", tokens: 20 },
      ],
      { input: "Orders?", tools: [{ table: "orders", columns: ["id", "email"] }, { app: "greeter" }] },
      { services: { executeOperation }, request: { openApp } },
    );
    const rows = { rows: [{ id: "o1", email: "a@b.c" }], count: 1 };
    expect(outputOf(result)).toEqual({
      text: "Ada has one order.",
      usage: { input_tokens: 28, output_tokens: 2, total_tokens: 30 },
      steps: [
        {
          text: "Let me see.",
          tool_calls: [
            {
              name: "select_orders",
              arguments: { where: { email: "a@b.c" }, limit: null },
              result: rows,
              duration_ms: expect.any(Number),
            },
            { name: "greeter", arguments: { name: "Ada", loud: null }, result: { said: "Hello Ada" }, duration_ms: expect.any(Number) },
          ],
        },
      ],
    });
    expect(operations).toEqual([{ operation: "select", table: "orders", where: { email: "a@b.c" }, limit: 20, offset: 0 }]);
    expect(result.nodeLogs.map(({ node_id }) => node_id)).toContain("helper/greeter[0][1].say");
    expect(result.nodeLogs.find(({ node_id }) => node_id === "helper")).toMatchObject({ input_tokens: 28, output_tokens: 2 });
    const [first, second] = model.requests;
    expect(first?.messages[0]?.content).toMatch(/^Help\.\n/);
    expect(first?.max_completion_tokens).toBe(20_000);
    expect(second?.max_completion_tokens).toBe(19_990);
    expect(toolMessages(1)).toEqual([rows, { said: "Hello Ada" }]);
    expect(second?.messages.slice(-2).map((message) => message.tool_call_id)).toEqual(["call_1_0", "call_1_1"]);
  });

  it("tells the model what each tool takes, by its declaration", async () => {
    const tools = [{ app: "greeter", version: 3 }, http(), { table: "orders", operations: ["insert", "update", "delete", "count"] }];
    await run([{ text: "Hi." }], { tools }, { request: { openApp } });
    const offered = model.requests[0]?.tools?.map((tool) => tool.function) ?? [];
    expect(offered.map(({ name }) => name)).toEqual([
      "greeter",
      "lookup",
      ...["insert_orders", "update_orders", "delete_orders", "count_orders"],
    ]);
    expect(offered[0]).toMatchObject({ description: "Greeter: Greets people.", parameters: { required: ["name"] } });
    expect(offered[1]?.parameters).toEqual(http().http.parameters);
    expect(offered[2]?.parameters).toMatchObject({ properties: { values: { required: ["email"], additionalProperties: false } } });
    expect(offered[4]?.parameters).toMatchObject({ required: ["where"], properties: { where: { minProperties: 1 } } });
  });

  it("streams what is said on the way, and the answer below it", async () => {
    const events: RunEvent[] = [];
    await run(
      [{ text: "Wait.", calls: [["greeter", { name: "A" }]] }, { text: "Done." }],
      { tools: [{ app: "greeter" }] },
      {
        request: { openApp },
        onEvent: (event) => events.push(event),
      },
    );
    const text = events.map((event) => (event.type === "node.delta" && event.node_id === "helper" ? event.text : "")).join("");
    expect(text).toBe("Wait.\n\nDone.");
  });

  it("is told what went wrong with a tool, and goes on", async () => {
    const executeOperation = async () => {
      throw validationFailed([{ path: "where", code: "required", message: "delete needs at least one condition" }]);
    };
    const result = await run(
      [
        {
          calls: [
            ["nobody home", {}],
            ["greeter", "{name:"],
            ["greeter", { name: 7 }],
            ["lookup", {}],
            ["busy", {}],
            ["large", {}],
            ["delete_orders", { where: {} }],
            ["delete_orders", {}],
            ["delete_orders", { where: { margin: 1 } }],
          ],
        },
        { text: "I could not." },
      ],
      {
        tools: [
          { app: "greeter" },
          http(),
          http({ name: "busy", url: `${origin}/busy`, parameters: undefined }),
          http({ name: "large", url: `${origin}/large`, parameters: undefined }),
          { table: "orders", operations: ["delete"], columns: ["id", "email"] },
        ],
      },
      { services: { executeOperation }, request: { openApp } },
    );
    expect(outputOf(result)).toMatchObject({ text: "I could not." });
    expect(toolMessages(1)?.map(({ error }) => `${error.code}: ${error.message}`)).toEqual([
      expect.stringMatching(/^not_found: There is no tool nobody home; the tools: greeter, lookup/),
      "validation_failed: The arguments are no JSON object: {name:",
      expect.stringMatching(/^node_failed: The app greeter does not take these inputs. inputs.name/),
      expect.stringMatching(/^validation_failed: args.id: /),
      "upstream_unavailable: The address answered with status 503.",
      expect.stringMatching(/^payload_too_large/),
      expect.stringMatching(/^validation_failed: where/),
      expect.stringMatching(/^validation_failed: args.where/),
      "validation_failed: There is no column margin; the columns: id, email.",
    ]);
    // Servers refuse a conversation in which a name is none, or arguments are no JSON.
    const [echoed] = model.requests[1]?.messages.filter((message) => "tool_calls" in message) ?? [];
    expect(echoed).toMatchObject({
      tool_calls: [
        { function: { name: "nobody_home", arguments: "{}" } },
        { function: { name: "greeter", arguments: "{}" } },
        {},
        {},
        {},
        {},
        {},
        {},
        {},
      ],
    });
  });

  it("must answer with its last step", async () => {
    const again: ScriptedAnswer = { calls: [["greeter", { name: "A" }]] };
    const config = { tools: [{ app: "greeter" }], max_steps: 2 };
    expect(outputOf(await run([again, { text: "So far." }], config, { request: { openApp } }))).toMatchObject({ text: "So far." });
    expect(model.requests.map(({ tool_choice }) => tool_choice)).toEqual([undefined, "none"]);
    model.close();
    const stubborn = await run([again, again], config, { request: { openApp } });
    expect(stubborn.error).toMatchObject({ code: "node_failed", message: "The model had no answer after 2 steps (max_steps)." });
  });

  it("ends when its tokens are spent, and they count", async () => {
    const again: ScriptedAnswer = { calls: [["greeter", { name: "A" }]], tokens: 60 };
    const result = await run([again, again, again], { tools: [{ app: "greeter" }], max_tokens: 100 }, { request: { openApp } });
    expect(result.error).toMatchObject({
      code: "node_failed",
      message: "The model used 120 tokens before it had an answer; max_tokens allows 100.",
    });
    expect(model.requests).toHaveLength(2);
    expect(result.usage.total_tokens).toBe(120);
  });

  it("fails where an app is not there, and stops where the quota ends or a fault is ours", async () => {
    const gone = await run([], { tools: [{ app: "gone" }] }, { request: { openApp } });
    expect(gone.error).toMatchObject({ code: "node_failed", message: 'The workspace has no published app "gone".' });
    const complete = async () => {
      throw new AppError("quota_exceeded", "No tokens left.");
    };
    expect((await run([], {}, { services: { complete } })).error).toMatchObject({ code: "quota_exceeded" });
    const executeOperation = async () => {
      throw new TypeError("a bug");
    };
    const calls: ScriptedAnswer = { calls: [["select_orders", {}]] };
    const bug = await run([calls], { tools: [{ table: "orders" }] }, { services: { executeOperation } });
    expect(bug.error).toMatchObject({ code: "node_failed", message: "The node failed unexpectedly." });
  });

  it("uses so many tools at a time, and no more", async () => {
    const calls = Array.from({ length: 18 }, () => ["greeter", { name: "A" }] as const);
    const result = await run([{ calls }, { text: "Done." }], { tools: [{ app: "greeter" }] }, { request: { openApp } });
    expect(outputOf(result)).toMatchObject({ text: "Done." });
    expect(toolMessages(1)?.filter((message) => "error" in message)).toHaveLength(2);
  });
});

describe("an http tool", () => {
  const secrets = { key: "sk-planted" };
  const auth = { type: "bearer", token: "{{ secrets.key }}" };

  it("fills in arguments, and shows no secret to anyone but the address", async () => {
    const result = await run(
      [{ calls: [["lookup", { id: "a/b?c", tag: "x y" }]] }, { text: "Found." }],
      {
        tools: [
          http({
            method: "POST",
            auth,
            query: { tag: "{{ args.tag }}", none: "{{ args.none }}" },
            body: { id: "{{ args.id }}", big: "{{ $uppercase(args.tag) }}" },
          }),
        ],
      },
      { secrets },
    );
    expect(seen.at(-1)).toEqual({
      url: "/things/a%2Fb%3Fc?tag=x+y",
      key: "Bearer sk-planted",
      body: JSON.stringify({ id: "a/b?c", big: "X Y" }),
    });
    expect(toolMessages(1)).toEqual([{ status: 200, body: { url: "/things/a%2Fb%3Fc?tag=x+y", sent: "Bearer [secret]" } }]);
    expect(JSON.stringify([result, model.requests])).not.toContain("sk-planted");
  });

  it("leaves nothing of a secret where a result is cut", async () => {
    const tool = http({ name: "long", url: `${origin}/long`, auth, parameters: undefined });
    const result = await run([{ calls: [["long", {}]] }, { text: "Hm." }], { tools: [tool] }, { secrets });
    expect(outputOf(result)).toMatchObject({
      steps: [{ tool_calls: [{ result: expect.stringMatching(/^.{1000}… \(\d+ characters\)$/s) }] }],
    });
    const [told] = model.requests[1]?.messages.filter(({ role }) => role === "tool") ?? [];
    expect(told?.content).toMatch(/… \(cut; \d+ characters in all\)$/);
    expect(told?.content).not.toContain("sk-");
  });

  it.each([
    ["https://{{ args.id }}/x", "example.com"],
    ["https://{{ args.id }}.example.com/x", "evil"],
    ["{{ args.id }}", "https://example.com"],
    ["https://example.com{{ args.id }}", ".evil.test"],
  ])("lets no argument say whose address it is: %s", async (url, id) => {
    const before = seen.length;
    const result = await run([{ calls: [["lookup", { id }]] }, { text: "No." }], { tools: [http({ url, auth })] }, { secrets });
    expect(outputOf(result)).toMatchObject({
      steps: [{ tool_calls: [{ error: { message: expect.stringContaining("path and the query") } }] }],
    });
    expect(seen.length).toBe(before);
  });

  it("lets no argument lead to another place, nor inside", async () => {
    const tools = [http(), http({ name: "inside", url: "http://169.254.169.254/{{ args.id }}" })];
    const result = await run(
      [
        {
          calls: [
            ["lookup", { id: ".." }],
            ["inside", { id: "x" }],
          ],
        },
        { text: "No." },
      ],
      { tools },
    );
    const errors = [{ code: "validation_failed" }, { code: "node_failed" }];
    expect(outputOf(result)).toMatchObject({ steps: [{ tool_calls: errors.map((error) => ({ error })) }] });
  });

  it("is cut off with its node", async () => {
    closed = Promise.withResolvers();
    const tool = http({ name: "hang", url: `${origin}/hang`, parameters: undefined });
    const result = await run([{ calls: [["hang", {}]] }], { tools: [tool] }, { node: { timeout_ms: 500 } });
    expect(result.error).toMatchObject({ code: "node_timeout" });
    await closed.promise;
  });
});

describe("tools", () => {
  async function faultsOf(tools: unknown, config: Config = {}): Promise<string[]> {
    const checked = await checkWorkflow(workflowOf({ tools, ...config }), { dbSchema });
    const place = "workflow.nodes[1].config";
    return checked.ok ? [] : checked.faults.map(({ path, code }) => `${path.replace(place, "")} ${code}`);
  }

  it("are accepted in every form", async () => {
    const headers = { "x-key": "{{ secrets.key }}" };
    const request = http({ headers, query: { q: "{{ args.id }}" }, body: "{{ args }}", method: "POST" });
    const table = { table: "orders", operations: ["select", "insert"], columns: ["email"], description: "Orders." };
    expect(await faultsOf([{ app: "greeter", description: "Greets.", version: 1 }, { app: "{{ run.id }}" }, request, table])).toEqual([]);
    expect(await faultsOf(undefined)).toEqual([]);
  });

  it.each([
    ["neither", [{}], [".tools[0] custom"]],
    ["two at once", [{ app: "a", table: "orders" }], [".tools[0] custom"]],
    ["no list", { app: "a" }, [".tools invalid_type"]],
    ["an unknown field", [{ app: "a", size: 1 }], [".tools[0] custom"]],
    ["an unknown table", [{ table: "ghosts" }], [".tools[0].table unknown_table"]],
    ["an unknown column", [{ table: "orders", columns: ["id", "ghost"] }], [".tools[0].columns[1] unknown_column"]],
    [
      "a row that could never be added",
      [{ table: "orders", operations: ["insert"], columns: ["items"] }],
      [".tools[0].columns missing_column"],
    ],
    ["an operation nobody knows", [{ table: "orders", operations: ["drop"] }], [".tools[0].operations[0] custom"]],
    ["one name twice", [{ table: "orders" }, { table: "orders" }], [".tools custom"]],
    [
      "a method nobody knows",
      [{ http: { name: "x", description: "X", url: "https://x.com", method: "FETCH" } }],
      [".tools[0].http.method custom"],
    ],
    [
      "a dangerous pattern",
      [
        {
          http: {
            name: "x",
            description: "X",
            url: "https://x.com",
            parameters: { type: "object", properties: { a: { pattern: "(a+)+" } } },
          },
        },
      ],
      [".tools[0].http.parameters custom"],
    ],
    [
      "a secret where the model reads it",
      [{ http: { name: "x", description: "{{ secrets.key }}", url: "https://x.com/{{ secrets.key }}" } }],
      [".tools[0].http.description secret_not_allowed", ".tools[0].http.url secret_not_allowed"],
    ],
    [
      "arguments where there are none",
      [{ http: { name: "x", description: "{{ args.x }}", url: "https://x.com", headers: { a: "{{ args.x }}" } } }],
      [".tools[0].http.description unknown_name", ".tools[0].http.headers.a unknown_name"],
    ],
    [
      "a name nobody knows",
      [{ http: { name: "x", description: "X", url: "https://x.com/{{ item }}", query: { q: "{{ inputs.ghost }}" } } }],
      [".tools[0].http.url unknown_name", ".tools[0].http.query.q undeclared_input"],
    ],
  ])("are refused with %s", async (_what, tools, faults) => {
    expect(await faultsOf(tools)).toEqual(faults);
  });

  it("name arguments nowhere else", async () => {
    expect(await faultsOf([], { input: "{{ args.x }}" })).toEqual([".input unknown_name"]);
  });
});
