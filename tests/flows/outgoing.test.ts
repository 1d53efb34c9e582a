import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, call, echo, type Json, type PublishedApp, publishApp, signUp, stack } from "./client.ts";

let server: Server;
let app: PublishedApp;
let far = "";
/** Addresses that the far side was asked for, and the headers of the last request. */
const asked: string[] = [];
let headers: IncomingHttpHeaders = {};
/** Resolves when a connection closes before its answer was sent. */
let cut = Promise.withResolvers<void>();

const answer: RequestListener = (request, response) => {
  const { url = "" } = request;
  asked.push(url);
  headers = request.headers;
  response.on("close", () => {
    if (!response.writableFinished) cut.resolve();
  });
  if (url === "/hang") return;
  if (url === "/drip") {
    response.write("x");
    return;
  }
  if (url === "/loop") {
    response.writeHead(302, { location: url }).end();
    return;
  }
  const { searchParams } = new URL(url, "http://far");
  const target = searchParams.get("to");
  if (target === null) response.end("hello");
  else response.writeHead(Number(searchParams.get("status") ?? 302), { location: target }).end();
};

/** An app that calls the address its visitor gives. */
function caller(): Json {
  const nodes = [
    { id: "start", type: "start", config: { inputs: [{ name: "url", type: "string", required: true }] } },
    {
      id: "call",
      type: "http",
      config: { url: "{{ inputs.url }}", headers: { Authorization: "Bearer abc", "X-Key": "abc", Accept: "text/plain" } },
      timeout_ms: 1_000,
    },
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
    // this stack itself
    () => stack().api,
    () => stack().api.replace("127.0.0.1", "localhost"),
    () => stack().api.replace("127.0.0.1", "2130706433"),
    () => stack().api.replace("127.0.0.1", "[::ffff:127.0.0.1]"),
    () => stack().console,
    () => stack().postgres.replace(/^.*@/, "http://"),
    ...[
      // IPv4: decimal, octal, hexadecimal, short, with a dot at its end
      "http://127.0.0.1/",
      "http://127.0.0.1./",
      "http://0177.0.0.1/",
      "http://017700000001/",
      "http://0x7f.1/",
      "http://0x7f000001/",
      "http://127.1/",
      "http://0/",
      "http://0.0.0.0/",
      "http://10.0.0.1/",
      "http://172.16.0.1/",
      "http://192.168.1.1/",
      "http://3232235777/",
      "http://100.64.0.1/",
      "http://224.0.0.1/",
      "http://255.255.255.255/",
      "http://%31%32%37.0.0.1/",
      // metadata
      "http://169.254.169.254/latest/meta-data/",
      "http://2852039166/latest/meta-data/",
      "http://0251.0376.0251.0376/",
      "http://[fd00:ec2::254]/latest/meta-data/",
      "http://[::ffff:a9fe:a9fe]/",
      "http://metadata.google.internal/",
      "http://metadata.google.internal./",
      "http://metadata/",
      "http://168.63.129.16/",
      "http://100.100.100.200/",
      // IPv6: loopback, none, mapped, compatible, NAT64, 6to4, Teredo, link-local, with a zone
      "http://[::1]/",
      "http://[::]/",
      "http://[0:0:0:0:0:0:0:1]/",
      "http://[::ffff:10.0.0.1]/",
      "http://[::127.0.0.1]/",
      "http://[64:ff9b::7f00:1]/",
      "http://[2002:7f00:1::]/",
      "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
      "http://[fe80::1]/",
      "http://[fd12::1]/",
      "http://[ff02::1]/",
      // names of this machine and of networks
      "http://localhost/",
      "http://LOCALHOST./",
      "http://app.localhost/",
      "http://router.local/",
      "http://printer/",
      // credentials
      "http://user:pass@example.com/",
      "http://example.com@127.0.0.1/",
      // other schemes
      "file:///etc/passwd",
      "ftp://example.com/",
      "gopher://example.com:70/_x",
      "data:text/plain,x",
      "javascript:alert(1)",
      "ws://example.com/",
      // names that lead inside
      "http://loopback.example.test/",
      "http://network.example.test/",
      "http://six.example.test/",
      "http://mixed.example.test/",
      "http://half.example.test/",
      "http://alias.example.test/",
      "http://chain.example.test/",
      "http://metadata.example.test/",
      "http://mapped.example.test/",
      "http://local.example.test/",
      "http://nat64.example.test/",
    ].map((address) => () => address),
    () => `http://loopback.example.test:${stack().farPort}/`,
  ])("is refused when it leads inside: %s", async (address) => {
    const before = asked.length;
    for (const url of [address(), `${far}/?to=${encodeURIComponent(address())}`]) {
      const { status, body } = await visit(url);
      expect([status, body.data.status, body.data.error.code]).toEqual([200, "failed", "node_failed"]);
      expect(body.data.error).toMatchObject({ node_id: "call", message: expect.stringMatching(/^config\.url: (Only|Credentials)/) });
    }
    // The redirect itself, and nothing after it.
    expect(asked.length - before).toBe(1);
  });

  it.each([
    ["http://①②⑦.0.0.1/", "Only public"],
    ["http://１２７.０.０.１/", "Only public"],
    ["http://127。0。0。1/", "Only public"],
    ["http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/", "Only public"],
    ["http://local\u00adhost/", "Only public"],
    ["http://127.0.\t0.1/", "Only public"],
    ["http:\\\\127.0.0.1\\", "Only public"],
    ["http://[fe80::1%25eth0]/", "not an address"],
    ["http://example.com:22/", "port"],
    ["http://example.com:6379/", "port"],
    ["http://example.com:65536/", "not an address"],
    ["//example.com/", "not an address"],
    ["http://nowhere.invalid/", "name"],
    ["http://bücher.invalid/", "name"],
    ["http://failing.example.test/", "could not be looked up"],
    ["http://inside.example.test/", "name"],
  ])("is refused, and says why: %j", async (url, reason) => {
    const before = asked.length;
    const { status, body } = await visit(url);
    expect([status, body.data.status, body.data.error.node_id]).toEqual([200, "failed", "call"]);
    expect(body.data.error.message).toContain(reason);
    expect(asked.length).toBe(before);
  });

  it.each([301, 302, 303, 307, 308])("is no way inside by a redirect with status %i", async (status) => {
    const target = encodeURIComponent("http://169.254.169.254/latest/meta-data/");
    const { body } = await visit(`${far}/?status=${status}&to=${target}`);
    expect(body.data).toMatchObject({ status: "failed", error: { code: "node_failed", message: expect.stringContaining("Only public") } });
  });

  it("redirects so often and no more", async () => {
    const before = asked.length;
    const { body } = await visit(`${far}/?to=${encodeURIComponent("/?to=%2F%3Fto%3D%252F")}`);
    expect([body.data.status, asked.length - before]).toEqual(["completed", 4]);
    expect((await visit(`${far}/loop`)).body.data.error.message).toContain("redirects more than 5 times");
    expect(asked.length - before).toBe(10);
  });

  it("is told no secrets that were meant for another", async () => {
    await visit(`${far}/?to=/`);
    expect(headers).toMatchObject({ authorization: "Bearer abc", "x-key": "abc", accept: "text/plain" });
    const other = far.replace("127.0.0.1", "localhost");
    expect((await visit(`${far}/?status=307&to=${encodeURIComponent(`${other}/`)}`)).body.data.status).toBe("completed");
    expect(headers).toMatchObject({ host: new URL(other).host, accept: "text/plain" });
    expect(headers).not.toHaveProperty("authorization");
    expect(headers).not.toHaveProperty("x-key");
  });

  it.each(["/hang", "/drip"])("that never ends an answer (%s) is left at the node's timeout, connection and all", async (path) => {
    cut = Promise.withResolvers();
    expect((await visit(`${far}${path}`)).body.data).toMatchObject({ status: "failed", error: { code: "node_timeout" } });
    await cut.promise;
  });
});
