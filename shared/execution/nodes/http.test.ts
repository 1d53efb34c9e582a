/// <reference types="node" />
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { notFound } from "#platform/errors";
import { readPolicy } from "#platform/outgoing/policy";
import { checkWorkflow } from "../check.ts";
import { inARow, type RunOptions, runWorkflow } from "../fixtures/run-workflow.ts";
import type { FileReference, RunFiles } from "./file-reference.ts";

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

let origin = "";
const seen: Seen[] = [];
/** Resolves when the far side sees the connection of `/hang` or `/drip` close. */
let closed = Promise.withResolvers<void>();
/** Resolves when `/drip` is asked. */
let reached = Promise.withResolvers<void>();

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0xff]);

const routes: Record<string, (response: ServerResponse) => void> = {
  "/json": (response) => response.setHeader("content-type", "application/json").end('{"a":1}'),
  "/problem": (response) => response.writeHead(422, { "content-type": "application/problem+json" }).end('{"title":"no"}'),
  "/bad-json": (response) => response.setHeader("content-type", "application/json").end("{"),
  "/latin": (response) => response.setHeader("content-type", "text/plain; charset=iso-8859-1").end(Buffer.from([0x67, 0xfc, 0x6e])),
  "/missing": (response) => response.writeHead(404).end("no"),
  "/busy": (response) => response.writeHead(503).end("later"),
  "/large": (response) => response.end("x".repeat(1_100_000)),
  "/endless": (response) => response.writeHead(302, { location: "/endless" }).end(),
  "/moved": (response) => response.writeHead(303, { location: "/json" }).end(),
  "/kept": (response) => response.writeHead(308, { location: "/echo" }).end(),
  "/inside": (response) => response.writeHead(302, { location: "http://169.254.169.254/latest" }).end(),
  "/elsewhere": (response) => response.writeHead(307, { location: `${origin.replace("127.0.0.1", "localhost")}/json` }).end(),
  "/logos/a%20b.png": (response) => response.setHeader("content-type", "image/png").end(PNG),
  "/download": (response) =>
    response
      .setHeader("content-disposition", `attachment; filename="../../etc/pass\\"wd"; filename*=UTF-8''na%C3%AFve%2Fr%C3%A9sum%C3%A9.pdf`)
      .end("pdf"),
  "/hang": () => undefined,
  "/drip": (response) => {
    response.write("x");
    reached.resolve();
  },
};

const server = createServer((request, response) => {
  response.on("close", () => {
    if (!response.writableFinished) closed.resolve();
  });
  buffer(request).then((body) => {
    seen.push({ method: request.method, url: request.url, headers: request.headers, body });
    const route = routes[request.url?.split("?")[0] ?? ""];
    if (route) route(response);
    else response.end("plain");
  }, response.destroy);
});

