import { afterEach, describe, expect, it } from "vitest";
import { notFound } from "#platform/errors";
import { inARow, runWorkflow } from "../fixtures/run-workflow.ts";
import { type ScriptedAnswer, type ScriptedModel, scriptedModel } from "../fixtures/scripted-model.ts";
import { runSession } from "../run-session.ts";

let model: ScriptedModel;
afterEach(() => model?.close());

const content: Record<string, { name: string; type: string; size: number; bytes: Uint8Array<ArrayBuffer> }> = {
  fil_photo: { name: "photo.png", type: "image/png", size: 40_000, bytes: new Uint8Array(new Array(40_000).fill(0xff)) },
  fil_rows: { name: "rows.csv", type: "text/csv", size: 8, bytes: new Uint8Array(new TextEncoder().encode("a,b\n1,ü")) },
  fil_data: { name: "data.json", type: "application/vnd.x+json", size: 2, bytes: new Uint8Array(new TextEncoder().encode("{}")) },
  fil_paper: { name: "paper.pdf", type: "application/pdf", size: 3, bytes: new Uint8Array(3) },
  fil_book: { name: "book.txt", type: "text/plain", size: 600_000, bytes: new Uint8Array(0) },
};
const openFile = async (id: string) => {
  const file = content[id];
  if (!file) throw notFound("The file");
  const { bytes, ...rest } = file;
  return { reference: { id, ...rest }, bytes };
};
const reference = (id: string) => ({
  id,
  name: content[id]?.name ?? "gone",
  type: content[id]?.type ?? "text/plain",
  size: content[id]?.size ?? 1,
});

/** Asks a model that answers like this, and gives the node's output or its error. */
async function ask(answers: readonly ScriptedAnswer[], config: Record<string, unknown>, inputs: Record<string, unknown> = {}) {
  model = await scriptedModel(answers);
  const declared = Object.keys(inputs).map((name) => ({ name, type: "json" }));
  const workflow = inARow([{ id: "it", type: "llm", config }], { all: "{{ nodes.it }}" }, declared);
  const { outputs, error } = await runWorkflow(workflow, { inputs, services: { ...model.services, openFile } });
  return error ?? outputs?.["all"];
}

describe("files", () => {
  it("are shown to the model: images as such, texts as text", async () => {
    const files = ["{{ inputs.photo }}", "{{ inputs.rows }}", "{{ inputs.none }}", reference("fil_data")];
    const inputs = { photo: reference("fil_photo"), rows: reference("fil_rows"), none: null };
    expect(await ask([{ text: "Nice." }], { prompt: "See?", files }, inputs)).toMatchObject({ text: "Nice." });
    const url = `data:image/png;base64,${Buffer.from(content["fil_photo"]?.bytes ?? []).toString("base64")}`;
    expect(model.requests[0]?.messages).toEqual([
      {
        role: "user",
        content: [
          { type: "text", text: "See?" },
          { type: "text", text: "File photo.png (image/png):" },
          { type: "image_url", image_url: { url } },
          { type: "text", text: "File rows.csv (text/csv):\na,b\n1,ü" },
          { type: "text", text: "File data.json (application/vnd.x+json):\n{}" },
        ],
      },
    ]);
  });

  it("come with the last that was said, also all from one expression", async () => {
    const messages = [
      { role: "user", content: "a" },
      { role: "user", content: "b" },
      { role: "assistant", content: "c" },
    ];
    await ask([{ text: "Nice." }], { messages, files: "{{ inputs.all }}" }, { all: [reference("fil_rows")] });
    expect(model.requests[0]?.messages.map(({ content }) => Array.isArray(content))).toEqual([false, true, false]);
    model.close();
    await ask([{ text: "Nice." }], { prompt: "x", files: "{{ inputs.one }}" }, { one: reference("fil_rows") });
    expect(model.requests[0]?.messages).toHaveLength(1);
  });

  it.each([
    [["fil_paper"], "node_failed", "config.files: paper.pdf is application/pdf; a model reads images (png, jpeg, gif, webp) and texts."],
    [["fil_rows", "fil_book"], "payload_too_large", "config.files: with book.txt it is more than the 524288 bytes that a model takes."],
    [["fil_gone"], "not_found", "The file was not found."],
  ])("are refused where a model could not read them: %s", async (ids, code, message) => {
    expect(await ask([], { prompt: "x", files: "{{ inputs.all }}" }, { all: ids.map(reference) })).toMatchObject({ code, message });
    expect(model.requests).toEqual([]);
  });

  it("are files and nothing else", async () => {
    const wrong = await ask([], { prompt: "x", files: "{{ inputs.all }}" }, { all: [reference("fil_rows"), "fil_rows"] });
    expect(wrong).toMatchObject({ code: "node_failed", message: "config.files[1]: is not a file" });
  });
});

