import { createServer } from "node:http";
import { createParser } from "eventsource-parser";
import { beforeAll, describe, expect, it } from "vitest";
import { killAll } from "../stack.ts";
import {
  apiKey,
  call,
  echo,
  eventually,
  type Json,
  type Member,
  type PublishedApp,
  publishApp,
  type SseEvent,
  signUp,
  stack,
  stream,
  watch,
} from "./client.ts";

let member: Member;
let app: PublishedApp;
let slow: PublishedApp;
let later: PublishedApp;
let files: PublishedApp;

/** Says one thing, waits, and says another. */
function slowManifest(seconds: number): Json {
  const manifest = echo("Hello", { name: "Slow" });
  manifest.workflow.nodes.splice(2, 0, { id: "pause", type: "wait", config: { seconds } });
  manifest.workflow.edges = ["start", "say", "pause"].map((from, index) => ({ from, to: ["say", "pause", "end"][index] }));
  return manifest;
}

/** Reads a text file's name, and sends the file to an address that shows what it got. */
function filesManifest(): Json {
  const manifest = echo("File", { name: "Files" });
  manifest.workflow.nodes = [
    {
      id: "start",
      type: "start",
      config: { inputs: [{ name: "paper", type: "file", required: true, accept: ["text/*", "image/png"], max_size: 1000 }] },
    },
    {
      id: "say",
      type: "template",
      config: { text: "{{ inputs.paper.name }} has {{ inputs.paper.size }} bytes of {{ inputs.paper.type }}" },
    },
    { id: "end", type: "end", config: { outputs: { said: "{{ nodes.say.text }}", paper: "{{ inputs.paper }}" } } },
  ];
  return manifest;
}

beforeAll(async () => {
  member = await signUp();
  app = await publishApp(member, echo("Hello"));
  slow = await publishApp(member, slowManifest(2));
  later = await publishApp(member, { ...slowManifest(3_600), name: "Later" });
  files = await publishApp(member, filesManifest());
});

const session = (answer: { headers: Headers }) => ({ "X-App-Session-Id": answer.headers.get("X-App-Session-Id") ?? "" });
const word = (value = "you") => ({ inputs: { word: value } });
let keys = 0;
const newKey = () => `key-${process.pid}-${Date.now()}-${keys++}`;

describe("an asynchronous run", () => {
  it("is accepted at once and read later, by its session alone", async () => {
    const started = await call(`${slow.path}/runs`, { body: word(), headers: { Prefer: "respond-async" } });
    expect(started.status).toBe(202);
    expect(started.headers.get("Preference-Applied")).toBe("respond-async");
    const { run_id } = started.body.data;
    const path = `${slow.path}/runs/${run_id}`;
    expect(started.headers.get("Location")).toBe(path);
    const first = await call(path, { headers: session(started) });
    expect(first.status).toBe(200);
    const ended = await eventually(
      () => call(path, { headers: session(started) }),
      ({ body }) => body.data.status === "completed",
    );
    expect(ended.body.data).toMatchObject({ run_id, outputs: { said: "Hello you" }, session_id: expect.any(String) });
    expect((await call(path)).status).toBe(404);
  });

  it("takes over where a caller would wait for too long", async () => {
    const started = await call(`${later.path}/runs`, { body: word() });
    expect(started).toMatchObject({ status: 202, body: { data: { status: "waiting", outputs: null } } });
    expect(started.headers.get("Location")).toBe(`${later.path}/runs/${started.body.data.run_id}`);
    const impatient = await call(`${later.path}/runs`, { body: word(), headers: { Prefer: "wait=0" } });
    expect(impatient.status).toBe(202);
  });

  it("shows a form sent without scripts the page once it has ended, or one that looks again", async () => {
    const browser = { Accept: "text/html", "Content-Type": "application/x-www-form-urlencoded" };
    const page = await call(`${later.path}/runs`, { body: "word=you", headers: browser });
    expect(page.status).toBe(202);
    const next = /url=(\S+)/.exec(page.headers.get("Refresh") ?? "")?.[1] ?? "";
    expect(next).toContain(`${later.path}/runs/run_`);
    const shown = await call(next, { headers: { Accept: "text/html", ...session(page) } });
    expect([shown.status, shown.headers.get("Refresh")]).toEqual([200, page.headers.get("Refresh")]);
    const ended = await call(`${app.path}/runs`, { body: "word=you", headers: { ...browser, "Idempotency-Key": newKey() } });
    expect([ended.status, ended.headers.has("Refresh")]).toEqual([200, false]);
    expect(ended.body).toContain("Hello you");
  });
});

