import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { VisitorSessionApi } from "#platform/objects/visitor-session";

declare global {
  namespace Cloudflare {
    interface Env {
      VISITOR_SESSION: DurableObjectNamespace<VisitorSessionApi & Rpc.DurableObjectBranded>;
    }
  }
}

const HOUR = 3_600_000;

let sessions = 0;
function newSession() {
  sessions += 1;
  return env.VISITOR_SESSION.getByName(`wrk_1:app_1:vis_${sessions}`);
}
type Session = ReturnType<typeof newSession>;

/** A turn from its beginning to its end. */
async function turn(session: Session, runId: string, said = "Hello", answer = "Good day") {
  await session.enter(runId);
  return session.leave(runId, { said, answer });
}

/** Ids of runs that no object has. */
const run = (number: number) => `run_0000000000f9${String(number).padStart(11, "0")}000`;

function later(milliseconds: number): void {
  vi.useFakeTimers({ now: Date.now() + milliseconds, toFake: ["Date"] });
}

afterEach(() => {
  vi.useRealTimers();
});

describe("the line of a conversation", () => {
  it("has one turn at a time, in the order in which they came", async () => {
    const session = newSession();
    expect(await session.enter("run_a")).toEqual({ kind: "go", conversation: { summary: null, turns: [] } });
    expect(await session.enter("run_b")).toEqual({ kind: "wait" });
    expect(await session.enter("run_c")).toEqual({ kind: "wait" });
    await session.leave("run_b", null);
    await session.leave("run_a", { said: "Hello", answer: "Good day" });
    expect(await session.enter("run_c")).toMatchObject({ kind: "go", conversation: { turns: [{ run_id: "run_a", said: "Hello" }] } });
  });

  it("keeps each turn once, and nothing of those that have none to keep", async () => {
    const session = newSession();
    await turn(session, "run_a");
    await session.leave("run_a", { said: "Hello", answer: "Another day" });
    await session.leave("run_stranger", { said: "I never", answer: "was in line" });
    await session.enter("run_b");
    await session.leave("run_b", null);
    expect((await session.read()).turns).toEqual([{ run_id: "run_a", said: "Hello", answer: "Good day", at: expect.any(Number) }]);
  });

  it("refuses whoever comes when five hundred wait", async () => {
    const session = newSession();
    const answers = [];
    for (let number = 0; number <= 501; number += 1) answers.push((await session.enter(run(number))).kind);
    expect([answers[0], answers[1], answers[500], answers[501]]).toEqual(["go", "wait", "wait", "full"]);
  });

  it("passes by runs that are nowhere to be found", async () => {
    const session = newSession();
    await session.enter(run(1));
    await session.enter(run(2));
    await runDurableObjectAlarm(session);
    expect((await session.enter("run_next")).kind).toBe("go");
  });

  it("holds nobody up for longer than a quarter of an hour, and still takes what comes late", async () => {
    const session = newSession();
    await session.enter("run_slow");
    await session.enter("run_next");
    await runInDurableObject(session, async (_, { storage }) => storage.sql.exec("UPDATE line SET since = since - 901000"));
    await runInDurableObject(session, async (object) =>
      Reflect.set(object, "env", { DURABLE_RUN: { getByName: () => ({ go: async () => true }) } }),
    );
    await runDurableObjectAlarm(session);
    expect((await session.enter("run_next")).kind).toBe("go");
    await session.leave("run_next", { said: "b", answer: "B" });
    await session.leave("run_slow", { said: "a", answer: "A" });
    expect((await session.read()).turns.map(({ said }) => said)).toEqual(["b", "a"]);
  });
});

describe("what a conversation remembers", () => {
  it("has bounds: past fifty turns its beginning is to be summed up, by one run at a time", async () => {
    const session = newSession();
    for (let number = 1; number <= 50; number += 1) expect(await turn(session, `run_${number}`, `said ${number}`)).toBeNull();
    const overflow = await turn(session, "run_51", "said 51");
    expect(overflow?.turns.map(({ said }) => said)).toEqual(Array.from({ length: 26 }, (_, index) => `said ${index + 1}`));
    // Until it is, the newest fifty are known.
    expect((await session.read()).turns).toHaveLength(50);
    expect(await turn(session, "run_52")).toBeNull();
    await session.condense(overflow?.upTo ?? 0, "They talked of numbers.");
    expect(await session.read()).toMatchObject({ summary: "They talked of numbers.", turns: [{ said: "said 27" }, ...Array(25).fill({})] });
    await session.condense(overflow?.upTo ?? 0, "A summary that came twice.");
    expect((await session.read()).summary).toBe("They talked of numbers.");
  });

  it("is asked to be summed up again where a run has not done it", async () => {
    const session = newSession();
    for (let number = 1; number <= 50; number += 1) await turn(session, `run_${number}`);
    expect(await turn(session, "run_51")).not.toBeNull();
    later(200_000);
    const again = await turn(session, "run_52");
    await session.condense(again?.upTo ?? 0, null);
    expect((await session.read()).summary).toContain("no longer known");
  });

  it("counts bytes as well as turns, and cuts what is too long between characters", async () => {
    const session = newSession();
    await turn(session, "run_long", "é".repeat(20_000), "short");
    const [only] = (await session.read()).turns;
    expect(only?.said).toMatch(/^é{6144}…$/);
    const overflows = [];
    for (let number = 1; number <= 5; number += 1)
      overflows.push(await turn(session, `run_${number}`, "x".repeat(12_000), "y".repeat(2_000)));
    expect(overflows.filter((overflow) => overflow !== null)).toHaveLength(1);
  });

  it("is gone when it is forgotten, and a day after its last turn", async () => {
    const session = newSession();
    await turn(session, "run_a");
    await session.forget();
    expect(await session.read()).toEqual({ summary: null, turns: [] });
    await turn(session, "run_b");
    later(23 * HOUR);
    await runDurableObjectAlarm(session);
    expect((await session.read()).turns).toHaveLength(1);
    later(2 * HOUR);
    await runDurableObjectAlarm(session);
    expect(await session.read()).toEqual({ summary: null, turns: [] });
    await turn(session, "run_c");
    expect((await session.read()).turns).toHaveLength(1);
  });

  it("leaves nothing behind where nobody has said anything", async () => {
    const session = newSession();
    await session.read();
    await session.forget();
    const tables = await runInDurableObject(session, async (_, { storage }) =>
      storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'").toArray(),
    );
    expect(tables).toEqual([]);
  });
});
