import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OfflineModel, startOfflineModel } from "./server.ts";

let model: OfflineModel;
let client: OpenAI;

beforeAll(async () => {
  model = await startOfflineModel({ port: 0, slowMs: 60_000 });
  client = new OpenAI({ baseURL: model.baseUrl, apiKey: "offline", maxRetries: 0 });
});

afterAll(() => model.close());

const messages = [
  { role: "system" as const, content: "Answer kindly in two sentences." },
  { role: "user" as const, content: "My printer is on fire. It also sings. Please advise." },
];

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe("a completion", () => {
  it("is a labelled summary, the same every time, with its usage", async () => {
    const [first, second] = await Promise.all([1, 2].map(() => client.chat.completions.create({ model: "gpt-5-mini", messages })));
    expect(first).toEqual(second);
    expect(first?.choices[0]).toMatchObject({
      message: { role: "assistant", content: "[offline model] My printer is on fire. It also sings." },
      finish_reason: "stop",
    });
    expect(first?.model).toBe("offline-model");
    expect(first?.usage).toEqual({ prompt_tokens: 29, completion_tokens: 14, total_tokens: 43 });
  });

  it("stops at max_tokens", async () => {
    const answer = await client.chat.completions.create({ model: "any", messages, max_completion_tokens: 5 });
    expect(answer.choices[0]).toMatchObject({ message: { content: "[offline model] My p" }, finish_reason: "length" });
    expect(answer.usage?.completion_tokens).toBe(5);
  });

  it("streams the same text, with usage when asked for", async () => {
    const stream = await client.chat.completions.create({ model: "any", messages, stream: true, stream_options: { include_usage: true } });
    const chunks = await collect(stream);
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("")).toBe(
      "[offline model] My printer is on fire. It also sings.",
    );
    expect(chunks.length).toBeGreaterThan(8);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 43 } });
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe("stop");
  });

  it("answers in the JSON schema asked for", async () => {
    const schema = {
      type: "object",
      required: ["title", "score", "tags", "kind", "contact", "nested"],
      properties: {
        title: { type: "string", maxLength: 20 },
        score: { type: "integer", minimum: 3 },
        tags: { type: "array", items: { type: "string" }, minItems: 2 },
        kind: { enum: ["a", "b"] },
        contact: { anyOf: [{ type: "null" }, { type: "string", format: "email" }] },
        nested: { $ref: "#/$defs/nested" },
      },
      $defs: { nested: { type: "object", properties: { ok: { type: "boolean" }, ratio: { type: "number", exclusiveMinimum: 1 } } } },
    };
    const answer = await client.chat.completions.create({
      model: "any",
      messages,
      response_format: { type: "json_schema", json_schema: { name: "card", schema } },
    });
    const text = "[offline model] My printer is on fire. It also sings.";
    expect(JSON.parse(answer.choices[0]?.message.content ?? "")).toEqual({
      title: text.slice(0, 20),
      score: 3,
      tags: [text, text],
      kind: "a",
      contact: "offline@example.com",
      nested: { ok: false, ratio: 2 },
    });
  });

  it("sorts by intent", async () => {
    const intents = [
      { name: "sales", description: "wants to buy or asks for a price", examples: ["how much is it", "I want a quote"] },
      { name: "support", description: "has a problem", examples: ["it does not work", "I get an error"] },
    ];
    const schema = {
      type: "object",
      properties: { intent: { type: "string", enum: ["sales", "support", "other"] }, confidence: { type: "number" } },
      required: ["intent", "confidence"],
    };
    const sort = async (text: string) => {
      const answer = await client.chat.completions.create({
        model: "any",
        messages: [
          { role: "system", content: `Sort the text.\nINTENTS: ${JSON.stringify(intents)}\nFALLBACK: other` },
          { role: "user", content: text },
        ],
        response_format: { type: "json_schema", json_schema: { name: "intent", schema } },
      });
      return JSON.parse(answer.choices[0]?.message.content ?? "");
    };
    expect(await sort("what does a licence cost?")).toEqual({ intent: "sales", confidence: expect.any(Number) });
    expect(await sort("lorem ipsum")).toEqual({ intent: "other", confidence: 0 });
  });
});