beforeAll(async () => {
  await new Promise<void>((ready) => server.listen(0, ready));
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** The files of a run, in memory. */
function filesOf(content: Readonly<Record<string, { name: string; type: string; bytes: Uint8Array<ArrayBuffer> }>> = {}) {
  const kept: { name: string; type: string; bytes: Uint8Array }[] = [];
  const files: RunFiles = {
    async openFile(id) {
      const file = content[id];
      if (!file) throw notFound("The file");
      return { reference: { id, name: file.name, type: file.type, size: file.bytes.length }, bytes: file.bytes };
    },
    async keepFile(file) {
      kept.push(file);
      return { id: `fil_${kept.length}`, name: file.name, type: file.type, size: file.bytes.length };
    },
  };
  return { kept, files };
}

const logo = { name: 'lo"go.png', type: "image/png", bytes: new Uint8Array(PNG) };
const logoReference: FileReference = { id: "fil_logo", name: logo.name, type: logo.type, size: PNG.length };

function services() {
  const { port } = new URL(origin);
  return { fetch, outgoing: readPolicy({ OUTGOING_ALLOW: `127.0.0.1:${port},localhost:${port}` }) };
}

function runCall(path: string, config: Record<string, unknown> = {}, options: RunOptions = {}, node: Record<string, unknown> = {}) {
  const all = { id: "it", type: "http", config: { url: `${origin}${path}`, ...config }, ...node };
  const inputs = Object.keys(options.inputs ?? {}).map((name) => ({ name, type: "json" }));
  return runWorkflow(inARow([all], { all: "{{ nodes.it }}" }, inputs), { ...options, services: { ...services(), ...options.services } });
}

/** Makes one call and gives the node's output, or fails with the run's error. */
async function call(path: string, config?: Record<string, unknown>, options?: RunOptions): Promise<unknown> {
  const result = await runCall(path, config, options);
  if (result.error) throw Object.assign(new Error(result.error.message), { code: result.error.code });
  return result.outputs?.["all"];
}

/** The fields of a multipart body, as any server would read them. */
async function formOf({ headers, body }: Seen): Promise<FormData> {
  return new Response(new Uint8Array(body), { headers: { "content-type": headers["content-type"] ?? "" } }).formData();
}

describe("the answer", () => {
  it("is status, headers and body, by its type", async () => {
    expect(await call("/json")).toMatchObject({ status: 200, headers: { "content-type": "application/json" }, body: { a: 1 } });
    expect(await call("/json", { response: "text" })).toMatchObject({ body: '{"a":1}' });
    expect(await call("/problem")).toMatchObject({ status: 422, body: { title: "no" } });
    expect(await call("/plain")).toMatchObject({ body: "plain" });
    expect(await call("/missing")).toMatchObject({ status: 404, body: "no" });
    expect(await call("/bad-json")).toMatchObject({ body: "{" });
    expect(await call("/latin")).toMatchObject({ body: "gün" });
    expect(await call("/json", { method: "HEAD", response: "json" })).toMatchObject({ status: 200, body: null });
  });

  it("is kept as a file where that is asked for", async () => {
    const { kept, files } = filesOf();
    expect(await call("/logos/a%20b.png?x=1", { response: "file" }, { services: files })).toMatchObject({
      status: 200,
      body: { id: "fil_1", name: "a b.png", type: "image/png", size: 6 },
    });
    expect(kept[0]?.bytes).toEqual(new Uint8Array(PNG));
    expect(await call("/download", { response: "file" }, { services: files })).toMatchObject({
      body: { name: "résumé.pdf", type: "application/octet-stream", size: 3 },
    });
    expect(await call("/", { response: "file" }, { services: files })).toMatchObject({ body: { name: "file" } });
    // What is no success is for the workflow to look at.
    expect(await call("/problem", { response: "file" }, { services: files })).toMatchObject({ body: { title: "no" } });
    expect(kept).toHaveLength(3);
  });

  it.each([
    ["/missing", undefined, null],
    ["/missing", false, null],
    ["/missing", true, "node_failed"],
    ["/busy", undefined, "upstream_unavailable"],
    ["/busy", true, "upstream_unavailable"],
    ["/busy", false, null],
    ["/json", true, null],
  ])("%s with fail_on_status %s fails as %s", async (path, failOnStatus, code) => {
    const { error } = await runCall(path, failOnStatus === undefined ? {} : { fail_on_status: failOnStatus });
    expect(error?.code ?? null).toBe(code);
  });

  it("has the size that is allowed", async () => {
    const request = { config: { timeout_ms: 10_000, max_output_bytes: 2_000_000 } };
    expect(await call("/large", { max_bytes: 1_100_000 }, { request })).toMatchObject({ status: 200 });
    await expect(call("/large", { max_bytes: 1_099_999 })).rejects.toMatchObject({ code: "payload_too_large" });
    await expect(call("/large")).rejects.toMatchObject({ message: expect.stringContaining("1048576") });
  });
});

describe("the request", () => {
  it.each(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])("may be a %s", async (method) => {
    await call("/echo", { method, body: { n: 1 } });
    expect(seen.at(-1)).toMatchObject({ method, url: "/echo" });
    expect(seen.at(-1)?.body.toString()).toBe(method === "GET" || method === "HEAD" ? "" : '{"n":1}');
  });

  it("has query and headers", async () => {
    await call("/echo?a=1#x", { query: { b: "x y", c: 2 }, headers: { "x-h": "v" } });
    expect(seen.at(-1)).toMatchObject({ url: "/echo?a=1&b=x+y&c=2", headers: { "x-h": "v", "user-agent": "AgentFlow" } });
  });

  const token = "{{ secrets.token }}";
  it.each([
    [{ type: "bearer", token }, "/echo?a=1", { authorization: "Bearer p ä+s" }],
    [{ type: "basic", username: "me", password: token }, "/echo?a=1", { authorization: "Basic bWU6cCDDpCtz" }],
    [{ type: "header", name: "X-Key", value: token }, "/echo?a=1", { "x-key": "p ä+s" }],
    [{ type: "query", name: "k", value: token }, "/echo?a=1&k=p+%C3%A4%2Bs", {}],
  ])("has credentials from secrets, of which no log tells: %j", async (auth, url, headers) => {
    const result = await runCall("/echo?a=1", { auth }, { secrets: { token: "p ä+s" } });
    expect(result.status).toBe("completed");
    expect(seen.at(-1)?.url).toBe(url);
    // Headers are bytes: Node reads them as Latin-1, which is how they were sent.
    expect(seen.at(-1)?.headers).toMatchObject(headers);
    for (const trace of ["p ä+s", "p+%C3%A4%2Bs", "bWU6cCDDpCtz"]) expect(JSON.stringify(result)).not.toContain(trace);
  });

  it("hides a query's credential wherever it comes back", async () => {
    const echo = async (address: URL) => Response.json({ asked: address.href });
    const { outputs } = await runCall("/", { auth: { type: "query", name: "k", value: "p s" } }, { services: { fetch: echo } });
    expect(outputs?.["all"]).toMatchObject({ body: { asked: expect.stringMatching(/\?k=\[secret\]$/) } });
  });

  it.each([
    ["auto", { a: [1] }, "application/json", '{"a":[1]}'],
    ["auto", "text", "text/plain; charset=utf-8", "text"],
    ["json", "text", "application/json", '"text"'],
    ["json", null, "application/json", "null"],
    ["text", { a: 1 }, "text/plain; charset=utf-8", '{"a":1}'],
    [
      "form",
      { a: "x y&", b: [1, true], c: null, d: { e: 1 } },
      "application/x-www-form-urlencoded",
      "a=x+y%26&b=1&b=true&d=%7B%22e%22%3A1%7D",
    ],
    ["binary", "iVBORwD/", "application/octet-stream", PNG.toString("latin1")],
  ])("carries a body as %s: %j", async (body_type, body, contentType, sent) => {
    await call("/echo", { method: "POST", body_type, body });
    expect(seen.at(-1)?.headers["content-type"]).toBe(contentType);
    expect(seen.at(-1)?.body.toString("latin1")).toBe(sent);
    const own = { method: "POST", body_type, body, headers: { "Content-Type": "text/x-own" } };
    await call("/echo", own);
    expect(seen.at(-1)?.headers["content-type"]).toBe("text/x-own");
  });

  it("carries files", async () => {
    const { files } = filesOf({ fil_logo: logo });
    const options = { inputs: { logo: logoReference, list: [logoReference, "x"] }, services: files };
    await call("/echo", { method: "PUT", body_type: "binary", body: "{{ inputs.logo }}" }, options);
    expect(seen.at(-1)).toMatchObject({ headers: { "content-type": "image/png" }, body: PNG });
    const body = { text: "grün", logo: "{{ inputs.logo }}", list: "{{ inputs.list }}", none: null };
    await call("/kept", { method: "POST", body_type: "multipart", body }, options);
    const last = seen.at(-1);
    if (!last) throw new Error("nothing came");
    expect(last.url).toBe("/echo");
    const form = await formOf(last);
    expect([...form.keys()]).toEqual(["text", "logo", "list", "list"]);
    expect([form.get("text"), form.getAll("list")[1]]).toEqual(["grün", "x"]);
    const file = form.get("logo");
    if (!(file instanceof File)) throw new Error("no file came");
    expect([file.name, file.type, new Uint8Array(await file.arrayBuffer())]).toEqual([logo.name, logo.type, new Uint8Array(PNG)]);
  });

  it.each([
    ["form", "text", "node_failed", "a form is a record"],
    ["multipart", [1], "node_failed", "a form is a record"],
    ["binary", "not base64!", "node_failed", "not base64"],
    ["binary", { a: 1 }, "node_failed", "a file or base64"],
    ["binary", { ...logoReference, id: "fil_other" }, "not_found", "The file was not found"],
    ["binary", { ...logoReference, size: 30_000_000 }, "payload_too_large", "at most"],
    ["multipart", { a: { ...logoReference, size: 20_000_000 }, b: { ...logoReference, size: 20_000_000 } }, "payload_too_large", "at most"],
  ])("refuses a body that is no %s: %j", async (body_type, body, code, message) => {
    const options = { inputs: { body }, services: filesOf({ fil_logo: logo }).files };
    const failing = call("/echo", { method: "POST", body_type, body: "{{ inputs.body }}" }, options);
    await expect(failing).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  });
});

describe("redirects", () => {
  it("are followed, without taking credentials to another origin", async () => {
    expect(await call("/moved", { method: "POST", body: "x" })).toMatchObject({ body: { a: 1 } });
    expect(seen.at(-1)).toMatchObject({ method: "GET", body: Buffer.alloc(0) });
    const auth = { type: "header", name: "x-api-key", value: "k" };
    expect(await call("/elsewhere", { auth })).toMatchObject({ body: { a: 1 } });
    expect(seen.at(-2)?.headers["x-api-key"]).toBe("k");
    expect(seen.at(-1)?.headers).not.toHaveProperty("x-api-key");
  });

  it("are counted, and with 0 they are the answer", async () => {
    await expect(call("/endless", { redirects: 2 })).rejects.toMatchObject({ message: expect.stringContaining("more than 2 times") });
    expect(seen.filter(({ url }) => url === "/endless")).toHaveLength(3);
    expect(await call("/endless", { redirects: 0 })).toMatchObject({ status: 302, headers: { location: "/endless" } });
  });
});

describe("a node that cannot do its work", () => {
  it.each([
    ["/inside", {}, "node_failed", "Only public addresses"],
    ["/endless", {}, "node_failed", "redirects more than 5"],
    ["/bad-json", { response: "json" }, "node_failed", "not JSON"],
    ["/", { url: "http://127.0.0.1:1/" }, "node_failed", "Only public addresses"],
    ["/", { headers: { "bad name": "x" } }, "node_failed", "is not a header"],
    ["/", { auth: { type: "header", name: "Host", value: "x.test" } }, "node_failed", "not yours to set"],
  ])("fails on %s %j as %s", async (path, config, code, message) => {
    await expect(call(path, config)).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  });

  it("says that an address does not answer", async () => {
    const outgoing = readPolicy({ OUTGOING_ALLOW: "127.0.0.1:1" });
    await expect(call("/", { url: "http://127.0.0.1:1/" }, { services: { outgoing } })).rejects.toMatchObject({
      code: "upstream_unavailable",
    });
  });

  it.each(["/hang", "/drip"])("closes the connection to %s at its timeout", async (path) => {
    closed = Promise.withResolvers();
    const { error } = await runCall(path, {}, {}, { timeout_ms: 100 });
    expect(error).toMatchObject({ code: "node_timeout", message: "The node took longer than 100 ms." });
    await closed.promise;
  });

  it("closes the connection when the run is cancelled", async () => {
    closed = Promise.withResolvers();
    reached = Promise.withResolvers();
    const stop = new AbortController();
    const running = runCall("/drip", {}, { request: { signal: stop.signal } });
    await reached.promise;
    stop.abort();
    expect((await running).status).toBe("cancelled");
    await closed.promise;
  });

  it("gives up after 30 s when it has no timeout of its own", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const called = Promise.withResolvers<void>();
      const hanging = (_address: URL, { signal }: RequestInit) => {
        called.resolve();
        return new Promise<Response>((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
      };
      const request = { config: { timeout_ms: 300_000, max_output_bytes: 1000 } };
      const running = runCall("/", {}, { services: { fetch: hanging }, request });
      await called.promise;
      await vi.advanceTimersByTimeAsync(30_000);
      expect((await running).error).toMatchObject({ code: "node_timeout", message: "The node took longer than 30000 ms." });
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("the config", () => {
  const faultsIn = async (config: Record<string, unknown>) => {
    const node = { id: "it", type: "http", config: { url: "https://example.com/", ...config } };
    const checked = await checkWorkflow(inARow([node], {}), { dbSchema: { tables: [] } });
    return checked.ok ? [] : checked.faults;
  };

  it.each([
    [{ method: "TRACE" }, "method"],
    [{ headers: { Host: "x" } }, "headers"],
    [{ redirects: 11 }, "redirects"],
    [{ max_bytes: 10_485_761 }, "max_bytes"],
    [{ response: "xml" }, "response"],
    [{ body_type: "yaml" }, "body_type"],
    [{ body_type: "form", body: [1] }, "body"],
    [{ body_type: "multipart", body: 1 }, "body"],
    [{ body_type: "multipart", headers: { "Content-Type": "x" } }, "headers"],
    [{ auth: { type: "query", value: "x" } }, "auth.name"],
    [{ fail_on_status: "yes" }, "fail_on_status"],
  ])("%j is refused", async (config, path) => {
    expect(await faultsIn(config)).toMatchObject([{ path: expect.stringContaining(`config.${path}`) }]);
  });

  it.each([
    { method: "POST", body_type: "form", body: "{{ inputs }}" },
    { method: "POST", body_type: "multipart", body: { a: "x" }, redirects: 0, max_bytes: 1, response: "file", fail_on_status: false },
    { auth: { type: "query", name: "key", value: "{{ secrets.key }}" } },
  ])("%j is taken", async (config) => {
    expect(await faultsIn(config)).toEqual([]);
  });
});
