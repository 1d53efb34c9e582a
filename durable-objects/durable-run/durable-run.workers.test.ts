import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { type DurableRunApi, parseAsked, parseLiveRun, parseNodeEnds } from "#platform/objects/durable-run";
import type { RecorderApi } from "#platform/objects/recorder";
import { parseRunRecord } from "#platform/records";
import type { DurableOrder } from "#runtime";

declare global {
  namespace Cloudflare {
    interface Env {
      DURABLE_RUN: DurableObjectNamespace<DurableRunApi & Rpc.DurableObjectBranded>;
      RECORDER: DurableObjectNamespace<RecorderApi & Rpc.DurableObjectBranded>;
    }
  }
}

interface NodeJson {
  readonly id: string;
  readonly type: string;
  readonly config?: Record<string, unknown>;
}

/** start -> the nodes in a row -> end with these outputs. */
function inARow(nodes: readonly NodeJson[], outputs: Record<string, unknown>): DurableOrder["workflow"] {
  const all = [{ id: "start", type: "start" }, ...nodes, { id: "end", type: "end", config: { outputs } }];
  return {
    nodes: all.map((node) => ({ config: {}, ...node })),
    edges: all.slice(1).map((node, index) => ({ from: all[index]?.id ?? "", to: node.id })),
  };
}

let runs = 0;

/** An order to run a workflow, for an object of its own. */
function newRun(workflow: DurableOrder["workflow"], changes: Partial<DurableOrder> = {}) {
  runs += 1;
  const id = `run_0000000000f${String(runs).padStart(12, "0")}000`;
  const order: DurableOrder = {
    execution: {
      id,
      workspace_id: `wrk_${runs}`,
      app_id: "app_1",
      version_id: "apv_1",
      trigger: "visitor",
      status: "running",
      session_id: null,
      api_key_id: null,
      inputs: { word: "you" },
      outputs: null,
      error: null,
      usage: { input_tokens: 0, output_tokens: 0, total_tokens: 0 },
      started_at: Date.now(),
      finished_at: null,
    },
    app: { id: "app_1", name: "App", slug: "app", version: 1 },
    workflow,
    db_schema: { tables: [] },
    config: { timeout_ms: 10_000, max_output_bytes: 100_000, locale: "en" },
    gated: false,
    ...changes,
  };
  return { id, order: JSON.stringify(order), run: env.DURABLE_RUN.getByName(String(runs)), workspaceId: `wrk_${runs}` };
}

const greeting = inARow([{ id: "say", type: "template", config: { text: "Hello {{ inputs.word }}" } }], { said: "{{ nodes.say.text }}" });
const nap = (seconds: number) => inARow([{ id: "nap", type: "wait", config: { seconds } }], { ms: "{{ nodes.nap.waited_ms }}" });
const approval = inARow([{ id: "ok", type: "approval", config: { title: "Send?", expires_in_seconds: 600 } }], {
  by: "{{ nodes.ok.by }}",
});

interface Frame {
  readonly id: number;
  readonly event: string;
  readonly data: Record<string, unknown>;
}

/** Reads the run's events to their end. */
async function framesOf(run: { fetch(request: Request): Promise<Response> }, headers: Record<string, string> = {}): Promise<Frame[]> {
  const response = await run.fetch(new Request("https://run/events", { headers }));
  const text = await response.text();
  return text
    .split("\n\n")
    .filter((frame) => frame.startsWith("id:"))
    .map((frame) => {
      const [, id, event, data] = /^id: (\d+)\nevent: (.+)\ndata: (.+)$/.exec(frame) ?? [];
      return { id: Number(id), event: event ?? "", data: JSON.parse(data ?? "{}") };
    });
}

