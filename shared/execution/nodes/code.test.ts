import { describe, expect, it } from "vitest";
import { z } from "zod";
import { inARow, type RunOptions, runWorkflow } from "../fixtures/run-workflow.ts";

const MIB = 1_048_576;

/** Runs a piece of code with the input `x`, and gives its output, or fails with the run's error. */
async function outputOf(code: string, options: RunOptions & { readonly timeout_ms?: number } = {}): Promise<unknown> {
  const { timeout_ms, ...rest } = options;
  const node = { id: "it", type: "code", config: { code }, ...(timeout_ms !== undefined && { timeout_ms }) };
  const result = await runWorkflow(inARow([node], { all: "{{ nodes.it }}" }, [{ name: "x", type: "json" }]), rest);
  if (result.error) throw Object.assign(new Error(result.error.message), { code: result.error.code });
  return result.outputs?.["all"];
}

async function resultOf(code: string, x: unknown = null): Promise<unknown> {
  const output = await outputOf(code, { inputs: { x } });
  return typeof output === "object" && output !== null && "value" in output ? output.value : output;
}

async function failureOf(code: string, options: Parameters<typeof outputOf>[1] = {}) {
  const error: unknown = await outputOf(code, options).then(
    (output) => new Error(`it gave ${JSON.stringify(output)}`),
    (failure: unknown) => failure,
  );
  return error;
}

describe("a code node", () => {
  it.each([
    ["return inputs.x * 2", 21, 42],
    ["return nodes.start", { a: [1, "ü€😀"] }, { x: { a: [1, "ü€😀"] } }],
    ["const half = async (n) => n / 2; return await half(inputs.x)", 8, 4],
    [" // nothing but a comment", null, null],
    ["return undefined", null, null],
    ["return { at: new Date(0), none: undefined, rest: [undefined, NaN] }", null, { at: "1970-01-01T00:00:00.000Z", rest: [null, null] }],
    ["return '{{ inputs.x }}'", 1, "{{ inputs.x }}"],
    ["const inputs = 1, item = 2; return inputs + item", null, 3],
    ["return [Math.random() < 1, Date.now() > 1e12]", null, [true, true]],
  ])("%s, given %j, gives %j", async (code, x, expected) => {
    expect(await resultOf(code, x)).toEqual(expected);
  });

  it("sees the outputs of the nodes before it, null for those that were skipped", async () => {
    const workflow = {
      nodes: [
        { id: "start", type: "start" },
        { id: "which", type: "condition", config: { expression: true } },
        { id: "one", type: "transform", config: { value: 1 } },
        { id: "other", type: "transform", config: { value: 2 } },
        { id: "it", type: "code", config: { code: "return Object.entries(nodes)" } },
        { id: "end", type: "end", config: { outputs: { all: "{{ nodes.it.value }}" } } },
      ],
      edges: [
        { from: "start", to: "which" },
        { from: "which", port: "true", to: "one" },
        { from: "which", port: "false", to: "other" },
        { from: "one", to: "it" },
        { from: "other", to: "it" },
        { from: "it", to: "end" },
      ],
    };
    const { outputs } = await runWorkflow(workflow);
    expect(outputs?.["all"]).toEqual([
      ["start", {}],
      ["which", { value: true }],
      ["one", { value: 1 }],
      ["other", null],
    ]);
  });

  it("sees the turn of the loop around it", async () => {
    const code = "return [inputs.x, item, index, last && last.got[1]]";
    const body = inARow([{ id: "it", type: "code", config: { code } }], { got: "{{ nodes.it.value }}" });
    const loop = { id: "each", type: "loop", config: { items: ["a", "b"], body } };
    const { outputs } = await runWorkflow(inARow([loop], { all: "{{ nodes.each.results }}" }, [{ name: "x", type: "json" }]), {
      inputs: { x: 7 },
    });
    expect(outputs).toEqual({ all: [{ got: [7, "a", 0, null] }, { got: [7, "b", 1, "a"] }] });
    await expect(outputOf("return item")).rejects.toThrow("line 1, column 8: ReferenceError: 'item' is not defined");
  });

  it("logs what it says", async () => {
    const code = `
      console.log("rows", 3, { a: [1] }, null, undefined);
      console.info(new TypeError("odd"), 1n);
      console.warn("slow"); console.error("bad");`;
    expect(await outputOf(code)).toEqual({
      value: null,
      logs: ['rows 3 {"a":[1]} null undefined', "TypeError: odd 1", "warn: slow", "error: bad"],
    });
  });

  it.each([
    "for (let i = 0; i < 1e5; i++) console.log('line', i)",
    "for (;;) { console.log('x'.repeat(9000)); if (--inputs.x < 0) return }",
  ])("logs no more than can be kept: %s", async (code) => {
    const output = await outputOf(code, { inputs: { x: 50 } });
    const { logs } = z.object({ logs: z.array(z.string()) }).parse(output);
    expect(logs.length).toBeLessThanOrEqual(201);
    expect(logs.join("\n").length).toBeLessThan(17_000);
    expect(logs.at(-1)).toMatch(/the rest of the log is left out/);
  });

  it("never shows a secret", async () => {
    const services = {
      complete: async () => ({
        text: "the key is s3cret-value",
        usage: { input_tokens: 0, output_tokens: 0, total_tokens: 0 },
        model: "m",
      }),
    };
    const workflow = inARow(
      [
        { id: "ask", type: "http", config: { url: "https://example.com", headers: { k: "{{ secrets.key }}" } }, on_error: "continue" },
        { id: "llm", type: "llm", config: { prompt: "x" } },
        {
          id: "it",
          type: "code",
          config: { code: "console.log(nodes.llm.text); return [typeof secrets, nodes.llm.text, 's3cret' + '-value']" },
        },
      ],
      { all: "{{ nodes.it }}" },
    );
    const result = await runWorkflow(workflow, { services, secrets: { key: "s3cret-value" } });
    expect(result.outputs?.["all"]).toEqual({
      value: ["undefined", "the key is [secret]", "[secret]"],
      logs: ["the key is [secret]"],
    });
    expect(JSON.stringify(result)).not.toContain("s3cret-value");
  });
});

