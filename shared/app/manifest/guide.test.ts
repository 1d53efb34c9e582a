import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { NODE_TYPES } from "#execution";
import { validateManifest } from "./validate.ts";

const guide = readFileSync(new URL("../../../docs/manifest.md", import.meta.url).pathname, "utf8");

describe("the guide to manifests", () => {
  it("shows apps that run", async () => {
    const examples = [...guide.matchAll(/```json\n([\s\S]*?)```/g)].map(([, code]) => JSON.parse(code ?? ""));
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) expect(await validateManifest(example)).toMatchObject({ ok: true });
  });

  it("describes every node there is, and no other", () => {
    const described = [...guide.matchAll(/^\| `(\w+)` /gm)].map(([, type]) => type);
    expect(described.sort()).toEqual(NODE_TYPES.map(({ type }) => type).sort());
  });
});
