import { describe, expect, it } from "vitest";
import { followEvent, type LiveNode, type RunEvent, readRunEvent, underWay } from "./live-nodes.ts";

function nodesAfter(...events: RunEvent[]): readonly LiveNode[] {
  return events.reduce(followEvent, [] as readonly LiveNode[]);
}

const started: RunEvent = { type: "node.started", id: "reply", nodeType: "generate" };

describe("followEvent", () => {
  it("gathers what a node streams, and forgets what it streamed before it was tried again", () => {
    const hello: RunEvent = { type: "node.delta", id: "reply", text: "Hello " };
    const there: RunEvent = { type: "node.delta", id: "reply", text: "there" };
    expect(nodesAfter(started, hello, there)).toEqual([{ id: "reply", type: "generate", text: "Hello there", until: null }]);
    expect(nodesAfter(started, hello, { type: "node.retried", id: "reply" }, there)[0]?.text).toBe("there");
  });

  it("says until when a node waits, and keeps branches apart", () => {
    const other: RunEvent = { type: "node.started", id: "ask", nodeType: "approval" };
    const nodes = nodesAfter(started, other, { type: "node.waiting", id: "ask", until: "2026-12-01T00:00:00.000Z" });
    expect(nodes.map(({ id, until }) => [id, until])).toEqual([
      ["reply", null],
      ["ask", "2026-12-01T00:00:00.000Z"],
    ]);
  });

  it("begins a node anew when the stream tells it again", () => {
    expect(nodesAfter(started, { type: "node.delta", id: "reply", text: "a" }, started)).toHaveLength(1);
  });

  it("keeps a finished node until its log is there", () => {
    const nodes = nodesAfter(started, { type: "node.finished", id: "reply" });
    expect(underWay(nodes, [])).toHaveLength(1);
    expect(underWay(nodes, [{ node_id: "reply" }])).toEqual([]);
  });
});

describe("readRunEvent", () => {
  it("reads what the API sends", () => {
    expect(readRunEvent("node.started", '{"type":"node.started","node_id":"a","node_type":"llm"}')).toEqual({
      type: "node.started",
      id: "a",
      nodeType: "llm",
    });
    expect(readRunEvent("node.finished", '{"node_id":"a","status":"completed","log":{"seq":1}}')).toEqual({
      type: "node.finished",
      id: "a",
    });
  });

  it.each(["{}", "null", '{"node_id":"a"}', '{"node_id":1,"text":"x"}'])("has no use for %s", (data) => {
    expect(readRunEvent("node.delta", data)).toBeUndefined();
  });
});
