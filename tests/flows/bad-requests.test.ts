import { request } from "node:http";
import { beforeAll, describe, expect, it } from "vitest";
import { call, echo, type Json, type Member, type PublishedApp, publishApp, signUp, stack } from "./client.ts";

let member: Member;
let app: PublishedApp;
beforeAll(async () => {
  member = await signUp();
  app = await publishApp(member, echo("Hello"));
});

/** A request that `fetch` would not send: any Host, any bytes. */
function raw(
  path: string,
  options: { host?: string; method?: string; type?: string; body?: Uint8Array; accept?: string },
): Promise<{ status: number; type: string; text: string }> {
  const { hostname, port, host } = new URL(stack().api);
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        hostname,
        port,
        path,
        method: options.method ?? (options.body ? "POST" : "GET"),
        headers: {
          Host: options.host ?? host,
          ...(options.accept ? { Accept: options.accept } : {}),
          ...(options.body ? { "Content-Type": options.type ?? "application/json", "Content-Length": String(options.body.length) } : {}),
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            type: String(response.headers["content-type"]),
            text: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    sent.on("error", reject);
    sent.end(options.body);
  });
}

function expectProblem(answer: { status: number; type: string; text: string }, status: number, code: string) {
  expect(answer.status).toBe(status);
  expect(answer.type).toContain("application/problem+json");
  const problem: Json = JSON.parse(answer.text);
  expect(problem).toMatchObject({ status, code, title: expect.any(String), detail: expect.any(String), request_id: expect.any(String) });
}

const bytes = (text: string) => new TextEncoder().encode(text);

describe("bad requests get a clear answer", () => {
  const runs = () => `${app.path}/runs`;

  it("for a body that is not JSON", async () => expectProblem(await raw(runs(), { body: bytes("{nope") }), 400, "bad_request"));
  it("for invalid UTF-8", async () =>
    expectProblem(
      await raw(runs(), { body: new Uint8Array([...bytes('{"inputs":{"word":"'), 0xff, 0xfe, ...bytes('"}}')]) }),
      400,
      "bad_request",
    ));
  it("for a body of the wrong shape", async () => expectProblem(await raw(runs(), { body: bytes("[1]") }), 422, "validation_failed"));
  it("for an input nobody declared", async () =>
    expectProblem(await raw(runs(), { body: bytes('{"inputs":{"word":"a","other":1}}') }), 422, "validation_failed"));
  it("for the wrong content type", async () =>
    expectProblem(await raw(runs(), { body: bytes("<a/>"), type: "application/xml" }), 415, "unsupported_media_type"));
  it("for 2 MB of input", async () =>
    expectProblem(
      await raw(runs(), { body: bytes(JSON.stringify({ inputs: { word: "x".repeat(2_000_000) } })) }),
      413,
      "payload_too_large",
    ));
  it("for an unknown slug", async () => {
    expectProblem(await raw(`/${member.workspace.slug}/nothing/schema`, {}), 404, "not_found");
    expectProblem(await raw("/nobody/nothing/runs", { body: bytes("{}") }), 404, "not_found");
  });
  it("for an unknown slug in a browser", async () => {
    const page = await raw("/nobody/nothing", { accept: "text/html" });
    expect(page.status).toBe(404);
    expect(page.type).toContain("text/html");
  });
  it("for an unknown host, which reaches nothing of the platform", async () => {
    for (const path of ["/", "/api/v1/workspaces", "/api/auth/get-session", "/healthz", app.path, `${app.path}/schema`]) {
      expectProblem(await raw(path, { host: "unknown.example.test" }), 421, "misdirected_request");
    }
  });
  it("for a method that is not there", async () => expectProblem(await raw(runs(), { method: "DELETE" }), 405, "method_not_allowed"));
  it("for bad bodies sent to the API", async () => {
    const path = `/api/v1/workspaces/${member.workspace.id}/apps`;
    const headers = { ...member.as };
    const answers = await Promise.all([
      call(path, { headers, body: "{nope" }),
      call(path, { headers: { ...headers, "Content-Type": "text/plain" }, body: "hello" }),
      call(path, { headers, body: JSON.stringify({ ...echo("x"), description: "x".repeat(2_000_000) }) }),
      call(path, { headers, body: [] }),
    ]);
    expect(answers.map((answer) => answer.status)).toEqual([400, 415, 413, 422]);
    for (const answer of answers) expect(answer.headers.get("Content-Type")).toContain("application/problem+json");
  });
  it("never with a 500, and always with a request id", async () => {
    const paths = [
      "/%00",
      "/a/%ff",
      "/..%2f..%2fetc",
      `${app.path}/%2e%2e`,
      "/api/v1/apps/%00",
      "/api/v1/runs/run_",
      "/api/v1/apps/app_01k00000000000000000000000'--",
    ];
    for (const path of paths) {
      const answer = await call(path, { headers: member.as });
      expect(answer.status, path).toBeGreaterThanOrEqual(300);
      expect(answer.status, path).toBeLessThan(500);
      expect(answer.headers.get("X-Request-Id"), path).toMatch(/^req_/);
      expect(answer.headers.get("X-Content-Type-Options"), path).toBe("nosniff");
    }
  });
});
