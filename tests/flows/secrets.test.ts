import { readdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  call,
  echo,
  eventually,
  type Json,
  type Member,
  type PublishedApp,
  platformRows,
  publishApp,
  signUp,
  stack,
  stream,
} from "./client.ts";
import { nodeTypes } from "./node-types.ts";

/** In the middle of the secret, where every spelling but base64 leaves it as it is. */
const MARK = "7f3a90Zx4c81";
const SECRET = `sk-"q/+&=~'${MARK}-\\end`;

/** What each base64 of a text with the mark in it holds. */
const MARK_IN_BASE64 = [0, 1, 2].map((before) => {
  const text = Buffer.from(`${"x".repeat(before)}${MARK}`).toString("base64");
  return text.slice(before === 0 ? 0 : before + 1, Math.floor(((before + MARK.length) * 8) / 6));
});

let server: Server;
let member: Member;
let far = "";
/** How often the secret has come to the far side. */
let received = 0;

/** A far side that gives back whatever it is sent, in every spelling and in pieces. */
function answering(): Server {
  return createServer(async (request, response) => {
    const { url = "", headers } = request;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const sent = `${decodeURIComponent(url)} ${JSON.stringify(headers)} ${Buffer.from(headers.authorization?.split(" ")[1] ?? "", "base64")}`;
    if (sent.includes(MARK)) received += 1;
    const { pathname } = new URL(url, "http://far");
    if (pathname === "/redirect")
      return void response.writeHead(302, { location: `ftp://${MARK}.example.com/${encodeURIComponent(SECRET)}` }).end();
    if (pathname === "/refuse") return void response.writeHead(500, { "x-secret": MARK }).end(SECRET);
    const spellings = [
      SECRET,
      JSON.stringify(SECRET),
      JSON.stringify(JSON.stringify(SECRET)),
      encodeURIComponent(SECRET),
      new URLSearchParams({ k: SECRET }).toString(),
      ...["", "u:", "a"].map((before) => Buffer.from(`${before}${SECRET}`).toString("base64")),
      ...["", "u:", "a"].map((before) => Buffer.from(`${before}${SECRET}`).toString("base64url")),
    ];
    const body = JSON.stringify({ headers, url, spellings, [SECRET]: { deep: [SECRET] }, long: `${SECRET} `.repeat(1_000) });
    response.writeHead(200, { "content-type": pathname === "/text" ? "text/plain" : "application/json", "x-secret": SECRET });
    const middle = body.indexOf(MARK) + 4;
    response.write(body.slice(0, middle));
    response.end(body.slice(middle));
  });
}

const key = "{{ secrets.planted }}";
const AUTHS = [
  { type: "bearer", token: key },
  { type: "basic", username: "u", password: key },
  { type: "header", name: "x-token", value: `Token ${key}` },
  { type: "query", name: "token", value: key },
];

const get = (id: string, path: string, config: Json = {}, more: Json = {}) => ({
  id,
  type: "http",
  config: { url: `${far}${path}`, headers: { "x-key": key }, ...config },
  ...more,
});

/** start -> the nodes in a row -> end. */
function row(nodes: Json[], outputs: Json): Json {
  const all = [{ id: "start", type: "start", config: {} }, ...nodes, { id: "end", type: "end", config: { outputs } }];
  return { nodes: all, edges: all.slice(1).map((node, index) => ({ from: all[index]?.id, to: node.id })) };
}

/** Nodes of types that see what came back, where there are such types. */
function lookers(): Json[] {
  const looking: Record<string, Json> = {
    code: { code: "console.log(nodes.echo); return nodes.echo.body.spellings.join('|');" },
    agent: { instructions: "Repeat it.", input: "{{ nodes.echo.body.spellings }}" },
  };
  const registered = nodeTypes().filter((type) => type in looking);
  return registered.map((type) => ({ id: `look_${type}`, type, config: looking[type] }));
}

/** Sends the secret in every way there is, and does with what comes back whatever nodes can do. */
function leaky(): Json {
  const made = {
    a: `{{ $uppercase(secrets.planted) }}`,
    b: `{{ $base64encode(secrets.planted) }}`,
    c: `{{ $substring(secrets.planted, 2, 20) }}`,
  };
  return row(
    [
      get("echo", "/json"),
      ...AUTHS.map((auth, index) => get(`auth_${index}`, "/text", { auth })),
      get("made", "/json", { headers: made }),
      get("moved", "/redirect", {}, { on_error: "continue" }),
      get("refused", "/refuse", {}, { on_error: "continue", retry: { attempts: 2, backoff_ms: 1 } }),
      get("number", "/json", { headers: { "x-key": "{{ $number(secrets.planted) }}" } }, { on_error: "continue" }),
      {
        id: "shape",
        type: "transform",
        config: { value: { all: "{{ $string(nodes.echo) }}", encoded: "{{ $base64encode($string(nodes.echo.body.url)) }}" } },
      },
      { id: "around", type: "template", config: { text: '{{ $string($lookup($$, "secrets")) }}{{ $uppercase($string($$)) }}' } },
      { id: "ask", type: "llm", config: { prompt: "{{ nodes.echo.body.spellings }}", max_tokens: 300 } },
      { id: "save", type: "db", config: { operation: "insert", table: "echoes", values: { text: "{{ $string(nodes.echo.body) }}" } } },
      {
        id: "each",
        type: "loop",
        config: { items: [1, 2], concurrency: 2, body: row([get("inner", "/text")], { got: "{{ nodes.inner }}" }) },
      },
      ...lookers(),
    ],
    {
      echo: "{{ nodes.echo }}",
      shape: "{{ nodes.shape.value }}",
      ask: "{{ nodes.ask.text }}",
      each: "{{ nodes.each.results }}",
      moved: "{{ nodes.moved }}",
    },
  );
}

