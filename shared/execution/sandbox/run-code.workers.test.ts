import { describe, expect, it } from "vitest";
import { checkCode } from "./check-code.ts";
import { type CodeRun, runCode } from "./run-code.ts";

function run(body: string, changes: Partial<CodeRun> = {}) {
  const openFile = () => Promise.reject(new Error("no files here"));
  return runCode({ body, given: {}, openFile, computeMs: 100, signal: new AbortController().signal, ...changes });
}

/*
 * The sandbox where it will live: WebAssembly comes out of the bundle there, and the stack beneath it is another.
 */
describe("code in a Worker", () => {
  it("runs, and reads files", async () => {
    const bytes = Uint8Array.from(new TextEncoder().encode("hello"));
    const reference = { id: "fil_1", name: "a.txt", type: "text/plain", size: bytes.byteLength };
    const openFile = async () => ({ reference, bytes });
    const body = "console.log('x'); return [input.n + 1, await files.text(input.file), await files.base64(input.file)]";
    expect(await run(body, { given: { input: { n: 1, file: reference } }, openFile })).toEqual({
      value: [2, "hello", "aGVsbG8="],
      logs: ["x"],
    });
  });

  it.each([
    ["for (;;);", "node_timeout"],
    ["for (;;) await null", "node_timeout"],
    ["const again = () => again(); again()", "node_failed"],
    ["return eval('('.repeat(1e5))", "node_failed"],
    ["return JSON.parse('['.repeat(1e6))", "node_failed"],
    ["return new ArrayBuffer(1e9)", "node_failed"],
  ])(
    "ends, and leaves the Worker whole: %s",
    async (body, code) => {
      await expect(run(body)).rejects.toMatchObject({ code });
      expect(await run("return 1")).toEqual({ value: 1, logs: [] });
    },
    30_000,
  );

  it("is compiled, and not run, to find its faults", async () => {
    expect(await checkCode(["return 1", "return (", "for (;;);", "(".repeat(60_000), "return 2"])).toEqual([
      undefined,
      "SyntaxError: unexpected token in expression: '}' (line 2, column 1)",
      undefined,
      "The code is nested too deeply.",
      undefined,
    ]);
  });
});