describe("watching a run", () => {
  it("goes on after the last event, without gaps, to one end", async () => {
    const started = await call(`${slow.path}/runs`, { body: word(), headers: { Prefer: "respond-async" } });
    const path = `${slow.path}/runs/${started.body.data.run_id}/events`;
    const first = await watch(path, session(started), (events) => events.some(({ event }) => event === "node.waiting"));
    const last = first.events.at(-1)?.id ?? "";
    const rest = await watch(path, { ...session(started), "Last-Event-ID": last });
    const all = [...first.events, ...rest.events];
    expect(all.map(({ id }) => Number(id))).toEqual(all.map((_, index) => index + 1));
    expect(all[0]?.event).toBe("run.started");
    expect(all.filter(({ event }) => event === "run.finished")).toHaveLength(1);
    expect(all.at(-1)).toMatchObject({
      event: "run.finished",
      data: { status: "completed", outputs: { said: "Hello you" }, session_id: expect.any(String) },
    });
    const again = await watch(path, session(started));
    expect(again.events).toEqual(
      all.map((event) => ({
        ...event,
        data: { ...event.data, ...("session_id" in event.data ? { session_id: expect.any(String) } : {}) },
      })),
    );
  });

  it("is for the session that made it", async () => {
    const started = await call(`${app.path}/runs`, { body: word(), headers: { Prefer: "respond-async" } });
    const other = await call(`${app.path}/runs`, { body: word("other") });
    const path = `${app.path}/runs/${started.body.data.run_id}/events`;
    expect((await watch(path, session(other))).status).toBe(404);
    const head = (headers: Record<string, string>) => fetch(new URL(path, stack().api), { method: "HEAD", headers });
    expect((await head(session(other))).status).toBe(404);
    expect((await head(session(started))).headers.get("Content-Type")).toContain("text/event-stream");
    const token = encodeURIComponent(session(started)["X-App-Session-Id"]);
    expect((await watch(`${path}?session=${token}`, {})).events.at(-1)?.event).toBe("run.finished");
  });

  it("tells of a run that was answered at once from its record", async () => {
    const run = await call(`${app.path}/runs`, { body: word() });
    const { events } = await watch(`${app.path}/runs/${run.body.data.run_id}/events`, session(run));
    expect(events.map(({ event }) => event)).toEqual(["run.started", "run.finished"]);
    expect(events[1]?.data).toMatchObject({ status: "completed", outputs: { said: "Hello you" } });
  });

  it("works over a WebSocket, from allowed origins", async () => {
    const started = await call(`${slow.path}/runs`, { body: word(), headers: { Prefer: "respond-async" } });
    const token = encodeURIComponent(session(started)["X-App-Session-Id"]);
    const address = new URL(`${slow.path}/runs/${started.body.data.run_id}/events?session=${token}`, stack().api);
    address.protocol = "ws:";
    const messages: Json[] = [];
    await new Promise<void>((resolve, reject) => {
      const socket = new WebSocket(address);
      socket.addEventListener("message", ({ data }) => {
        messages.push(JSON.parse(String(data)));
        if (messages.at(-1)?.type === "run.finished") resolve();
      });
      socket.addEventListener("error", () => reject(new Error("the socket failed")));
      socket.addEventListener("close", () => resolve());
    });
    expect(messages[0]).toMatchObject({ id: 1, type: "run.started" });
    expect(messages.at(-1)).toMatchObject({ type: "run.finished", status: "completed" });
  });
});

