/// <reference types="node" />
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { text as readText } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { type Context, createContext } from "#platform/context";
import type { Env } from "#platform/env";
import { complete } from "./model.ts";

type Answer = (body: Record<string, unknown>, response: ServerResponse, request: IncomingMessage) => void;

let server: Server | undefined;

/** Starts a server that speaks the chat completions protocol as the test says; gives the context that points at it. */
async function modelServer(answer: Answer): Promise<Context> {
  server = createServer((request, response) => {
    readText(request).then((body) => answer(JSON.parse(body), response, request), response.destroy);
  });
  await new Promise<void>((ready) => server?.listen(0, "127.0.0.1", ready));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  const env: Partial<Env> = { OPENAI_BASE_URL: `http://127.0.0.1:${address.port}/v1`, OPENAI_API_KEY: "sk-test", OPENAI_MODEL: "small" };
  return createContext(env as Env, { waitUntil: () => {} });
}

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function completion(content: string, usage?: object) {
  return {
    id: "c1",
    object: "chat.completion",
    model: "small-1",
    choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
    usage,
  };
}

const ask = { messages: [{ role: "user" as const, content: "Hello there!" }] };

describe("complete", () => {
  it("asks with what was given and gives text, model and tokens", async () => {
    let [seen, key]: [unknown, unknown] = [undefined, undefined];
    const ctx = await modelServer((body, response, request) => {
      [seen, key] = [body, request.headers.authorization];
      json(response, 200, completion("Hi.", { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 }));
    });
    expect(await complete(ctx, { ...ask, temperature: 0.5, maxTokens: 30 })).toEqual({
      text: "Hi.",
      model: "small-1",
      usage: { input_tokens: 7, output_tokens: 2, total_tokens: 9 },
    });
    expect(seen).toEqual({ model: "small", messages: ask.messages, temperature: 0.5, max_completion_tokens: 30 });
    expect(key).toBe("Bearer sk-test");
  });

  it("reads JSON when a schema is asked for, and leaves parsed out when the answer is none", async () => {
    const answers = ['{"a":1}', '```json\n{"a":2}\n```', "sorry"];
    const ctx = await modelServer((body, response) => {
      expect(body).toMatchObject({ model: "large", response_format: { type: "json_schema", json_schema: { name: "output" } } });
      json(response, 200, completion(answers.shift() ?? ""));
    });
    const request = { ...ask, model: "large", outputSchema: { name: "output", schema: { type: "object" } } };
    expect((await complete(ctx, request)).parsed).toEqual({ a: 1 });
    expect((await complete(ctx, request)).parsed).toEqual({ a: 2 });
    expect(await complete(ctx, request)).not.toHaveProperty("parsed");
  });

  it("streams when someone listens", async () => {
    const ctx = await modelServer((body, response) => {
      expect(body).toMatchObject({ stream: true, stream_options: { include_usage: true } });
      response.writeHead(200, { "content-type": "text/event-stream" });
      const chunk = (extra: object) =>
        response.write(`data: ${JSON.stringify({ id: "c1", object: "chat.completion.chunk", model: "small-1", ...extra })}\n\n`);
      for (const content of ["Good ", "day", "."]) chunk({ choices: [{ index: 0, delta: { content } }] });
      chunk({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] });
      chunk({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 } });
      response.end("data: [DONE]\n\n");
    });
    const deltas: string[] = [];
    const answer = await complete(ctx, { ...ask, onText: (delta) => deltas.push(delta) });
    expect(deltas).toEqual(["Good ", "day", "."]);
    expect(answer).toEqual({ text: "Good day.", model: "small-1", usage: { input_tokens: 3, output_tokens: 4, total_tokens: 7 } });
  });

  it("tells of tools, and gives the calls that the model asks for", async () => {
    let seen: unknown;
    const calls = [
      { id: "call_a", type: "function", function: { name: "find", arguments: '{"q":"x"}' } },
      { id: "call_b", type: "function", function: { name: "add", arguments: "{" } },
    ];
    const ctx = await modelServer((body, response) => {
      seen = body;
      json(response, 200, { model: "small-1", choices: [{ index: 0, message: { content: null, tool_calls: calls } }] });
    });
    const tools = [{ name: "find", description: "Finds.", parameters: { type: "object", properties: { q: { type: "string" } } } }];
    const answer = await complete(ctx, { ...ask, tools });
    expect(answer).toMatchObject({
      text: "",
      toolCalls: [
        { id: "call_a", name: "find", arguments: '{"q":"x"}' },
        { id: "call_b", name: "add", arguments: "{" },
      ],
    });
    // What was asked and what was called count, though nothing was said.
    expect(answer.usage.input_tokens).toBeGreaterThan(20);
    expect(answer.usage.output_tokens).toBe(5);
    expect(seen).toEqual({ model: "small", messages: ask.messages, tools: [{ type: "function", function: tools[0] }] });
    await complete(ctx, { ...ask, tools, mayCall: false });
    expect(seen).toMatchObject({ tool_choice: "none" });
  });

  it("puts streamed calls together, also those that come in turns or without a name of their own", async () => {
    const ctx = await modelServer((_body, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const chunk = (delta: object) => response.write(`data: ${JSON.stringify({ model: "m", choices: [{ index: 0, delta }] })}\n\n`);
      chunk({ content: "Let me " });
      chunk({ content: "look." });
      chunk({ tool_calls: [{ index: 1, id: "call_b", type: "function", function: { name: "add", arguments: "" } }] });
      chunk({ tool_calls: [{ index: 0, type: "function", function: { name: "find", arguments: '{"q"' } }] });
      chunk({ tool_calls: [{ index: 1, function: { arguments: '{"n":' } }] });
      chunk({ tool_calls: [{ index: 0, function: { name: "find", arguments: ':"x"}' } }] });
      chunk({ tool_calls: [{ index: 1, function: { arguments: "1}" } }] });
      response.end("data: [DONE]\n\n");
    });
    const deltas: string[] = [];
    const answer = await complete(ctx, { ...ask, onText: (delta) => deltas.push(delta) });
    expect(deltas).toEqual(["Let me ", "look."]);
    expect(answer).toMatchObject({
      text: "Let me look.",
      toolCalls: [
        { id: "call_0", name: "find", arguments: '{"q":"x"}' },
        { id: "call_b", name: "add", arguments: '{"n":1}' },
      ],
      usage: { output_tokens: 9 },
    });
  });

  it("sends what was called, what it gave, texts and images", async () => {
    let seen: unknown;
    const ctx = await modelServer((body, response) => {
      seen = body["messages"];
      json(response, 200, completion("Done."));
    });
    const image = "data:image/png;base64,AAAA";
    const { usage } = await complete(ctx, {
      messages: [
        {
          role: "user",
          content: "See?",
          attachments: [
            { type: "text", text: "a,b" },
            { type: "image", url: image },
          ],
        },
        { role: "assistant", content: "", toolCalls: [{ id: "call_a", name: "find", arguments: "{}" }] },
        { role: "tool", content: "7", toolCallId: "call_a" },
      ],
    });
    expect(seen).toEqual([
      {
        role: "user",
        content: [
          { type: "text", text: "See?" },
          { type: "text", text: "a,b" },
          { type: "image_url", image_url: { url: image } },
        ],
      },
      { role: "assistant", content: null, tool_calls: [{ id: "call_a", type: "function", function: { name: "find", arguments: "{}" } }] },
      { role: "tool", content: "7", tool_call_id: "call_a" },
    ]);
    expect(usage.input_tokens).toBe(804);
  });

  it("estimates tokens for servers that do not count", async () => {
    const ctx = await modelServer((_body, response) => json(response, 200, completion("12345678")));
    expect((await complete(ctx, ask)).usage).toEqual({ input_tokens: 3, output_tokens: 2, total_tokens: 5 });
  });

  it.each([
    [429, "model_unavailable"],
    [500, "model_unavailable"],
    [503, "model_unavailable"],
    [400, "model_failed"],
    [401, "model_failed"],
    [404, "model_failed"],
  ])("asks once and maps status %i to %s, without the server's words", async (status, code) => {
    let requests = 0;
    const ctx = await modelServer((_body, response) => {
      requests += 1;
      json(response, status, { error: { message: "internal host db-7" } });
    });
    const failure = complete(ctx, ask);
    await expect(failure).rejects.toMatchObject({ code });
    await expect(failure).rejects.not.toThrow("db-7");
    expect(requests).toBe(1);
  });

  it("maps an unreachable server, and one that hangs up in the middle of a stream", async () => {
    const ctx = await modelServer((_body, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(`data: ${JSON.stringify({ model: "m", choices: [{ index: 0, delta: { content: "Go" } }] })}\n\n`, () =>
        response.destroy(),
      );
    });
    await expect(complete(ctx, { ...ask, onText: () => {} })).rejects.toMatchObject({ code: "model_unavailable" });
    server?.close();
    server?.closeAllConnections();
    await expect(complete(ctx, ask)).rejects.toMatchObject({ code: "model_unavailable" });
  });

  it("ends with the reason of its signal", async () => {
    const controller = new AbortController();
    const ctx = await modelServer(() => controller.abort(new Error("enough")));
    await expect(complete(ctx, { ...ask, signal: controller.signal })).rejects.toThrow("enough");
  });
});