describe("tools", () => {
  const parameters = { type: "object", properties: { n: { type: "integer" } } };
  const tools = [{ http: { name: "double", description: "Doubles.", url: "https://example.com/{{ args.n }}", parameters } }];

  it("are used before the answer, which keeps its form", async () => {
    const answers = [{ calls: [["double", { n: "x" }] as const] }, { text: '{"n":4}', tokens: 5 }];
    const config = { prompt: "2?", tools, max_tokens: 50, output_schema: { type: "object" } };
    expect(await ask(answers, config)).toEqual({
      text: '{"n":4}',
      parsed: { n: 4 },
      usage: { input_tokens: 13, output_tokens: 2, total_tokens: 15 },
      tool_calls: [
        {
          name: "double",
          arguments: { n: "x" },
          error: { code: "validation_failed", message: expect.any(String) },
          duration_ms: expect.any(Number),
        },
      ],
    });
    // Each answer may be as long as it says.
    expect(model.requests.map((request) => request.max_completion_tokens)).toEqual([50, 50]);
  });

  it("are used a few times at most", async () => {
    const again = { calls: [["double", { n: "x" }] as const] };
    expect(await ask([again, again, again, again, again], { prompt: "2?", tools })).toMatchObject({ code: "node_failed" });
    expect(model.requests).toHaveLength(5);
    expect(model.requests.at(-1)?.tool_choice).toBe("none");
  });
});

describe("memory", () => {
  const turn = (number: number) => ({ run_id: `run_${number}`, said: `said ${number}`, answer: `answer ${number}`, at: 0 });
  const session = runSession("vis_1", { summary: "They met.", turns: [turn(1), turn(2), turn(3)] });

  /** What the model is asked by a node with this config in the middle of a conversation. */
  async function askedBy(type: string, config: Record<string, unknown>, request = { session }) {
    model = await scriptedModel([{ text: "Yes." }]);
    const workflow = inARow([{ id: "it", type, config }], {});
    await runWorkflow(workflow, { services: model.services, request });
    return model.requests[0]?.messages.map(({ role, content }) => `${role}: ${content}`);
  }
  const said = (number: number) => [`user: said ${number}`, `assistant: answer ${number}`];
  const summary = expect.stringMatching(/^system: What was said earlier .*\nThey met\.$/s);

  it("tells the model what was said before, between instructions and question", async () => {
    const expected = ["system: Be kind.", summary, ...said(1), ...said(2), ...said(3), "user: And now?"];
    expect(await askedBy("llm", { system: "Be kind.", prompt: "And now?", memory: {} })).toEqual(expected);
  });

  it("is as long as the node says", async () => {
    expect(await askedBy("llm", { prompt: "And now?", memory: { turns: 1 } })).toEqual([summary, ...said(3), "user: And now?"]);
    const asked = await askedBy("agent", { instructions: "Be kind.", input: "And now?", memory: { turns: 2 } });
    expect(asked?.slice(1)).toEqual([summary, ...said(2), ...said(3), "user: And now?"]);
  });

  it("is nothing without a conversation, and for nodes that do not ask for it", async () => {
    expect(await askedBy("llm", { prompt: "And now?", memory: {} }, { session: runSession(null) })).toEqual(["user: And now?"]);
    expect(await askedBy("llm", { prompt: "And now?" })).toEqual(["user: And now?"]);
  });

  it("can be had as messages too", async () => {
    const messages = "{{ $append(session.history, {'role': 'user', 'content': session.summary}) }}";
    expect(await askedBy("llm", { messages })).toEqual([...said(1), ...said(2), ...said(3), "user: They met."]);
  });
});