describe("when the Worker is killed", () => {
  /** Starts a streamed run and follows it, by coming back again and again, to its end. */
  async function followThrough(path: string, onEvent: () => void): Promise<SseEvent[]> {
    const events: SseEvent[] = [];
    const headers: Record<string, string> = {
      "Idempotency-Key": newKey(),
      Accept: "text/event-stream",
      "Content-Type": "application/json",
    };
    const ended = () => events.some(({ event }) => event === "run.finished");
    const attempt = async () => {
      const [first] = events;
      const last = events.at(-1);
      const address = new URL(first === undefined ? `${path}/runs` : `${path}/runs/${first.data.run_id}/events`, stack().api);
      const response =
        first === undefined
          ? await fetch(address, { method: "POST", headers, body: JSON.stringify(word()) })
          : await fetch(address, { headers: { ...headers, "Last-Event-ID": last?.id ?? "" } });
      headers["X-App-Session-Id"] = response.headers.get("X-App-Session-Id") ?? headers["X-App-Session-Id"] ?? "";
      if (response.body === null || !response.ok) return;
      const parser = createParser({ onEvent: ({ id = "", event = "", data }) => events.push({ id, event, data: JSON.parse(data) }) });
      const decoder = new TextDecoder();
      for await (const chunk of response.body) {
        parser.feed(decoder.decode(chunk, { stream: true }));
        onEvent();
      }
    };
    // A connection that breaks is what this is about.
    await eventually(() => attempt().catch(() => undefined), ended, 90_000);
    return events;
  }

  it("every watcher that comes back has all events, in order, and one end", async () => {
    let watching = 0;
    let killed = false;
    const kill = () => {
      watching += 1;
      if (killed || watching < 10) return;
      killed = true;
      killAll(stack().pid, "workerd");
    };
    const runs = await Promise.all(Array.from({ length: 10 }, () => followThrough(slow.path, kill)));
    expect(killed).toBe(true);
    for (const events of runs) {
      expect(events.map(({ id }) => Number(id))).toEqual(events.map((_, index) => index + 1));
      expect(events.filter(({ event }) => event === "run.finished")).toHaveLength(1);
      expect(events.at(-1)?.data).toMatchObject({ status: "completed", outputs: { said: "Hello you" } });
    }
  });
});

