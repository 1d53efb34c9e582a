import { beforeAll, describe, expect, it } from "vitest";
import { type Answer, apiKey, call, echo, inParallel, type Json, type Member, type PublishedApp, publishApp, signUp } from "./client.ts";

/** One code node, with one input of any kind. */
function coder(code: string, changes: Json = {}): Json {
  const nodes = [
    { id: "start", type: "start", config: { inputs: [{ name: "x", type: "json" }] } },
    { id: "it", type: "code", config: { code }, ...changes },
    { id: "end", type: "end", config: { outputs: { value: "{{ nodes.it.value }}", logs: "{{ nodes.it.logs }}" } } },
  ];
  const edges = [
    { from: "start", to: "it" },
    { from: "it", to: "end" },
  ];
  return echo("", { name: "Coder", workflow: { nodes, edges } });
}

let author: Member;
/** Answers whatever others do. */
let bystander: PublishedApp;

beforeAll(async () => {
  author = await signUp();
  bystander = await publishApp(author, echo("Hello"));
});

const visit = (app: PublishedApp, x: Json = null): Promise<Answer> => call(`${app.path}/runs`, { body: { inputs: { x } } });

/** The Worker serves others, with code and without. */
async function requireService(): Promise<void> {
  const { status, body } = await call(`${bystander.path}/runs`, { body: { inputs: { word: "you" } } });
  expect([status, body.data.outputs]).toEqual([200, { said: "Hello you" }]);
}

describe("a code node", () => {
  it("computes what it is given, alike in both hosts", async () => {
    const app = await publishApp(author, coder("console.log('got', inputs.x); return inputs.x.map((n) => n * 2)"));
    const expected = { value: [2, 4, 6], logs: ["got [1,2,3]"] };
    expect((await visit(app, [1, 2, 3])).body.data).toMatchObject({ status: "completed", outputs: expected });
    const kept = await call(`${app.path}/runs`, {
      body: { inputs: { x: [1, 2, 3] } },
      headers: { "Idempotency-Key": crypto.randomUUID() },
    });
    expect(kept.body.data).toMatchObject({ status: "completed", outputs: expected });
  });

  it("that does not compile is refused when it is saved", async () => {
    const answer = await call(`/api/v1/workspaces/${author.workspace.id}/apps`, {
      headers: author.as,
      body: coder("const a = 1;\n\nreturn a b;"),
    });
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toEqual([
      { path: "workflow.nodes[1].config.code", code: "invalid_code", message: "SyntaxError: expecting ';' (line 3, column 10)" },
    ]);
  });

  it("shows its author where it failed, and what it was", async () => {
    const app = await publishApp(author, coder("const { name } = inputs.x;\nreturn name.first.toUpperCase();"));
    const { body } = await visit(app, { name: {} });
    expect(body.data).toMatchObject({
      status: "failed",
      error: { code: "node_failed", message: expect.stringContaining("line 2, column"), node_id: "it" },
    });
    const headers = await apiKey(author, ["runs:read"]);
    expect((await call(`/api/v1/runs/${body.data.run_id}`, { headers })).body.data.error.message).toContain(
      "TypeError: cannot read property",
    );
  });
});

describe("code that attacks", () => {
  it.each([
    ["an endless loop", "for (;;);", "node_timeout", "computes for longer than 1000 ms"],
    ["endless promises", "for (;;) await null", "node_timeout", "computes for longer than 1000 ms"],
    ["an endless loop while its value is read", "return { get a() { for (;;); } }", "node_timeout", "computes for longer than 1000 ms"],
    ["an endless search", "return [].indexOf.call({ length: 2 ** 53 - 1 }, 1)", "node_timeout", "computes for longer than 1000 ms"],
    ["an endless pattern", "return /(a+)+$/.test('a'.repeat(40) + 'b')", "node_timeout", "computes for longer than 1000 ms"],
    ["a gigabyte", "return new ArrayBuffer(1e9)", "node_failed", "more than 32 MiB of memory"],
    ["a gigabyte bit by bit", "const a = []; for (;;) a.push('x'.repeat(1e5) + a.length)", "node_failed", "more than 32 MiB of memory"],
    ["deep recursion", "const again = () => again(); again()", "node_failed", "stack overflow"],
    ["deep nesting", "return JSON.parse('['.repeat(1e6))", "node_failed", "nested too deeply"],
    ["a poisoned prototype", `return JSON.parse('{"__proto__": {"x": 1}}')`, "node_failed", "a key named __proto__"],
    ["a fetch", "return await fetch('https://example.com')", "node_failed", "fetch is not available in a code node. Use an http node."],
    ["a timer", "setTimeout(() => {}, 10)", "node_failed", "setTimeout is not available in a code node. Use a wait node."],
    ["an import", "await import('node:fs')", "node_failed", "import is not available in a code node."],
    ["a promise that nothing settles", "await new Promise(() => {})", "node_failed", "a promise that nothing settles"],
    ["a flood of output", "return 'x'.repeat(2e6)", "node_failed", "characters of JSON; 1048576 are allowed"],
  ])("with %s fails its run and nothing else", async (_what, code, errorCode, message) => {
    const app = await publishApp(author, coder(code));
    const { status, body } = await visit(app);
    expect([status, body.data.status]).toEqual([200, "failed"]);
    expect(body.data.error).toMatchObject({ code: errorCode, message: expect.stringContaining(message), node_id: "it" });
    await requireService();
  });

  it("by changing what all objects inherit changes nothing for others", async () => {
    const poison = await publishApp(
      author,
      coder("Object.prototype.said = 'gotcha'; Array.prototype.map = null; globalThis.kept = 1; return 1"),
    );
    const probe = await publishApp(author, coder("return [({}).said, typeof kept, [1].map(String)]"));
    expect((await visit(poison)).body.data.outputs.value).toBe(1);
    expect((await visit(probe)).body.data.outputs.value).toEqual([null, "undefined", ["1"]]);
    await requireService();
  });

  it("from twenty visitors at once does not take the Worker down", async () => {
    const [endless, fine] = [
      await publishApp(author, coder("for (;;);", { timeout_ms: 500 })),
      await publishApp(author, coder("return inputs.x")),
    ];
    const attacks = inParallel(20, 20, () => visit(endless));
    const served = inParallel(10, 5, (index) => visit(fine, index));
    for (const { status, body } of await attacks) {
      expect([status, body.data.status, body.data.error.code]).toEqual([200, "failed", "node_timeout"]);
    }
    expect((await served).map(({ body }) => body.data.outputs.value)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    await requireService();
    expect((await visit(fine, "after")).body.data.outputs.value).toBe("after");
  });
});
