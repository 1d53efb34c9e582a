import { randomUUID } from "node:crypto";
import { createServer, type Server } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { createParser } from "eventsource-parser";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Answer,
  call,
  echo,
  eventually,
  type Json,
  type Member,
  platformRows,
  publishApp,
  type SseEvent,
  signUp,
  stack,
} from "../flows/client.ts";
import { killWorker } from "../stack.ts";

const KILLS = 20;
/** Milliseconds for anything at all, on a machine that has other work too. */
const PATIENCE = 600_000;
const NODES = ["a", "b", "c", "d", "e"];

/** A request that the far side has seen. */
interface Ask {
  /** Ms since the epoch. */
  readonly at: number;
  /** Whether whoever asked was gone before the answer. */
  cutOff: boolean;
}

/** What the far side was asked, by `/<run>/<node>`. */
const asked = new Map<string, Ask[]>();
let far: Server;

/** The workspace of the asynchronous runs, the id of each by its word, and when they were killed. */
let member: Member;
const runs = new Map<string, string>();
let kills: readonly Kill[];
/** What each watcher of a streamed run has seen. */
const watched: SseEvent[][] = [];

const RUNS = 200;
const WATCHERS = 50;

beforeAll(async () => {
  far = createServer({ keepAliveTimeout: 0 }, async ({ url = "" }, response) => {
    const ask: Ask = { at: Date.now(), cutOff: false };
    asked.set(url, [...(asked.get(url) ?? []), ask]);
    response.once("close", () => {
      ask.cutOff = !response.writableFinished;
    });
    await delay(100);
    response.end("done");
  });
  await new Promise<void>((ready) => far.listen(stack().farPort, "127.0.0.1", ready));

  member = await signUp();
  const app = await publishApp(member, inARow(NODES.map(callNode), { said: "{{ nodes.e.body }}" }));
  const reply = { id: "reply", type: "llm", config: { model: "offline-drip", prompt: "Say {{ inputs.word }} and more about it." } };
  const speaking = await publishApp(await signUp(), inARow([callNode("a"), reply, callNode("b")], { text: "{{ nodes.reply.text }}" }));
  // The same kills for both: every fifth piece of work is a watcher.
  kills = await killing(RUNS + WATCHERS, async (index) => {
    if (index % 5 === 4) watched.push(await followThrough(speaking.path, { inputs: { word: `s${index}` } }));
    else runs.set(`r${index}`, await insist(app.path, `r${index}`));
  });
}, PATIENCE);
afterAll(() => {
  far.closeAllConnections();
  far.close();
});

/** start -> the nodes in a row -> end. */
function inARow(nodes: Json[], outputs: Json): Json {
  const [start] = echo("").workflow.nodes;
  const all = [start, ...nodes, { id: "end", type: "end", config: { outputs } }];
  return echo("", { workflow: { nodes: all, edges: all.slice(1).map(({ id }, index) => ({ from: all[index].id, to: id })) } });
}

const callNode = (id: string) => ({ id, type: "http", config: { url: `http://127.0.0.1:${stack().farPort}/{{ inputs.word }}/${id}` } });

/**
 * Begins so many pieces of work, an equal part of them before each kill, and kills the runtime at random moments in which it is
 * at work. Resolves when all of it is done, and tells when the kills were.
 */
async function killing(amount: number, begin: (index: number) => Promise<void>): Promise<Kill[]> {
  const done: Kill[] = [];
  const work: Promise<void>[] = [];
  while (done.length < KILLS) {
    await eventually(isUp, (up) => up, PATIENCE);
    const part = Math.ceil((amount * (done.length + 1)) / KILLS) - work.length;
    work.push(...Array.from({ length: part }, (_, index) => begin(work.length + index)));
    await delay(Math.random() * 1_500);
    const from = Date.now();
    killWorker(stack().pid);
    // What it had sent by then is still to be counted.
    await delay(100);
    done.push({ from, to: Date.now() });
  }
  // Whoever comes next finds it up again, the console too.
  await eventually(isUp, (up) => up, PATIENCE);
  await Promise.all(work);
  return done;
}

/** Times in ms since the epoch. */
interface Kill {
  readonly from: number;
  readonly to: number;
}

/** Whether the runtime was killed after the first request was sent and before the second, by the times at which they were seen. */
function wasKilledBetween(first: number, second: number): boolean {
  return kills.some(({ from, to }) => first <= to && from <= second);
}

async function isUp(): Promise<boolean> {
  try {
    const [own, byConsole] = await Promise.all([call("/demo/lead-desk/schema"), fetch(new URL("/healthz", stack().console))]);
    await byConsole.body?.cancel();
    return own.status === 200 && byConsole.status === 200;
  } catch {
    return false;
  }
}

/** Asks for a run until it is acknowledged, and gives its id. */
async function insist(path: string, word: string): Promise<string> {
  const headers = { "Idempotency-Key": randomUUID(), Prefer: "respond-async" };
  const ask = () => call(`${path}/runs`, { body: { inputs: { word } }, headers }).catch((): Answer | null => null);
  const answer = await eventually(ask, (answer) => answer?.status === 202 || answer?.status === 200, PATIENCE);
  return answer?.body.data.run_id;
}

