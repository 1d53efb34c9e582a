import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { parseAsked, parseLiveRun, parseNodeEnds } from "#platform/objects/durable-run";
import { parseRunRecord } from "#platform/records";
import { framesOf, inARow, newRun } from "./fixtures/run.ts";

const greeting = inARow([{ id: "say", type: "template", config: { text: "Hello {{ inputs.word }}" } }], { said: "{{ nodes.say.text }}" });
const nap = (seconds: number) => inARow([{ id: "nap", type: "wait", config: { seconds } }], { ms: "{{ nodes.nap.waited_ms }}" });
const approval = inARow([{ id: "ok", type: "approval", config: { title: "Send?", expires_in_seconds: 600 } }], {
  by: "{{ nodes.ok.by }}",
});

const DAY = 24 * 3_600_000;

type Run = ReturnType<typeof newRun>["run"];

/** The object again: what reached it before it crashed stays broken. */
function reach({ id }: Run): Run {
  return env.DURABLE_RUN.get(id);
}

/** Ends the object as a crash of its process does: what it had not written yet is lost. */
async function crash(run: Run): Promise<void> {
  await runInDurableObject(run, async (_, state) => state.abort("crash")).catch(() => {});
}

/** Lives that the alarm has begun since the run last came further. */
function lives(run: Run): Promise<unknown> {
  return runInDurableObject(run, async (_, { storage }) => storage.sql.exec("SELECT lives FROM run").one()["lives"]);
}

afterEach(() => {
  vi.useRealTimers();
});

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
    const used = record.usage_events.filter(({ meter }) => meter !== "run_ms");
    expect(used.map((event) => [event.id, event.quantity])).toEqual([
      [`${id}:requests`, 1],
      [`${id}:egress_bytes`, '{"said":"Hello you"}'.length],
    ]);
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

  it("sleeps an hour, and no less, though its process ends meanwhile", async () => {
    const { order, run } = newRun(nap(3_600));
    await run.start(order);
    const asleep = Date.now();
    await run.settled(5_000);
    await evictDurableObject(run);
    vi.setSystemTime(asleep + 3_590_000);
    await runDurableObjectAlarm(run);
    expect(parseLiveRun(await run.read())?.execution.status).toBe("waiting");
    await evictDurableObject(run);
    vi.setSystemTime(asleep + 3_600_000);
    await runDurableObjectAlarm(run);
    const state = parseLiveRun(await run.settled(5_000));
    expect(state?.execution).toMatchObject({ status: "completed", outputs: { ms: 3_600_000 } });
  });

  it("goes on when nobody has answered in time", async () => {
    const { order, run } = newRun(approval);
    await run.start(order);
    await run.settled(5_000);
    await evictDurableObject(run);
    vi.setSystemTime(Date.now() + 600_000);
    expect(await run.answer("ok", { decision: "approved", fields: {}, by: "mem_1" })).toBe("expired");
    await runDurableObjectAlarm(run);
    expect(parseLiveRun(await run.settled(5_000))?.execution).toMatchObject({ status: "completed", outputs: { by: null } });
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

  it("is given up when its process ends again and again before anything is done", { timeout: 60_000 }, async () => {
    // The clock stands still, and the nap with it.
    vi.setSystemTime(Date.now());
    const { order, run } = newRun(nap(9));
    await run.start(order);
    for (let life = 1; life <= 50; life += 1) {
      await crash(reach(run));
      // Begins the next life, and would wait for its end.
      runDurableObjectAlarm(reach(run)).catch(() => {});
      await vi.waitFor(async () => expect(await lives(reach(run))).toBe(life));
    }
    await crash(reach(run));
    await runDurableObjectAlarm(reach(run));
    const state = parseLiveRun(await reach(run).settled(5_000));
    expect(state?.execution).toMatchObject({ status: "failed", error: { code: "interrupted" } });
    expect((await framesOf(reach(run))).at(-1)).toMatchObject({ event: "run.finished", data: { status: "failed" } });
  });

  it("ends after 90 days, whatever it waits for", async () => {
    const { order, run } = newRun(nap(3_600));
    await run.start(order);
    await run.settled(5_000);
    vi.setSystemTime(Date.now() + 91 * DAY);
    await runDurableObjectAlarm(run);
    expect(parseLiveRun(await run.settled(5_000))?.execution).toMatchObject({ status: "failed", error: { code: "run_timeout" } });
  });

  it("leaves nothing behind a day after its end", async () => {
    const { id, order, run, workspaceId } = newRun(greeting);
    await run.start(order);
    await run.settled(5_000);
    await runDurableObjectAlarm(run);
    expect(await run.read()).not.toBeNull();
    vi.setSystemTime(Date.now() + DAY);
    await runDurableObjectAlarm(run);
    expect(await run.read()).toBeNull();
    expect((await run.fetch(new Request("https://run/events"))).status).toBe(404);
    await runInDurableObject(run, async (_, { storage }) => {
      const rows = ["run", "texts", "activations", "questions", "events"].map((table) =>
        storage.sql.exec(`SELECT * FROM ${table}`).toArray(),
      );
      expect(rows.flat()).toEqual([]);
      expect(await storage.getAlarm()).toBeNull();
    });
    expect(await env.RECORDER.getByName(`${workspaceId}:local`).find(id)).not.toBeNull();
  });

  it("waits for its turn", async () => {
    const { order, run } = newRun(greeting);
    const queued = JSON.parse(order);
    queued.execution.status = "queued";
    await run.start(JSON.stringify(queued));
    expect(parseLiveRun(await run.read())?.execution.status).toBe("queued");
    const { id } = queued.execution;
    expect(await run.go(`${id.slice(0, -4)}zzzz`)).toBe(false);
    expect(parseLiveRun(await run.read())?.execution.status).toBe("queued");
    expect(await run.go(id)).toBe(true);
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
    const state = parseLiveRun(await run.settled(30_000));
    expect(state?.execution).toMatchObject({ status: "completed", outputs: { turns: 12 } });
  }, 60_000);

  it("records every value of a run of many large ones, the largest beside its log", async () => {
    const turns = 200;
    const turn = inARow([{ id: "big", type: "transform", config: { value: "{{ $pad('', 99999, 'x') & $string(index) }}" } }], {});
    const { id, order, run, workspaceId } = newRun(
      inARow([{ id: "list", type: "loop", config: { while: "{{ true }}", max: turns, body: turn } }], {}),
    );
    await run.start(order);
    expect(parseLiveRun(await run.settled(60_000))?.execution).toMatchObject({ status: "completed" });
    await runDurableObjectAlarm(run);
    const { node_logs } = parseRunRecord((await env.RECORDER.getByName(`${workspaceId}:local`).find(id)) ?? "");
    const big = node_logs.filter(({ node_id }) => node_id.endsWith(".big"));
    expect(node_logs).toHaveLength(3 + 3 * turns);
    expect(big).toHaveLength(turns);
    for (const [index, { seq, outputs }] of big.entries()) {
      expect(outputs).toMatchObject({ truncated: true, stored: true, preview: expect.stringContaining("xxx") });
      const whole = await env.FILES.get(`logs/${id}/${seq}/outputs`);
      expect(await whole?.json()).toEqual({ value: `${"x".repeat(99_999)}${index}` });
    }
  }, 120_000);
});