describe("tools", () => {
  const text = { type: "string" };
  const tool = (name: string, description: string, parameters: Record<string, unknown>) => ({
    type: "function" as const,
    function: { name, description, parameters },
  });
  const object = (properties: Record<string, unknown>, required: string[] = []) => ({ type: "object", properties, required });
  const tools = [
    tool("select_orders", "Rows of the table orders.", object({ where: object({ email: { anyOf: [text, object({ eq: text })] } }) })),
    tool("delete_orders", "Deletes rows of the table orders.", object({ where: object({ email: text }) }, ["where"])),
    tool(
      "weather",
      "Says the weather.",
      object({ city: text, days: { type: "integer" }, unit: { enum: ["metric", "imperial"] } }, ["city"]),
    ),
    tool("note", "Keeps a reminder.", object({ body: text, urgent: { type: "boolean" } }, ["body", "urgent"])),
  ];
  const user = (content: string) => ({ role: "user" as const, content });
  type Messages = OpenAI.ChatCompletionMessageParam[];

  /** Asks, answers each call with its own name, and gives the calls and the last text. */
  async function converse(content: string) {
    const talk: Messages = [user(content)];
    const calls: [string, unknown][] = [];
    for (;;) {
      const { choices } = await client.chat.completions.create({ model: "any", messages: talk, tools });
      const { message, finish_reason } = choices[0] ?? {};
      const [call] = message?.tool_calls ?? [];
      expect(finish_reason).toBe(call ? "tool_calls" : "stop");
      if (call?.type !== "function" || !message) return { calls, text: message?.content };
      expect(message.content).toBeNull();
      calls.push([call.function.name, JSON.parse(call.function.arguments)]);
      talk.push(message, { role: "tool", tool_call_id: call.id, content: `{"from":"${call.function.name}"}` });
    }
  }

  it("calls what fits the words, each once, and sums up what came back", async () => {
    expect(await converse("Find the orders of ada@example.com, and the weather in city Paris for days 3, metric please")).toEqual({
      calls: [
        ["weather", { city: "Paris", days: 3, unit: "metric" }],
        ["select_orders", { where: { email: "ada@example.com" } }],
      ],
      text: '[offline model] weather gave {"from":"weather"}; select_orders gave {"from":"select_orders"}.',
    });
  });

  it("fills what it must, and leaves open what nobody said", async () => {
    expect((await converse("Weather?")).calls).toEqual([["weather", { city: "Weather?" }]]);
    expect((await converse('A reminder with the body "feed the cat"')).calls).toEqual([["note", { body: "feed the cat", urgent: false }]]);
    expect((await converse("Please delete orders")).calls).toEqual([["delete_orders", { where: {} }]]);
  });

  it("answers where no tool fits, or none may be called", async () => {
    expect(await converse("Lorem ipsum.")).toEqual({ calls: [], text: "[offline model] Lorem ipsum. That is all the text says." });
    const request = { model: "any", messages: [user("Weather?")], tools, tool_choice: "none" as const };
    const { choices } = await client.chat.completions.create(request);
    expect(choices[0]).toMatchObject({ finish_reason: "stop", message: { content: expect.stringContaining("Weather?") } });
  });

  it("streams a call in pieces, and counts it", async () => {
    const request = { model: "any", messages: [user("The weather in city Paris")], tools };
    const { usage, choices } = await client.chat.completions.create(request);
    const chunks = await collect(
      await client.chat.completions.create({ ...request, stream: true, stream_options: { include_usage: true } }),
    );
    const deltas = chunks.flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? []);
    const whole = choices[0]?.message.tool_calls?.[0];
    expect(deltas.length).toBeGreaterThan(2);
    expect(deltas[0]).toMatchObject({ index: 0, id: whole?.id, function: { name: "weather" } });
    expect(deltas.map((delta) => delta.function?.arguments ?? "").join("")).toBe('{"city":"Paris"}');
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe("tool_calls");
    expect(chunks.at(-1)?.usage).toEqual(usage);
  });
});

describe("images", () => {
  it("are named in the answer", async () => {
    const image = (url: string) => ({ type: "image_url" as const, image_url: { url } });
    const content = [{ type: "text" as const, text: "Look." }, image("data:image/png;base64,AAAAAAAA"), image("https://example.com/a.jpg")];
    const { choices } = await client.chat.completions.create({ model: "any", messages: [{ role: "user", content }] });
    expect(choices[0]?.message.content).toBe(
      "[offline model] Look. That is all the text says. With an image: image/png, 6 bytes. With an image: https://example.com/a.jpg.",
    );
  });
});

describe("faults", () => {
  it("refuses and breaks when asked to", async () => {
    await expect(client.chat.completions.create({ model: "offline-429", messages })).rejects.toMatchObject({
      status: 429,
      code: "rate_limit_exceeded",
    });
    await expect(client.chat.completions.create({ model: "offline-500", messages })).rejects.toMatchObject({ status: 500 });
    await expect(client.chat.completions.create({ model: "any", messages: [] })).rejects.toMatchObject({ status: 400 });
  });

  it("stops working when the client hangs up", async () => {
    const abort = new AbortController();
    const answer = client.chat.completions
      .create({ model: "offline-slow", messages }, { signal: abort.signal })
      .catch((error: unknown) => error);
    await expect.poll(() => model.seen.at(-1), { timeout: 4000 }).toMatchObject({ model: "offline-slow", outcome: "pending" });
    abort.abort();
    expect(await answer).toBeInstanceOf(OpenAI.APIUserAbortError);
    await expect.poll(() => model.seen.at(-1)?.outcome, { timeout: 4000 }).toBe("aborted");
  });

  it("lists its models, by their names", async () => {
    const models = await collect(client.models.list());
    expect(models.map((entry) => entry.id)).toEqual(["offline-model", "offline-slow", "offline-drip", "offline-429", "offline-500"]);
  });
});