/** Reads what a response streams, and tells each event as it comes. */
async function readEvents({ body }: Response, onEvent: (event: SseEvent) => void): Promise<void> {
  const parser = createParser({ onEvent: ({ id = "", event = "", data }) => onEvent({ id, event, data: JSON.parse(data) }) });
  const decoder = new TextDecoder();
  for await (const chunk of body ?? []) parser.feed(decoder.decode(chunk, { stream: true }));
}

/**
 * Starts a streamed run and follows it to its end, coming back with `Last-Event-ID` whenever the line breaks, as often as it
 * takes.
 */
async function followThrough(path: string, body: unknown): Promise<SseEvent[]> {
  const events: SseEvent[] = [];
  const headers: Record<string, string> = {
    "Idempotency-Key": randomUUID(),
    Accept: "text/event-stream",
    "Content-Type": "application/json",
  };
  const attempt = async () => {
    const [first] = events;
    const last = events.at(-1);
    const address = new URL(first === undefined ? `${path}/runs` : `${path}/runs/${first.data.run_id}/events`, stack().api);
    const response =
      first === undefined
        ? await fetch(address, { method: "POST", headers, body: JSON.stringify(body) })
        : await fetch(address, { headers: { ...headers, "Last-Event-ID": last?.id ?? "" } });
    headers["X-App-Session-Id"] = response.headers.get("X-App-Session-Id") ?? headers["X-App-Session-Id"] ?? "";
    if (!response.ok) return void (await response.body?.cancel());
    await readEvents(response, (event) => events.push(event));
  };
  const ended = () => events.some(({ event }) => event === "run.finished");
  // A connection that breaks is what this is for.
  await eventually(() => attempt().catch(() => undefined), ended, PATIENCE);
  return events;
}

describe("when the Worker is killed again and again", { timeout: PATIENCE }, () => {
  it("every asynchronous run that was accepted ends, and no node that has ended runs again", async () => {
    expect(new Set(runs.values()).size).toBe(RUNS);

    const recorded = await eventually(
      () =>
        platformRows<{ id: string; status: string }>("SELECT id, status FROM executions WHERE workspace_id = $1", [member.workspace.id]),
      (rows) => [...runs.values()].every((id) => rows.some((row) => row.id === id && row.status === "completed")),
      PATIENCE,
    );
    expect(recorded.map(({ id }) => id).toSorted()).toEqual([...runs.values()].toSorted());
    const counted = () =>
      platformRows<{ node_logs: number; requests: number }>(
        `SELECT (SELECT count(*)::int FROM node_logs WHERE workspace_id = $1) AS node_logs,
                (SELECT count(*)::int FROM billing_usage_events WHERE workspace_id = $1 AND meter = 'requests') AS requests`,
        [member.workspace.id],
      );
    const [counts] = await eventually(
      counted,
      ([now]) => now !== undefined && now.requests >= RUNS && now.node_logs >= RUNS * (NODES.length + 2),
    );
    expect(counts).toEqual({ node_logs: RUNS * (NODES.length + 2), requests: RUNS });

    for (const word of runs.keys()) {
      const asks = NODES.map((node) => asked.get(`/${word}/${node}`) ?? []);
      for (const [index, node] of asks.entries()) {
        expect(node.length).toBeGreaterThan(0);
        // Once, and once more for each end of the runtime that it was in flight at: that cut the request off, or came behind the
        // answer, before it was written down.
        const repeated = node.slice(0, -1).map((ask, nth) => ({ ask, again: node[nth + 1]?.at ?? 0 }));
        expect(repeated.filter(({ ask, again }) => !ask.cutOff && !wasKilledBetween(ask.at, again))).toEqual([]);
        // The next node began, so this one had ended: it is not asked for again.
        const next = asks[index + 1];
        if (next) expect(node.at(-1)?.at).toBeLessThanOrEqual(next[0]?.at ?? 0);
      }
    }
  });

  it("every watcher that comes back has all events once, in order, and the text of the answer", async () => {
    expect(watched).toHaveLength(WATCHERS);
    for (const events of watched) {
      expect(events.map(({ id }) => Number(id))).toEqual(events.map((_, index) => index + 1));
      expect(events.filter(({ event }) => event === "run.finished")).toHaveLength(1);
      expect(events.at(-1)).toMatchObject({ event: "run.finished", data: { status: "completed" } });
      expect(textOf(events, "reply")).toBe(events.at(-1)?.data.outputs.text);
    }
  });
});

/** What a watcher shows of a node: its text since it last began. */
function textOf(events: readonly SseEvent[], nodeId: string): string {
  return events.reduce((text, { event, data }) => {
    if (data.node_id !== nodeId) return text;
    if (event === "node.retried") return "";
    return event === "node.delta" ? text + data.text : text;
  }, "");
}