describe("DurableRun", () => {
  it("runs a workflow to its end and hands over its record", async () => {
    const { id, order, run, workspaceId } = newRun(greeting);
    expect(await run.start(order)).toEqual({ ok: true, existed: false, runId: id });
    const state = parseLiveRun(await run.settled(5_000));
    expect(state?.execution).toMatchObject({ id, status: "completed", outputs: { said: "Hello you" } });
    await runDurableObjectAlarm(run);
    const record = parseRunRecord((await env.RECORDER.getByName(`${workspaceId}:local`).find(id)) ?? "");
    expect(record.execution).toMatchObject({ status: "completed", outputs: { said: "Hello you" } });
    expect(record.node_logs.map(({ node_id }) => node_id)).toEqual(["start", "say", "end"]);
    expect(record.usage_events.map((event) => event.id)).toEqual([`${id}:requests`]);
  });

  it("has its events for whoever comes, from wherever they begin, each view its own", async () => {
    const { order, run } = newRun(greeting);
    await run.start(order);
    const all = await framesOf(run);
    expect(all.map(({ id }) => id)).toEqual(all.map((_, index) => index + 1));
    expect(all.map(({ event }) => event)).toEqual([
      "run.started",
      ...Array.from({ length: 3 }, () => ["node.started", "node.finished"]).flat(),
      "run.finished",
    ]);
    for (let after = 0; after <= all.length; after += 1) {
      expect(await framesOf(run, { "Last-Event-ID": String(after) })).toEqual(all.slice(after));
    }
    expect(JSON.stringify(all.slice(0, -1))).not.toContain("Hello");
    const members = await framesOf(run, { "X-Run-View": "member" });
    expect(members.find(({ data }) => data["node_id"] === "say" && "log" in data)?.data["log"]).toMatchObject({
      outputs: { text: "Hello you" },
      port: null,
      started_at: expect.stringMatching(/^\d{4}-.*Z$/),
    });
  });

  it("gives what its own nodes have given, whole, and nothing of those within them", async () => {
    const text = "x".repeat(50_000);
    const body = inARow([{ id: "inner", type: "template", config: { text: "{{ item }}" } }], { said: "{{ nodes.inner.text }}" });
    const { order, run } = newRun(
      inARow(
        [
          { id: "big", type: "transform", config: { value: "{{ $pad('', 50000, 'x') }}" } },
          { id: "each", type: "loop", config: { items: [1, 2], body } },
          { id: "broken", type: "transform", config: { value: "{{ $error('no') }}" } },
        ],
        {},
      ),
    );
    expect(await run.ends()).toBeNull();
    await run.start(order);
    await run.settled(10_000);
    await evictDurableObject(run);
    const ends = parseNodeEnds(await run.ends());
    expect(Object.keys(ends ?? {})).toEqual(["start", "big", "each", "broken"]);
    expect(ends).toMatchObject({
      big: { status: "completed", output: { value: text }, error: null },
      broken: { status: "failed", output: null, error: { code: "node_failed" } },
    });
  });

  it("takes one order, however often it is given", async () => {
    const key = { hash: "k", body_hash: "b" };
    const { id, order, run } = newRun(greeting, { key });
    const answers = await Promise.all([run.start(order), run.start(order), run.start(order)]);
    expect(answers.filter((answer) => answer.ok && !answer.existed)).toHaveLength(1);
    expect(await run.keyed()).toEqual({ runId: id, keyHash: "k", bodyHash: "b" });
    expect(await run.start(newRun(greeting, { key: { hash: "k", body_hash: "other" } }).order)).toEqual({ ok: false, reason: "reused" });
  });

  it("goes on after eviction where it was, and runs nothing twice", async () => {
    const { order, run } = newRun(nap(0.3));
    await run.start(order);
    await evictDurableObject(run);
    await runDurableObjectAlarm(run);
    const state = parseLiveRun(await run.settled(5_000));
    expect(state?.execution).toMatchObject({ status: "completed", outputs: { ms: 300 } });
    const frames = await framesOf(run);
    expect(frames.map(({ id }) => id)).toEqual(frames.map((_, index) => index + 1));
    expect(frames.filter(({ event }) => event === "run.started")).toHaveLength(1);
    expect(frames.filter(({ event, data }) => event === "node.finished" && data["node_id"] === "start")).toHaveLength(1);
    expect(frames.filter(({ event }) => event === "run.finished")).toHaveLength(1);
  });

  it("sleeps through a long wait, and shows that it does", async () => {
    const { id, order, run, workspaceId } = newRun(nap(3_600));
    await run.start(order);
    expect(parseLiveRun(await run.settled(5_000))?.execution.status).toBe("waiting");
    const record = parseRunRecord((await env.RECORDER.getByName(`${workspaceId}:local`).find(id)) ?? "");
    expect(record.execution.status).toBe("waiting");
    await evictDurableObject(run);
    expect(parseLiveRun(await run.read())?.execution.status).toBe("waiting");
  });

  it("asks, takes one answer, and goes on", async () => {
    const { order, run } = newRun(approval);
    await run.start(order);
    const waiting = parseLiveRun(await run.settled(5_000));
    expect(waiting?.execution).toMatchObject({ status: "waiting", waiting: [{ node_id: "ok", title: "Send?" }] });
    await evictDurableObject(run);
    const answer = { decision: "approved" as const, fields: {}, by: "mem_1" };
    expect(await run.answer("other", answer)).toBe("not_asked");
    expect(await run.question("other")).toBeNull();
    expect(parseAsked(await run.question("ok"))).toMatchObject({ question: { node_id: "ok", title: "Send?" }, answered: false });
    const outcomes = await Promise.all([run.answer("ok", answer), run.answer("ok", { ...answer, by: "mem_2" })]);
    expect(outcomes.toSorted()).toEqual(["accepted", "answered_already"]);
    expect(parseAsked(await run.question("ok"))?.answered).toBe(true);
    expect(parseLiveRun(await run.settled(5_000))?.execution).toMatchObject({ status: "completed" });
  });

  it("shows what it has asked while other nodes are at work", async () => {
    const workflow = inARow([{ id: "ok", type: "approval", config: { title: "Send?" } }], {});
    workflow.nodes.push({ id: "nap", type: "wait", config: { seconds: 8 } });
    workflow.edges.push({ from: "start", to: "nap" }, { from: "nap", to: "end" });
    const { order, run } = newRun(workflow);
    await run.start(order);
    const events = await run.fetch(new Request("https://run/events"));
    const reader = events.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = ""; !text.includes('"ok"') || !text.includes("node.waiting"); text += (await reader?.read())?.value ?? "");
    await reader?.cancel();
    expect(parseLiveRun(await run.read())?.execution).toMatchObject({ status: "running", waiting: [{ node_id: "ok", title: "Send?" }] });
    expect(await run.cancel()).toBe(true);
    expect(parseLiveRun(await run.settled(5_000))?.execution).not.toHaveProperty("waiting");
  });

  it("can be cancelled while it waits, and not once it has ended", async () => {
    const { order, run } = newRun(nap(3_600));
    await run.start(order);
    await run.settled(5_000);
    expect(await run.cancel()).toBe(true);
    expect(parseLiveRun(await run.settled(5_000))?.execution).toMatchObject({ status: "cancelled", error: { code: "client_closed" } });
    expect(await run.cancel()).toBe(false);
  });

  it("waits for its turn", async () => {
    const { order, run } = newRun(greeting);
    const queued = JSON.parse(order);
    queued.execution.status = "queued";
    await run.start(JSON.stringify(queued));
    expect(parseLiveRun(await run.read())?.execution.status).toBe("queued");
    await run.go();
    expect(parseLiveRun(await run.settled(5_000))?.execution.status).toBe("completed");
  });

  it("tells a WebSocket the same as a stream", async () => {
    const { order, run } = newRun(greeting);
    await run.start(order);
    await run.settled(5_000);
    const response = await run.fetch(new Request("https://run/events?last_event_id=2", { headers: { Upgrade: "websocket" } }));
    const socket = response.webSocket;
    const messages: { id: number; type: string }[] = [];
    const closed = new Promise<void>((resolve) => socket?.addEventListener("close", () => resolve()));
    socket?.addEventListener("message", ({ data }) => {
      messages.push(JSON.parse(String(data)));
    });
    socket?.accept();
    await closed;
    const frames = await framesOf(run, { "Last-Event-ID": "2" });
    expect(messages.map(({ id, type }) => [id, type])).toEqual(frames.map(({ id, event }) => [id, event]));
  });

  it("keeps what is larger than a row", async () => {
    const large = inARow([{ id: "big", type: "transform", config: { value: "{{ $pad('', 99999, 'é') & $pad('', 99999, 'é') }}" } }], {});
    const twelve = inARow(
      [
        {
          id: "list",
          type: "loop",
          config: {
            items: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
            body: {
              ...large,
              nodes: large.nodes.map((node) =>
                node.type === "end" ? { ...node, config: { outputs: { big: "{{ nodes.big.value }}" } } } : node,
              ),
            },
          },
        },
      ],
      { turns: "{{ $count(nodes.list.results) }}" },
    );
    const { order, run } = newRun(twelve);
    await run.start(order);
    const state = parseLiveRun(await run.settled(10_000));
    expect(state?.execution).toMatchObject({ status: "completed", outputs: { turns: 12 } });
  });
});
