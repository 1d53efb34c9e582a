import { afterEach, expect, it, vi } from "vitest";
import { createLogger } from "./log.ts";

afterEach(() => vi.restoreAllMocks());

it("keeps the parameters of a failed query out of the log", () => {
  const lines: string[] = [];
  vi.spyOn(console, "error").mockImplementation((line: string) => void lines.push(line));
  const failure = () => new Error("Failed query: select $1\nparams: top-secret,two\nlines of it", { cause: new Error("it broke") });
  createLogger().error("failed", failure());
  createLogger().error("failed", new Error("outer", { cause: failure() }));
  expect(lines).toHaveLength(2);
  for (const line of lines) {
    expect(line).toContain("Failed query: select $1");
    expect(line).not.toMatch(/top-secret|lines of it/);
    expect(line).toContain("log.test.ts");
  }
});
