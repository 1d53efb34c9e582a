import { describe, expect, it } from "vitest";
import { workflowSchema } from "./check.ts";
import { type EarlierOutput, type PinRequest, pinNodes } from "./pins.ts";

/** start -> ask (http) -> big (condition) -> yes | no -> join -> end, and aside (http) next to it all. */
const workflow = workflowSchema.parse({
  nodes: [
    { id: "start", type: "start" },
    { id: "ask", type: "http", config: { url: "https://example.com/" }, on_error: "error_port" },
    { id: "big", type: "condition", config: { expression: "{{ nodes.ask.body > 5 }}" } },
    { id: "yes", type: "template", config: { text: "yes" } },
    { id: "no", type: "template", config: { text: "no" } },
    { id: "join", type: "template", config: { text: "{{ nodes.yes.text }}{{ nodes.no.text }}" } },
    { id: "sorry", type: "template", config: { text: "{{ nodes.ask.error.message }}" } },
    { id: "aside", type: "http", config: { url: "https://example.com/" } },
    { id: "end", type: "end", config: { outputs: { text: "{{ nodes.join.text }}" } } },
  ],
  edges: [
    { from: "start", to: "ask" },
    { from: "start", to: "aside" },
    { from: "ask", to: "big" },
    { from: "ask", port: "error", to: "sorry" },
    { from: "big", port: "true", to: "yes" },
    { from: "big", port: "false", to: "no" },
    { from: "yes", to: "join" },
    { from: "no", to: "join" },
    { from: "join", to: "end" },
    { from: "sorry", to: "end" },
    { from: "aside", to: "end" },
  ],
});

const kept = (output: unknown): EarlierOutput => ({ kind: "kept", output });
const earlier = {
  start: kept({}),
  ask: kept({ status: 200, body: 9 }),
  big: kept({ value: true }),
  yes: kept({ text: "yes" }),
  join: kept({ text: "yes" }),
  aside: kept({ status: 200 }),
};
const pin = (request: Partial<PinRequest>) => pinNodes(workflow, { pinned: {}, earlier: {}, ...request });
const faultsOf = (request: Partial<PinRequest>) => {
  const pins = pin(request);
  return pins.ok ? [] : pins.faults.map(({ path, code }) => `${path} ${code}`);
};

describe("running from a node", () => {
  it("pins all that does not follow from it, with the ports that the outputs tell", () => {
    expect(pin({ fromNode: "join", earlier })).toEqual({
      ok: true,
      pinned: {
        ask: { output: { status: 200, body: 9 }, port: null },
        big: { output: { value: true }, port: "true" },
        yes: { output: { text: "yes" }, port: null },
        aside: { output: { status: 200 }, port: null },
      },
    });
  });

  it("needs an output of each node before it that would run, and of no other", () => {
    expect(faultsOf({ fromNode: "join" })).toEqual(["pinned.ask missing_output"]);
    expect(faultsOf({ fromNode: "join", pinned: { ask: {}, big: { value: false } } })).toEqual(["pinned.no missing_output"]);
    expect(faultsOf({ fromNode: "join", pinned: { ask: {}, big: { value: false }, no: { text: "" } } })).toEqual([]);
    expect(faultsOf({ fromNode: "ask" })).toEqual([]);
  });

  it("prefers what the caller pins, and refuses pins that lead elsewhere", () => {
    expect(pin({ fromNode: "join", earlier, pinned: { yes: { text: "other" } } })).toMatchObject({
      pinned: { yes: { output: { text: "other" } } },
    });
    expect(faultsOf({ fromNode: "yes", earlier, pinned: { big: { value: false } } })).toEqual(["from_node not_reached"]);
  });

  it("does not go on with half an output", () => {
    expect(faultsOf({ fromNode: "join", earlier: { ...earlier, ask: { kind: "cut" } } })).toEqual(["pinned.ask truncated"]);
    expect(faultsOf({ fromNode: "join", earlier: { ...earlier, aside: { kind: "cut" } } })).toEqual(["pinned.aside truncated"]);
    expect(faultsOf({ fromNode: "join", earlier: { ...earlier, ask: { kind: "cut" } }, pinned: { ask: {} } })).toEqual([]);
  });

  it("takes a failure that the graph goes on from", () => {
    const error = { code: "node_failed", message: "Down." };
    const failed = pin({ fromNode: "sorry", earlier: { ask: { kind: "failed", error } } });
    expect(failed).toEqual({ ok: true, pinned: { ask: { output: { error }, port: "error" } } });
    expect(pin({ pinned: { ask: { error: {} }, aside: { error: {} } } })).toMatchObject({
      pinned: { ask: { port: "error" }, aside: { port: null } },
    });
    expect(faultsOf({ fromNode: "join", earlier: { ...earlier, yes: { kind: "failed", error } } })).toEqual(["pinned.yes missing_output"]);
  });
});