describe("asking twice under one key", () => {
  const ask = (path: string, key: string, body: unknown = word(), headers: Record<string, string> = {}) =>
    call(`${path}/runs`, { body, headers: { "Idempotency-Key": key, ...headers } });

  it("is one run, with one answer, counted once", async () => {
    const key = newKey();
    const first = await ask(app.path, key);
    const again = await ask(app.path, key);
    expect(first).toMatchObject({ status: 200, body: { data: { status: "completed", outputs: { said: "Hello you" } } } });
    const { session_id: _, ...result } = first.body.data;
    expect(again).toMatchObject({ status: 200, body: { data: result } });
    expect(again.headers.get("Idempotency-Replayed")).toBe("true");
    expect((await call(`${app.path}/runs/${result.run_id}`, { headers: session(again) })).status).toBe(200);
    expect((await ask(app.path, key, word(), session(first))).body.data.run_id).toBe(result.run_id);
  });

  it("is one run while it goes on, however it is asked for", async () => {
    const key = newKey();
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask(slow.path, key, word(), { Prefer: "respond-async" })));
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202, 202]);
    const ids = new Set(answers.map(({ body }) => body.data.run_id));
    expect(ids.size).toBe(1);
    const watched = await stream(`${slow.path}/runs`, word(), { "Idempotency-Key": key });
    expect(watched.events[0]).toMatchObject({ id: "1", event: "run.started", data: { run_id: [...ids][0] } });
    expect(watched.events.at(-1)).toMatchObject({ event: "run.finished", data: { status: "completed" } });
  });

  it("is refused with another body, and free again for what never began", async () => {
    const key = newKey();
    expect((await ask(app.path, key, { inputs: {} })).status).toBe(422);
    expect((await ask(app.path, key)).status).toBe(200);
    expect(await ask(app.path, key, word("other"))).toMatchObject({ status: 422, body: { code: "idempotency_key_reused" } });
    expect((await ask(app.path, "no spaces please")).body).toMatchObject({
      code: "validation_failed",
      errors: [{ path: "Idempotency-Key" }],
    });
  });

  it("is two runs for two sessions, two apps, or two API keys", async () => {
    const key = newKey();
    const [one, two] = await Promise.all([call(`${app.path}/runs`, { body: word("a") }), call(`${app.path}/runs`, { body: word("b") })]);
    const [first, second] = await Promise.all([apiKey(member, ["runs:create"]), apiKey(member, ["runs:create"])]);
    const answers = await Promise.all([
      ask(app.path, key, word(), session(one)),
      ask(app.path, key, word(), session(two)),
      ask(slow.path, key, word(), { Prefer: "respond-async" }),
      ask(app.path, key, word(), first),
      ask(app.path, key, word(), second),
    ]);
    expect(new Set(answers.map(({ body }) => body.data.run_id)).size).toBe(5);
    expect((await ask(app.path, key, word(), first)).body.data.run_id).toBe(answers[3]?.body.data.run_id);
  });
});

describe("callbacks", () => {
  it("are for callers with a key, and for public addresses", async () => {
    const key = await apiKey(member, ["runs:create"]);
    const ask = (callback_url: string, headers: Record<string, string> = {}) =>
      call(`${app.path}/runs`, { body: { ...word(), callback_url }, headers });
    for (const refused of [await ask("https://example.com/done"), await ask("http://169.254.169.254/", key), await ask("nowhere", key)]) {
      expect(refused).toMatchObject({ status: 422, body: { errors: [{ path: "callback_url" }] } });
    }
  });
});

