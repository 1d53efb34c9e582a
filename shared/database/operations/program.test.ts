import { describe, expect, it } from "vitest";
import { asCountedResult, asResult } from "./program.ts";

const id = { name: "id", type: "text" } as const;
const count = { name: "_count", type: "integer" } as const;

describe("results", () => {
  it("are the rows as they came", () => {
    expect(asResult({ columns: [id], rows: [["a"]], count: 1 })).toEqual({ rows: [{ id: "a" }], count: 1 });
  });

  it("count what changed, not what came back", () => {
    expect(asCountedResult({ columns: [id, count], rows: [["a", "1500"]], count: 1 })).toEqual({ rows: [{ id: "a" }], count: 1500 });
    expect(asCountedResult({ columns: [id, count], rows: [], count: 0 })).toEqual({ rows: [], count: 0 });
    expect(asCountedResult({ columns: [count], rows: [["7"]], count: 1 })).toEqual({ rows: [], count: 7 });
  });
});
