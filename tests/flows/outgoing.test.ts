import { createServer, type RequestListener, type Server } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, call, echo, type Json, type PublishedApp, publishApp, signUp, stack } from "./client.ts";

let server: Server;
let app: PublishedApp;
let far = "";
/** Addresses that the far side was asked for. */
const asked: string[] = [];
/** Resolves when a connection closes before its answer was sent. */
let cut = Promise.withResolvers<void>();

const answer: RequestListener = ({ url = "" }, response) => {
  asked.push(url);
  response.on("close", () => {
    if (!response.writableFinished) cut.resolve();
  });
  if (url === "/hang") return;
  if (url === "/drip") {
    response.write("x");
    return;
  }
  const target = new URL(url, "http://far").searchParams.get("to");
  if (target === null) response.end("hello");
  else response.writeHead(302, { location: target }).end();
};

/** An app that calls the address its visitor gives. */
function caller(): Json {
  const nodes = [
    { id: "start", type: "start", config: { inputs: [{ name: "url", type: "string", required: true }] } },
    { id: "call", type: "http", config: { url: "{{ inputs.url }}" }, timeout_ms: 1_000 },
    { id: "end", type: "end", config: { outputs: { body: "{{ nodes.call.body }}" } } },
  ];
  return echo("", {
    workflow: {
      nodes,
      edges: [
        { from: "start", to: "call" },
        { from: "call", to: "end" },
      ],
    },
  });
}

const visit = (url: string): Promise<Answer> => call(`${app.path}/runs`, { body: { inputs: { url } } });

beforeAll(async () => {
  const { farPort } = stack();
  far = `http://127.0.0.1:${farPort}`;
  server = createServer(answer);
  await new Promise<void>((ready) => server.listen(farPort, "127.0.0.1", ready));
  app = await publishApp(await signUp(), caller());
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe("an address that a visitor gives", () => {
  it("is called where the operators allow it", async () => {
    expect((await visit(`${far}/`)).body.data).toMatchObject({ status: "completed", outputs: { body: "hello" } });
  });

  it.each([
    () => stack().api,
    () => stack().api.replace("127.0.0.1", "localhost"),
    () => stack().api.replace("127.0.0.1", "2130706433"),
    () => stack().api.replace("127.0.0.1", "[::ffff:127.0.0.1]"),
    () => stack().postgres.replace(/^.*@/, "http://"),
    () => "http://0177.0.0.1/",
    () => "http://0x7f.1/",
    () => "http://169.254.169.254/latest/meta-data/",
    () => "http://metadata.google.internal/",
    () => "http://user:pass@example.com/",
    () => "file:///etc/passwd",
    () => "http://loopback.example.test/",
    () => `http://loopback.example.test:${stack().farPort}/`,
    () => "http://network.example.test/",
    () => "http://six.example.test/",
    () => "http://mixed.example.test/",
    () => "http://alias.example.test/",
  ])("is refused when it leads inside: %s", async (address) => {
    const before = asked.length;
    for (const url of [address(), `${far}/?to=${encodeURIComponent(address())}`]) {
      const { status, body } = await visit(url);
      expect([status, body.data.status, body.data.error.code]).toEqual([200, "failed", "node_failed"]);
      expect(body.data.error.message).toMatch(/Only|Credentials/);
    }
    // The redirect itself, and nothing after it.
    expect(asked.length - before).toBe(1);
  });

  it.each(["/hang", "/drip"])("that never ends an answer (%s) is left at the node's timeout, connection and all", async (path) => {
    cut = Promise.withResolvers();
    expect((await visit(`${far}${path}`)).body.data).toMatchObject({ status: "failed", error: { code: "node_timeout" } });
    await cut.promise;
  });
});