describe("files", () => {
  const upload = (form: FormData, headers: Record<string, string> = {}, path = files.path) =>
    fetch(new URL(`${path}/files`, stack().api), { method: "POST", body: form, headers });
  const formWith = (...given: File[]) => {
    const form = new FormData();
    for (const file of given) form.append("file", file);
    return form;
  };
  const text = (content: string, name = "note.txt") => new File([content], name, { type: "text/plain" });
  const run = (paper: unknown, headers: Record<string, string>) => call(`${files.path}/runs`, { body: { inputs: { paper } }, headers });

  it("are uploaded, named by a run of the same visitor, and seen by its nodes", async () => {
    const uploaded = await upload(formWith(text("hello", "Grüße.txt"), text("# x", "b.md")));
    expect(uploaded.status).toBe(201);
    const { data }: Json = await uploaded.json();
    expect(data).toEqual([
      { id: expect.stringMatching(/^fil_/), name: "Grüße.txt", type: "text/plain", size: 5 },
      { id: expect.stringMatching(/^fil_/), name: "b.md", type: "text/markdown", size: 3 },
    ]);
    const ran = await run(data[0].id, session(uploaded));
    expect(ran).toMatchObject({
      status: 200,
      body: { data: { status: "completed", outputs: { said: "Grüße.txt has 5 bytes of text/plain", paper: data[0] } } },
    });
    expect((await run({ id: data[1].id }, session(uploaded))).status).toBe(200);
    expect(await run(data[0].id, {})).toMatchObject({ status: 422, body: { errors: [{ path: "inputs.paper", code: "unknown_file" }] } });
  });

  it("are sent on by http nodes", async () => {
    const received = Promise.withResolvers<string>();
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      received.resolve(`${request.headers["content-type"]}: ${Buffer.concat(chunks).toString()}`);
      response.end("thanks");
    });
    const { farPort } = stack();
    await new Promise<void>((ready) => server.listen(farPort, "127.0.0.1", ready));
    const manifest = filesManifest();
    manifest.name = "Sender";
    manifest.workflow.nodes[1] = {
      id: "say",
      type: "http",
      config: { method: "POST", url: `http://127.0.0.1:${farPort}/`, body: "{{ inputs.paper }}", body_type: "binary" },
    };
    manifest.workflow.nodes[2].config.outputs = { said: "{{ nodes.say.body }}" };
    const sender = await publishApp(member, manifest);
    const uploaded = await upload(formWith(text("hello")), {}, sender.path);
    const { data }: Json = await uploaded.json();
    const ran = await call(`${sender.path}/runs`, { body: { inputs: { paper: data[0].id } }, headers: session(uploaded) });
    expect(ran.body.data).toMatchObject({ status: "completed", outputs: { said: "thanks" } });
    expect(await received.promise).toBe("text/plain: hello");
    server.close();
  });

  it("come as a body too, and from API keys", async () => {
    const key = await apiKey(member, ["runs:create"]);
    const headers = { ...key, "Content-Type": "text/csv", "X-File-Name": "%E4%BB%B7.csv" };
    const uploaded = await call(`${files.path}/files`, { body: "a,b\n", headers });
    expect(uploaded).toMatchObject({ status: 201, body: { data: [{ name: "价.csv", type: "text/csv", size: 4 }] } });
    expect((await run(uploaded.body.data[0].id, key)).status).toBe(200);
  });

  it("come with a form that is sent without scripts", async () => {
    const form = new FormData();
    form.set("paper", text("hello"));
    const page = await fetch(new URL(`${files.path}/runs`, stack().api), { method: "POST", body: form, headers: { Accept: "text/html" } });
    expect(page.status).toBe(200);
    expect(await page.text()).toContain("note.txt has 5 bytes of text/plain");
    form.set("paper", new File(["<svg onload=alert(1)>"], "a.txt"));
    const refused = await fetch(new URL(`${files.path}/runs`, stack().api), { method: "POST", body: form });
    expect(refused.status).toBe(415);
    expect(await refused.json()).toMatchObject({ errors: [{ path: "inputs.paper" }] });
  });

  it("are refused beyond the limits, or when they are not what they say", async () => {
    const large = text("x".repeat(10 * 1024 * 1024 + 1));
    const refusals = [
      [await upload(formWith(large)), 413, "10 MB"],
      [await upload(formWith(...Array.from({ length: 6 }, () => text("x")))), 413, "5 files"],
      [await upload(formWith(new File(["MZ\u0090\u0000"], "a.txt", { type: "text/plain" }))), 415, ""],
      [await upload(formWith(new File(["text"], "a.png", { type: "image/png" }))), 415, ""],
      [await upload(formWith()), 422, ""],
    ] as const;
    for (const [answer, status, named] of refusals) {
      const problem: Json = await answer.json();
      expect([answer.status, problem.detail]).toEqual([status, expect.stringContaining(named)]);
    }
    const uploaded = await upload(formWith(text("x".repeat(1_001))));
    const { data }: Json = await uploaded.json();
    expect(await run(data[0].id, session(uploaded))).toMatchObject({
      status: 422,
      body: { errors: [{ path: "inputs.paper", code: "too_large" }] },
    });
  });

  it("stay with the app they were uploaded to", async () => {
    const elsewhere = await publishApp(member, { ...filesManifest(), name: "Elsewhere" });
    const key = await apiKey(member, ["runs:create"]);
    const uploaded = await upload(formWith(text("x")), key, elsewhere.path);
    const { data }: Json = await uploaded.json();
    expect((await run(data[0].id, key)).status).toBe(422);
  });
});
