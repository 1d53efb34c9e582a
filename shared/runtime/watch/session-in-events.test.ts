import { describe, expect, it } from "vitest";
import { eventsOfRecord, frameOf, memberEventsOfRecord } from "./record-events.ts";
import { sessionInEvents } from "./session-in-events.ts";

const run = {
  id: "run_1",
  status: "completed" as const,
  outputs: { reply: "event: run.finished\n\nü" },
  error: null,
  usage: { input_tokens: 0, output_tokens: 0, total_tokens: 0 },
};

async function passed(stream: Uint8Array, size: number): Promise<string> {
  const parts = Array.from(
    { length: Math.ceil(stream.length / size) },
    (_, index) => new Uint8Array(stream.slice(index * size, (index + 1) * size)),
  );
  return new Response(new Blob(parts).stream().pipeThrough(sessionInEvents("the.token"))).text();
}

describe("sessionInEvents", () => {
  const delta = frameOf({ id: 2, event: { type: "node.delta", node_id: "a", text: "run.finished ü" } });
  const last = frameOf({ id: 3, event: { type: "run.finished", run_id: "run_1", outputs: run.outputs } });
  const stream = new TextEncoder().encode(`: keep-alive\n\n${delta}${last}`);

  it.each([1, 7, 4_096])("tells the session at the end, and changes nothing else, in pieces of %i bytes", async (size) => {
    const text = await passed(stream, size);
    expect(text.startsWith(`: keep-alive\n\n${delta}`)).toBe(true);
    const data = text.slice(`: keep-alive\n\n${delta}`.length).match(/^id: 3\nevent: run\.finished\ndata: (.*)\n\n$/)?.[1];
    expect(JSON.parse(data ?? "")).toEqual({ type: "run.finished", run_id: "run_1", outputs: run.outputs, session_id: "the.token" });
  });
});

describe("eventsOfRecord", () => {
  it("tells a run that has ended from the start, or only its end to whoever watched before", () => {
    const types = (after: number) => eventsOfRecord(run, "t", after).map(({ id, event }) => [id, event.type]);
    expect(types(0)).toEqual([
      [1, "run.started"],
      [2, "run.finished"],
    ]);
    expect(types(1)).toEqual([[2, "run.finished"]]);
    expect(types(41)).toEqual([[42, "run.finished"]]);
  });

  it("tells members what each node took and gave", () => {
    const view = {
      ...run,
      app_id: "app_1",
      version_id: "apv_1",
      trigger: "visitor",
      trigger_id: null,
      parent_id: null,
      session_id: null,
      network: null,
      api_key_id: null,
      inputs: {},
      waiting: null,
      started_at: "",
      finished_at: null,
      duration_ms: null,
    };
    const log = {
      seq: 0,
      node_id: "say",
      node_type: "template",
      status: "completed",
      attempts: 1,
      port: null,
      inputs: {},
      outputs: { text: "hi" },
      error: null,
      input_tokens: 0,
      output_tokens: 0,
      started_at: "",
      duration_ms: 1,
    };
    const { outputs, usage } = run;
    expect(memberEventsOfRecord(view, [log], 0)).toEqual([
      { id: 1, event: { type: "run.started", run_id: "run_1" } },
      { id: 2, event: { type: "node.finished", node_id: "say", status: "completed", log } },
      { id: 3, event: { type: "run.finished", run_id: "run_1", status: "completed", outputs, usage } },
    ]);
    expect(memberEventsOfRecord(view, [log], 7).map(({ id, event }) => [id, event.type])).toEqual([[8, "run.finished"]]);
    expect(memberEventsOfRecord({ ...view, status: "running" }, [], 7)).toEqual([]);
  });

  it("does not tell an end that has not come", () => {
    expect(eventsOfRecord({ ...run, status: "running" }, "t", 0).map(({ event }) => event.type)).toEqual(["run.started"]);
  });
});
