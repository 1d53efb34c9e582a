import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { parseLiveRun } from "#platform/objects/durable-run";
import type { RunGateApi } from "#platform/objects/run-gate";
import type { VisitorSessionApi } from "#platform/objects/visitor-session";
import { conversationName, type DurableOrder, durableRunName } from "#runtime";
import { inARow, newRun } from "./fixtures/run.ts";

declare global {
  namespace Cloudflare {
    interface Env {
      RUN_GATE: DurableObjectNamespace<RunGateApi & Rpc.DurableObjectBranded>;
      VISITOR_SESSION: DurableObjectNamespace<VisitorSessionApi & Rpc.DurableObjectBranded>;
    }
  }
}

/** Says what it was told, and what was said last before. */
const echo = inARow([], {
  said: "{{ inputs.word }}",
  before: "{{ session.history[-1].content }}",
  first: "{{ $count(session.history) = 0 }}",
});
const broken = inARow([{ id: "no", type: "transform", config: { value: "{{ $error('no') }}" } }], {});
const question = inARow([{ id: "ok", type: "approval", config: { title: "Send?", expires_in_seconds: 600 } }], { said: "done" });

let visitors = 0;

/** A new visitor of a chat, and the turns of their conversation. */
function newVisitor() {
  visitors += 1;
  const owner = { workspace_id: "wrk_chat", app_id: `app_chat_${visitors}`, session_id: `vis_${visitors}` };
  const session = env.VISITOR_SESSION.getByName(conversationName(owner.workspace_id, owner.app_id, owner.session_id));
  const turn = (said: string, workflow: DurableOrder["workflow"] = echo, changes: Partial<DurableOrder> = {}) => {
    const made = newRun(workflow, { turn: { said, shows: "{{ outputs.said }}" }, ...changes });
    const order: DurableOrder = JSON.parse(made.order);
    const execution = { ...order.execution, ...owner, status: "queued", inputs: { word: said } };
    return {
      id: made.id,
      run: env.DURABLE_RUN.getByName(durableRunName(made.id)),
      order: JSON.stringify({ ...order, execution }),
    };
  };
  return { session, turn, appId: owner.app_id };
}

type Run = ReturnType<ReturnType<typeof newVisitor>["turn"]>["run"];

async function ended(run: Run, timeoutMs = 20_000) {
  return parseLiveRun(await run.settled(timeoutMs))?.execution;
}

describe("turns of a conversation", () => {
  it("run one after another, a hundred at once, and none is lost", async () => {
    const { session, turn } = newVisitor();
    const turns = Array.from({ length: 100 }, (_, index) => turn(`word ${index}`));
    await Promise.all(turns.map(({ run, order }) => run.start(order)));
    const results = await Promise.all(turns.map(({ run }) => ended(run)));
    expect(results.map((result) => result?.status)).toEqual(Array(100).fill("completed"));
    // Each has seen what the one before it left: from the first on, they are one chain.
    const next = new Map(results.map((result) => [result?.outputs?.["before"] ?? null, result?.outputs?.["said"]]));
    const chain: unknown[] = [];
    for (let said = next.get(null); said !== undefined; said = next.get(said)) chain.push(said);
    expect(new Set(chain)).toEqual(new Set(turns.map((_, index) => `word ${index}`)));
    expect((await session.read()).turns.at(-1)?.said).toBe(chain.at(-1));
  }, 60_000);

  it("see what was said before, and leave what the page shows", async () => {
    const { session, turn } = newVisitor();
    for (const word of ["Hello", "Again"]) {
      const { run, order } = turn(word);
      await run.start(order);
      expect(await ended(run)).toMatchObject({ status: "completed", outputs: { said: word, first: word === "Hello" } });
      await runDurableObjectAlarm(run);
    }
    expect((await session.read()).turns).toMatchObject([
      { said: "Hello", answer: "Hello" },
      { said: "Again", answer: "Again" },
    ]);
  });

  it("leave nothing when they fail, and hold up nobody", async () => {
    const { session, turn } = newVisitor();
    const [first, second] = [turn("Hello", broken), turn("Again")];
    await first.run.start(first.order);
    await second.run.start(second.order);
    expect(await ended(first.run)).toMatchObject({ status: "failed" });
    expect(await ended(second.run)).toMatchObject({ status: "completed", outputs: { first: true } });
    await runDurableObjectAlarm(second.run);
    expect((await session.read()).turns.map(({ said }) => said)).toEqual(["Again"]);
  });

  it("wait while another's turn lasts, and can be cancelled meanwhile", async () => {
    const { session, turn } = newVisitor();
    const [first, second, third] = [turn("Hello", question), turn("Never mind"), turn("Again")];
    for (const { run, order } of [first, second, third]) await run.start(order);
    expect(await ended(second.run, 50)).toMatchObject({ status: "queued" });
    await second.run.cancel();
    expect(await ended(second.run)).toMatchObject({ status: "cancelled" });
    await first.run.answer("ok", { decision: "approved", fields: {}, by: "mem_1" });
    expect(await ended(third.run)).toMatchObject({ status: "completed", outputs: { before: "done" } });
    await runDurableObjectAlarm(third.run);
    expect((await session.read()).turns.map(({ said }) => said)).toEqual(["Hello", "Again"]);
  });

  it("begin though word of their turn was lost, and after a crash", async () => {
    const { session, turn } = newVisitor();
    const [first, second] = [turn("Hello", question), turn("Again")];
    for (const { run, order } of [first, second]) await run.start(order);
    await runInDurableObject(first.run, async (_, state) => state.abort("crash")).catch(() => {});
    await runInDurableObject(second.run, async (_, state) => state.abort("crash")).catch(() => {});
    // The first ends without a word.
    await runInDurableObject(session, async (_, { storage }) => storage.sql.exec("DELETE FROM line WHERE run_id = ?", first.id));
    const again = env.DURABLE_RUN.get(second.run.id);
    await runDurableObjectAlarm(again);
    expect((await ended(again, 50))?.status).toBe("queued");
    await runDurableObjectAlarm(session);
    expect(await ended(again)).toMatchObject({ status: "completed" });
  });

  it("go through the gate of their app when they have come, not before", async () => {
    const { turn, appId } = newVisitor();
    const config = { timeout_ms: 10_000, max_output_bytes: 100_000, locale: "en", concurrency: { limit: 1, overflow: "queue" as const } };
    const gated = { gated: true, config };
    const [first, second] = [turn("Hello", question, gated), turn("Again", echo, gated)];
    for (const { run, order } of [first, second]) await run.start(order);
    const gate = env.RUN_GATE.getByName(appId);
    expect(await gate.counts()).toEqual({ running: 1, waiting: 0 });
    await first.run.answer("ok", { decision: "approved", fields: {}, by: "mem_1" });
    await ended(first.run);
    await runDurableObjectAlarm(first.run);
    await second.run.go(second.id);
    expect(await ended(second.run)).toMatchObject({ status: "completed", outputs: { before: "done" } });
  });

  it("are refused when no more may wait: then there is no run", async () => {
    const { session, turn } = newVisitor();
    const first = turn("Hello", question);
    await first.run.start(first.order);
    await runInDurableObject(session, async (_, { storage }) => {
      for (let row = 0; row < 500; row += 1)
        storage.sql.exec("INSERT INTO line (run_id, state, since) VALUES (?, 'waiting', 0)", `run_${row}`);
    });
    const late = turn("Too late");
    expect(await late.run.start(late.order)).toEqual({ ok: false, reason: "full" });
    expect(await late.run.read()).toBeNull();
  });
});