describe("files", () => {
  const bytes = Uint8Array.from(new TextEncoder().encode('{"total": "12 €"}'));
  const reference = { id: "fil_1", name: "bill.json", type: "application/json", size: bytes.byteLength };
  const openFile = async (id: string) => {
    if (id === "fil_1") return { reference, bytes };
    if (id === "fil_big") return { reference, bytes: new Uint8Array(9 * MIB) };
    throw Object.assign(new Error("The file was not found."), { code: "not_found" });
  };
  const options = { inputs: { x: reference }, services: { openFile } };

  it("are read as text, JSON and base64, several at once", async () => {
    const code = "return await Promise.all([files.text(inputs.x), files.json(inputs.x), files.base64(inputs.x)])";
    const text = new TextDecoder().decode(bytes);
    expect(await outputOf(code, options)).toEqual({ value: [text, JSON.parse(text), Buffer.from(bytes).toString("base64")], logs: [] });
  });

  it.each([
    ["return await files.text({ id: 'fil_2' })", "The file was not found."],
    ["return await files.text('bill.json')", "files.text takes a file, such as an input of type file."],
    ["return await files.text({ id: 'fil_big' })", "A code node reads at most 8388608 bytes of files in all."],
    ["for (;;) await files.text(inputs.x)", "A code node reads at most 50 files."],
    ["return await files.json({ id: 'fil_big' })", "A code node reads at most 8388608 bytes of files in all."],
  ])("that cannot be read fail the code: %s", async (code, message) => {
    expect(await failureOf(code, options)).toMatchObject({ code: "node_failed", message: expect.stringContaining(message) });
    expect(await outputOf(`try { ${code} } catch (error) { return error.message }`, options)).toMatchObject({ value: message });
  });

  it("that do not come hold the code no longer than its time", async () => {
    const services = { openFile: () => new Promise<never>(() => {}) };
    expect(await failureOf("await files.text({ id: 'x' })", { services, timeout_ms: 300 })).toMatchObject({ code: "node_timeout" });
  });

  it("that fail for reasons of our own end the node and tell nothing", async () => {
    const services = { openFile: () => Promise.reject(new Error("bucket agentflow-files")) };
    const failure = await failureOf("try { await files.text({ id: 'x' }) } catch (error) { return error.message }", { services });
    expect(failure).toMatchObject({ code: "node_failed", message: "The node failed unexpectedly." });
  });
});