describe("running one node alone", () => {
  it("needs nothing, and gives it what is before it", () => {
    expect(pin({ onlyNode: "join" })).toEqual({ ok: true, pinned: {} });
    const pins = pin({ onlyNode: "big", earlier });
    expect(pins.ok && Object.keys(pins.pinned)).toEqual(["ask"]);
  });

  it("refuses half an output only where the node names it", () => {
    expect(faultsOf({ onlyNode: "big", earlier: { ask: { kind: "cut" } } })).toEqual(["pinned.ask truncated"]);
    expect(faultsOf({ onlyNode: "yes", earlier: { ask: { kind: "cut" } } })).toEqual([]);
  });
});

describe("pinned outputs", () => {
  const nodes = [
    { id: "kind", type: "switch", config: { value: 1, cases: [{ name: "one", equals: 1 }] } },
    { id: "meant", type: "intent", config: { text: "", intents: [{ name: "sales" }], fallback: "other" } },
    { id: "ok", type: "approval", config: { title: "Ok?" } },
    { id: "toString", type: "template", config: { text: "x" } },
  ];
  const graph = workflowSchema.parse({ nodes: [{ id: "start", type: "start" }, ...nodes, { id: "end", type: "end" }], edges: [] });
  const pinOne = (id: string, output: unknown) => pinNodes(graph, { pinned: { [id]: output }, earlier: {} });

  it.each([
    ["kind", { case: "one" }, "one"],
    ["kind", { case: "default" }, "default"],
    ["meant", { intent: "sales", confidence: 1 }, "sales"],
    ["ok", { decision: "expired" }, "expired"],
    ["toString", { text: "y" }, null],
  ])("of %s: %j leave by %s", (id, output, port) => {
    expect(pinOne(id, output)).toEqual({ ok: true, pinned: { [id]: { output, port } } });
  });

  it.each([
    ["kind", { case: "two" }],
    ["meant", "sales"],
    ["ok", { decision: true }],
  ])("of %s are refused when they tell no port: %j", (id, output) => {
    const pins = pinOne(id, output);
    expect(pins.ok ? [] : pins.faults).toMatchObject([
      { path: `pinned.${id}`, code: "invalid_output", message: expect.stringMatching(/\(.+\)/) },
    ]);
  });

  it("are of nodes that there are, and that are not to run", () => {
    expect(faultsOf({ pinned: { nobody: 1 }, fromNode: "ask" })).toEqual(["pinned.nobody unknown_node"]);
    expect(faultsOf({ pinned: { ask: 1 }, fromNode: "ask" })).toEqual(["pinned.ask runs"]);
    expect(faultsOf({ pinned: { ask: 1 }, onlyNode: "ask" })).toEqual(["pinned.ask runs"]);
    expect(faultsOf({ fromNode: "nobody" })).toEqual(["from_node unknown_node"]);
    expect(faultsOf({ onlyNode: "ask", fromNode: "big" })).toEqual(["only_node ambiguous"]);
  });
});
