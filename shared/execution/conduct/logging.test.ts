import { describe, expect, it } from "vitest";
import { inARow, type RunOptions, runWorkflow } from "../fixtures/run-workflow.ts";

const big = "x".repeat(50_000);
const workflow = inARow(
  [{ id: "big", type: "transform", config: { value: "{{ inputs.text }}" } }],
  { size: "{{ $length(nodes.big.value) }}" },
  [{ name: "text", type: "string" }],
);

/** Runs the workflow on a large text; gives its log of the large value, and what was kept by the end of which node. */
async function run(options: RunOptions = {}) {
  const kept = new Map<string, string>();
  const keptBy: Record<string, number> = {};
  const keepValue = async (seq: number, side: string, json: string) => {
    await new Promise(setImmediate);
    kept.set(`${seq}/${side}`, json);
  };
  const result = await runWorkflow(workflow, {
    inputs: { text: big },
    conduct: { keepValue },
    onEvent: (event) => {
      if (event.type === "node.finished") keptBy[event.node_id] = kept.size;
    },
    ...options,
  });
  const log = result.nodeLogs.find(({ node_id }) => node_id === "big");
  return { result, kept, keptBy, log };
}

describe("a value that is too large for its log", () => {
  it("is kept whole elsewhere, before the node has ended", async () => {
    const { result, log, kept, keptBy } = await run();
    expect(result).toMatchObject({ status: "completed", outputs: { size: 50_000 } });
    expect(log).toMatchObject({ outputs: { truncated: true, bytes: 50_012, stored: true }, inputs: { truncated: true, stored: true } });
    expect(kept.get("1/outputs")).toBe(JSON.stringify({ value: big }));
    expect([...kept.keys()].sort()).toEqual(["0/outputs", "1/inputs", "1/outputs"]);
    expect(keptBy).toEqual({ start: 1, big: 3, end: 3 });
  });

  it("stops no run where it cannot be kept, and is not said to be", async () => {
    const keepValue = () => Promise.reject(new Error("the store is away"));
    const { result, log } = await run({ conduct: { keepValue } });
    expect(result).toMatchObject({ status: "completed", outputs: { size: 50_000 } });
    expect(log).toMatchObject({ outputs: { truncated: true, stored: false, preview: expect.stringContaining("xxx") } });
  });

  it("is kept without the secrets in it", async () => {
    const call = inARow(
      [{ id: "call", type: "http", config: { url: "https://example.com/", headers: { "x-key": "{{ secrets.key }}" } } }],
      {},
    );
    const kept: string[] = [];
    await runWorkflow(call, {
      secrets: { key: "pl4nted-secret" },
      services: { fetch: async () => new Response(`${"pl4nted-secret ".repeat(5_000)}`) },
      conduct: {
        keepValue: async (_seq, _side, json) => {
          kept.push(json);
        },
      },
    });
    expect(kept).toHaveLength(1);
    expect(kept[0]).toContain("[secret]");
    expect(kept[0]).not.toContain("pl4nted");
  });
});
