import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { inRepository } from "../repository.ts";
import { meter } from "./meter.ts";

const original = readFileSync(fileURLToPath(import.meta.resolve("@jitl/quickjs-wasmfile-release-sync/wasm")));

const I32 = 0x7f;
/** A module whose function `f` (n) has this body, with a memory of one page. Its sections are those that QuickJS has too. */
function moduleWith(body: readonly number[]): Uint8Array {
  const section = (id: number, bytes: readonly number[]) => [id, bytes.length, ...bytes];
  const code = [0, ...body, 0x0b];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [2, 0x60, 1, I32, 0, 0x60, 0, 0]),
    ...section(2, [1, 1, 0x61, 1, 0x69, 0x00, 1]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, 1]),
    ...section(6, [1, I32, 0, 0x41, 7, 0x0b]),
    ...section(7, [1, 1, 0x66, 0x00, 1]),
    ...section(10, [1, code.length, ...code]),
  ]);
}

/** Calls `f` of the metered module with so much fuel, and tells how much was burnt; what it throws is thrown. */
function burnt(body: readonly number[], n: number, fuel = 1_000): number {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(meter(moduleWith(body))), { a: { i: () => {} } });
  const { f, fuel: store } = exports;
  if (typeof f !== "function" || !(store instanceof WebAssembly.Global)) throw new Error("the module lacks its exports");
  store.value = fuel;
  f(n);
  return fuel - store.value;
}

/** Turns n times: loop, n -= 1, br_if n. */
const COUNT_DOWN = [0x03, 0x40, 0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b];
const FOR_EVER = [0x03, 0x40, 0x0c, 0, 0x0b];
const RECURSE = [0x20, 0, 0x10, 1];
/** Fills n bytes from address 0. */
const FILL = [0x41, 0, 0x41, 1, 0x20, 0, 0xfc, 0x0b, 0];
const COPY = [0x41, 0, 0x41, 8, 0x20, 0, 0xfc, 0x0a, 0, 0];

describe("a metered module", () => {
  it("pays for calls, turns of loops, and bytes at a stroke", () => {
    expect(burnt([], 0)).toBe(1);
    expect(burnt(COUNT_DOWN, 10)).toBe(11);
    // The call of the function that fills, and one for each 32 bytes.
    expect(burnt(FILL, 6_400)).toBe(1 + 200);
    expect(burnt(COPY, 6_400)).toBe(1 + 200);
  });

  it.each([
    ["a loop", FOR_EVER, 0],
    ["a recursion", RECURSE, 0],
    ["a copy", COPY, 60_000],
  ])("ends %s that would go on with an empty store", (_what, body, n) => {
    expect(() => burnt(body, n)).toThrow(WebAssembly.RuntimeError);
  });

  it("still does what it did", () => {
    const before = new WebAssembly.Module(original);
    const after = new WebAssembly.Module(meter(original));
    expect(WebAssembly.Module.imports(after)).toEqual(WebAssembly.Module.imports(before));
    expect(WebAssembly.Module.exports(after)).toEqual([...WebAssembly.Module.exports(before), { name: "fuel", kind: "global" }]);
  });

  it("is refused where it could not be metered whole", () => {
    expect(() => meter(moduleWith([0xfd, 0x0c]))).toThrow("is not known");
  });
});

describe("the QuickJS of code nodes", () => {
  it("is the package's own, metered; after an update: node dev/quickjs/build.ts", () => {
    const kept = readFileSync(inRepository("shared/execution/sandbox/quickjs.wasm"));
    expect(kept.equals(meter(original))).toBe(true);
  });
});