describe("an error in the code", () => {
  it.each([
    ["\n\n  return null.x", "The code failed in line 3, column 14: TypeError: cannot read property 'x' of null"],
    ["function deep() {\n  throw new RangeError('far')\n}\ndeep()", "The code failed in line 2, column 23: RangeError: far"],
    ["await null;\nawait Promise.reject(new Error('later'))", "The code failed in line 2, column 31: Error: later"],
    ["return (", "The code failed in line 2, column 1: SyntaxError"],
    ["total = 1", "ReferenceError: 'total' is not defined"],
    ["throw 'plain'", "The code failed: It throws plain."],
    ["throw { a: 1 }", 'The code failed: It throws {"a":1}.'],
    ["throw null", "The code failed: It throws null"],
    ["throw { get message() { throw 1 } }", "The code failed: It throws [object]."],
    ["throw Object.defineProperty(new Error(), 'message', { get() { throw 1 } })", "It throws what cannot be shown."],
    ["throw new Error('x'.repeat(1e6))", `Error: ${"x".repeat(900)}`],
    ["return 1n", "not JSON: it holds a BigInt."],
    ["return { a: { go() {} } }", "not JSON: it holds a function (go)."],
    ["return [Symbol('s')]", "not JSON: it holds a symbol (0)."],
    ["return new Map([[1, 2]])", "not JSON: it holds a Map."],
    ["const a = {}; a.a = a; return a", "not JSON: circular reference."],
    ["return { toJSON() { throw new Error('no') } }", "not JSON: no."],
  ])("says what it is, and where: %j", async (code, message) => {
    expect(await failureOf(code)).toMatchObject({ code: "node_failed", message: expect.stringContaining(message) });
  });
});

