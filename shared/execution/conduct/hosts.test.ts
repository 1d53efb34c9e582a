import { describe, expect, it } from "vitest";
import { checkWorkflow } from "../check.ts";
import { CrashingJournal, Store } from "../fixtures/crashing-journal.ts";
import { everyNode, everyNodeSchema, waitsInSample } from "../fixtures/every-node.ts";
import { comparable, runEveryNode } from "../fixtures/every-node-run.ts";
import { MemoryJournal } from "../memory-journal.ts";
import { findNodeType, NODE_TYPES } from "../nodes/registry.ts";

describe("a manifest of fifty nodes with every type there is", () => {
  const types = NODE_TYPES.map(({ type }) => type);
  const workflow = everyNode({ types, far: "https://far.example.com", saying: "saying", waiting: true });

  it("is one that may be published", async () => {
    expect(workflow.nodes.length).toBeGreaterThanOrEqual(50);
    expect(new Set(workflow.nodes.map(({ type }) => type))).toEqual(new Set(types));
    const waiting = workflow.nodes.filter(({ type, config }) => findNodeType(type)?.waits(config)).map(({ type }) => type);
    expect(new Set(types.filter(waitsInSample))).toEqual(new Set(waiting));
    expect(await checkWorkflow(workflow, { dbSchema: everyNodeSchema })).toMatchObject({ ok: true });
  });

  it("gives the same in memory and from a journal that outlives it, each node once", async () => {
    const store = new Store();
    const [memory, durable] = await Promise.all([runEveryNode(new MemoryJournal()), runEveryNode(new CrashingJournal(store))]);
    expect(memory).toMatchObject({ status: "completed", outputs: { mended: "node_failed" } });
    expect(durable.outputs).toEqual(memory.outputs);
    expect(durable.usage).toEqual(memory.usage);
    expect(comparable(durable.nodeLogs)).toEqual(comparable(memory.nodeLogs));
    const ran = memory.nodeLogs.map(({ node_id }) => node_id);
    expect(new Set(ran).size).toBe(ran.length);
    expect(ran.filter((id) => id.startsWith("skipped"))).toEqual([]);
    expect(Object.values(memory.outputs ?? {}).filter((value) => value === null)).toEqual([]);
    expect(memory.nodeLogs.filter(({ node_type }) => node_type === "http").map(({ attempts }) => attempts)).not.toContain(1);
  }, 30_000);
});