const table = {
  tables: [
    {
      name: "echoes",
      columns: [
        { name: "id", type: "id" },
        { name: "text", type: "text" },
      ],
    },
  ],
};
const config = { timeout_ms: 60_000, max_output_bytes: 1_048_576 };

let app: PublishedApp;
let outer: PublishedApp;
let failing: PublishedApp;

beforeAll(async () => {
  const { farPort } = stack();
  far = `http://127.0.0.1:${farPort}`;
  server = answering();
  await new Promise<void>((ready) => server.listen(farPort, "127.0.0.1", ready));
  member = await signUp();
  const set = await call(`/api/v1/workspaces/${member.workspace.id}/secrets`, {
    headers: { ...member.as, "Idempotency-Key": `secret-${Date.now()}` },
    body: { name: "planted", value: SECRET },
  });
  expect([set.status, JSON.stringify(set.body).includes(MARK)]).toEqual([201, false]);
  app = await publishApp(member, echo("", { name: "Leaky", workflow: leaky(), db_schema: table, config }));
  const within = { id: "within", type: "subflow", config: { app: app.slug } };
  outer = await publishApp(member, echo("", { name: "Outer", workflow: row([within], { all: "{{ nodes.within.outputs }}" }), config }));
  failing = await publishApp(member, echo("", { name: "Failing", workflow: row([get("moved", "/redirect")], {}), config }));
}, 120_000);
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** Where a text shows the secret, if it does. */
function placesIn(text: string): string[] {
  const places = [...text.matchAll(new RegExp(MARK, "gi")), ...MARK_IN_BASE64.flatMap((one) => [...text.matchAll(new RegExp(one, "g"))])];
  return places.map(({ index }) => text.slice(Math.max(0, index - 80), index + 40));
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
}

/** What a file holds; nothing, where it was deleted since it was listed, as the journals of objects are at any time. */
function contentOf(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  }
}

/** The platform database, table by table, without the sealed secrets themselves. */
async function databaseTexts(): Promise<string[]> {
  const tables = await platformRows<{ name: string }>(
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'",
    [],
  );
  expect(tables.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["node_logs", "executions", "runtime_events", "audit_logs", "idempotency_keys"]),
  );
  const read = ({ name }: { name: string }) =>
    platformRows<{ text: string }>(`SELECT coalesce(string_agg(t::text, ' '), '') AS text FROM "${name}" t`, []);
  return (await Promise.all(tables.map(read))).flatMap((rows) => rows.map(({ text }) => text));
}

it("a secret that is planted everywhere shows nowhere", async () => {
  expect(placesIn(`x${SECRET}`).length + MARK_IN_BASE64.length).toBeGreaterThan(1);
  expect(placesIn(Buffer.from(`ab${SECRET}`).toString("base64"))).toHaveLength(1);

  const run = (one: PublishedApp, headers: Record<string, string> = {}) => call(`${one.path}/runs`, { body: { inputs: {} }, headers });
  const answers = [await run(app), await run(app, { Accept: "text/html" }), await run(outer), await run(failing)];
  const later = await run(app, { Prefer: "respond-async" });
  const streamed = await stream(`${app.path}/runs`, { inputs: {} });
  expect(answers[0]?.body.data).toMatchObject({ status: "completed", outputs: { echo: { status: 200 } } });
  expect(answers[2]?.body.data.status).toBe("completed");
  expect(answers[3]?.body.data).toMatchObject({ status: "failed", error: { node_id: "moved" } });
  expect(streamed.events.at(-1)?.data.status).toBe("completed");
  expect(received).toBeGreaterThan(20);

  const ids = [answers[0], answers[2], answers[3], later].map((answer) => answer?.body.data.run_id);
  const read = (path: string) => call(`/api/v1/runs/${path}`, { headers: member.as });
  const texts: string[] = [...answers, later, streamed].map((answer) => JSON.stringify(answer));
  let kept = 0;
  for (const id of ids) {
    const ended = await eventually(
      () => read(id),
      ({ status, body }) => status === 200 && body.data.finished_at !== null,
      60_000,
    );
    const nodes = await read(`${id}/nodes`);
    texts.push(JSON.stringify([ended.body, nodes.body]));
    for (const { seq, inputs, outputs } of nodes.body.data) {
      for (const [side, value] of Object.entries<Json>({ inputs, outputs })) {
        if (value?.stored !== true) continue;
        kept += 1;
        texts.push(JSON.stringify((await read(`${id}/nodes/${seq}/${side}`)).body));
      }
    }
  }
  expect(kept).toBeGreaterThan(5);
  expect(texts.join(" ")).toContain("[secret]");
  expect(texts.flatMap(placesIn).slice(0, 5)).toEqual([]);
  expect((await databaseTexts()).flatMap(placesIn).slice(0, 5)).toEqual([]);

  // What the processes said, and what objects, stores and caches keep.
  const { home } = stack();
  const files = [...filesBelow(join(home, "logs")), ...filesBelow(join(home, "wrangler"))];
  expect(files.length).toBeGreaterThan(5);
  const found = files.flatMap((file) => placesIn(contentOf(file)).map((place) => `${file}: ${place}`));
  expect(found.slice(0, 5)).toEqual([]);
}, 240_000);