describe("what code must not do", () => {
  it.each([
    ["fetch('https://example.com')", "fetch is not available in a code node. Use an http node."],
    ["new WebSocket('wss://example.com')", "WebSocket is not available in a code node. Use an http node."],
    ["setTimeout(() => {}, 1)", "setTimeout is not available in a code node. Use a wait node."],
    ["setInterval(() => {}, 1)", "setInterval is not available in a code node. Use a wait node."],
    ["require('fs')", "require is not available in a code node."],
    ["await import('node:fs')", "import is not available in a code node."],
    ["return process.env", "'process' is not defined"],
    ["return new Function('return process')().env", "'process' is not defined"],
    ["return (0, eval)('process')", "'process' is not defined"],
    ["return new Promise(() => {})", "The code waits for a promise that nothing settles."],
    ["await { then() {} }", "The code waits for a promise that nothing settles."],
    ["const rows = []; for (;;) rows.push('x'.repeat(1e5) + rows.length)", "The code needs more than 32 MiB of memory."],
    ["const rows = []; for (;;) rows.push(rows.length)", "The code needs more than 32 MiB of memory."],
    ["return new ArrayBuffer(1e9)", "The code needs more than 32 MiB of memory."],
    ["return new Uint8Array(1e9).length", "The code needs more than 32 MiB of memory."],
    ["return 'x'.repeat(1e9)", "The code needs more than 32 MiB of memory."],
    ["let s = 'x'; for (;;) s += s", "string too long"],
    ["const again = () => again(); again()", "stack overflow"],
    ["const a = []; a[0] = a; return JSON.parse('['.repeat(1e6))", "The code is nested too deeply."],
    ["return eval('('.repeat(1e5))", "The code is nested too deeply."],
    ["return new RegExp('(?:'.repeat(1e5) + ')'.repeat(1e5)).test('x')", "The code"],
    ["let o = {}; for (let i = 0; i < 1e4; i++) o = { o }; return o", "The code is nested too deeply."],
    ["return 'x'.repeat(2e6)", "The code gives 2000022 characters of JSON; 1048576 are allowed."],
    [`return JSON.parse('{"__proto__": {"x": 1}}')`, "not JSON: it holds a key named __proto__."],
    [`return { a: JSON.parse('[{"__proto__": 1}]') }`, "not JSON: it holds a key named __proto__."],
  ])(
    "fails with a word about it: %s",
    async (code, message) => {
      expect(await failureOf(code)).toMatchObject({ code: "node_failed", message: expect.stringContaining(message) });
    },
    30_000,
  );

  it.each([
    "for (;;);",
    "for (;;) await null",
    "const again = () => Promise.resolve().then(again); await again()",
    "await { then(resolve) { for (;;); } }",
    "return { get a() { for (;;); } }",
    "return { toJSON() { for (;;); } }",
    "return new Proxy({}, { ownKeys() { for (;;); } })",
    "throw { get message() { for (;;); } }",
    "console.log({ toJSON() { for (;;); } })",
    "try { for (;;); } finally { for (;;); }",
    "function both() { try { both() } finally { both() } } both()",
    "return /(a+)+$/.test('a'.repeat(40) + 'b')",
    "return /(?:a|a)*$/.test('a'.repeat(40) + 'b')",
    "return [].indexOf.call({ length: 2 ** 53 - 1 }, 1)",
    "return new Array(4e9).sort()",
    "let a = []; for (let i = 0; i < 60; i++) a = [a, a]; return a.flat(Infinity)",
    "return 'a'.repeat(1e7).indexOf('a'.repeat(5e6) + 'b')",
    "const bytes = new Uint8Array(2e7); for (;;) bytes.fill(1)",
    "const n = 2n ** 500000n; for (;;) n * n",
    "Promise.prototype.then = () => { for (;;); }; Object.prototype.toJSON = () => { for (;;); }; for (;;) await null",
  ])(
    "ends in time whatever it computes: %s",
    async (code) => {
      const failure = await failureOf(code, { timeout_ms: 100 });
      expect(failure).toMatchObject({ code: "node_timeout", message: expect.stringMatching(/longer than 100 ms/) });
    },
    30_000,
  );

  it("may compute for a few seconds at most, whatever its node says", async () => {
    expect(await failureOf("for (;;);", { timeout_ms: 600_000 })).toMatchObject({
      code: "node_timeout",
      message: "The code computes for longer than 3000 ms.",
    });
  }, 60_000);

  it("leaves nothing behind", async () => {
    await resultOf(
      "Object.prototype.x = 1; Array.prototype.map = null; globalThis.kept = 'a secret'; JSON.stringify = () => 'x'; return 1",
    );
    expect(await resultOf("return [({}).x, [1].map(String), typeof kept, JSON.stringify({})]")).toEqual([null, ["1"], "undefined", "{}"]);
    expect("x" in {}).toBe(false);
  });

  it("harms no others, also side by side", async () => {
    const attacks = ["for (;;);", "const a = []; for (;;) a.push(1)", "eval('['.repeat(1e5))", "throw 1"];
    const all = [...attacks, "return 1", ...attacks, "return 1"].map((code) => outputOf(code).catch(() => "failed"));
    const done = { value: 1, logs: [] };
    const failed = attacks.map(() => "failed");
    expect(await Promise.all(all)).toEqual([...failed, done, ...failed, done]);
  }, 60_000);

  it("takes no more than it can hold", async () => {
    expect(await failureOf("return 1", { inputs: { x: "x".repeat(5 * MIB) } })).toMatchObject({
      code: "node_failed",
      message: expect.stringContaining("a code node takes 4194304"),
    });
  });
});
