import { createParser, type EventSourceMessage } from "eventsource-parser";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EventFeed, frameOf } from "./sse.ts";

const decoder = new TextDecoder();

function parse(text: string): EventSourceMessage[] {
  const messages: EventSourceMessage[] = [];
  createParser({ onEvent: (message) => messages.push(message) }).feed(text);
  return messages;
}

async function readAll(feed: EventFeed): Promise<EventSourceMessage[]> {
  return parse(await new Response(feed.stream).text());
}

const delta = (text: string, node_id = "reply") => ({ type: "node.delta", node_id, text }) as const;

describe("frameOf", () => {
  it("keeps any text on one line", () => {
    const text = 'line\nbreak\r\nid: 9\n\nevent: run.finished\ndata: {"x":1}';
    const [message, ...more] = parse(frameOf(4, delta(text)));
    expect(more).toEqual([]);
    expect(message).toMatchObject({ id: "4", event: "node.delta" });
    expect(JSON.parse(message?.data ?? "")).toEqual(delta(text));
  });
});

describe("EventFeed", () => {
  it("sends events in order with rising ids, and ends", async () => {
    const feed = new EventFeed();
    feed.push({ type: "run.started", run_id: "run_1" });
    feed.push({ type: "node.started", node_id: "reply", node_type: "generate" });
    feed.push(delta("Hel"));
    feed.push({ type: "node.finished", node_id: "reply", status: "completed" });
    feed.end();
    const messages = await readAll(feed);
    expect(messages.map(({ event }) => event)).toEqual(["run.started", "node.started", "node.delta", "node.finished"]);
    expect(messages.map(({ id }) => Number(id))).toEqual([1, 2, 3, 4]);
  });

  it("joins what one node says while the watcher is slow, and loses none of it", async () => {
    const feed = new EventFeed();
    for (const word of ["a", "b", "c"]) feed.push(delta(word));
    feed.push(delta("d", "other"));
    feed.push(delta("e"));
    feed.end();
    const messages = await readAll(feed);
    expect(messages.map(({ data }) => JSON.parse(data).text)).toEqual(["abc", "d", "e"]);
  });

  it("hands on what comes while the watcher waits", async () => {
    const feed = new EventFeed();
    const reader = feed.stream.getReader();
    const first = reader.read();
    feed.push(delta("now"));
    expect(decoder.decode((await first).value)).toContain('"now"');
    const last = reader.read();
    feed.end();
    expect(await last).toMatchObject({ done: true });
  });

  it("lets the run go on when its watcher has left", async () => {
    const feed = new EventFeed();
    await feed.stream.cancel();
    feed.push(delta("unheard"));
    feed.end();
    expect((await feed.stream.getReader().read()).done).toBe(true);
  });
});

describe("keep-alive", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("breaks a silence of 15 s with a comment that is no event", async () => {
    const feed = new EventFeed();
    const reader = feed.stream.getReader();
    const read = reader.read();
    await vi.advanceTimersByTimeAsync(15_000);
    const text = decoder.decode((await read).value);
    expect(text).toBe(": keep-alive\n\n");
    expect(parse(text)).toEqual([]);
    feed.push(delta("after"));
    feed.end();
    expect(decoder.decode((await reader.read()).value)).toMatch(/^id: 1\n/);
  });
});
