import { beforeAll, describe, expect, it } from "vitest";
import { call, eventually, type Json, type Member, type PublishedApp, publishApp, signUp, stream } from "./client.ts";

/** Says what it is told, and what was answered before. */
const chatManifest: Json = {
  manifest: "1",
  name: "Chat",
  workflow: {
    nodes: [
      { id: "start", type: "start", config: { inputs: [{ name: "message", type: "string", required: true }] } },
      { id: "end", type: "end", config: { outputs: { said: "{{ inputs.message }}", before: "{{ session.history[-1].content }}" } } },
    ],
    edges: [{ from: "start", to: "end" }],
  },
  ui_schema: {
    schema_version: "1",
    layout: { type: "stack" },
    blocks: [{ id: "chat", type: "chat", input_key: "message" }],
    result_view: { type: "text", props: { content: "{{ outputs.said }}" } },
  },
  access_policy: {
    access_mode: "public_anonymous",
    rate_limit: { per_ip: null, per_session: null, per_app: null },
    allowed_origins: ["*"],
    require_captcha: false,
  },
};

let member: Member;
let app: PublishedApp;

beforeAll(async () => {
  member = await signUp();
  app = await publishApp(member, chatManifest);
});

interface Visitor {
  readonly id: string;
  readonly headers: { readonly Cookie: string };
}

/** A visitor who has said a first word. */
async function newVisitor(word: string): Promise<Visitor> {
  const { status, headers, body } = await call(`${app.path}/runs`, { body: { inputs: { message: word } } });
  expect(status).toBe(200);
  const { body: run } = await eventually(
    () => call(`/api/v1/runs/${body.data.run_id}`, { headers: member.as }),
    ({ status }) => status === 200,
  );
  return { id: run.data.session_id, headers: { Cookie: `af_session=${headers.get("X-App-Session-Id")}` } };
}

async function outputsOf(runId: string, { headers }: Visitor): Promise<Json> {
  const read = () => call(`${app.path}/runs/${runId}`, { headers });
  return (await eventually(read, ({ body }) => body.data.status === "completed", 60_000)).body.data.outputs;
}

/** One turn, asked for in one of three ways. */
async function turn(message: string, visitor: Visitor, way: number): Promise<Json> {
  const body = { inputs: { message } };
  const address = `${app.path}/runs`;
  if (way === 0) {
    const { events } = await stream(address, body, visitor.headers);
    return events.at(-1)?.data.outputs;
  }
  const headers = { ...visitor.headers, ...(way === 1 ? { Prefer: "respond-async" } : {}) };
  const { body: answer } = await call(address, { body, headers });
  return outputsOf(answer.data.run_id, visitor);
}

/** The page as this visitor gets it. */
async function page({ headers }: Pick<Visitor, "headers">): Promise<string> {
  return (await call(app.path, { headers: { ...headers, Accept: "text/html" } })).body;
}

describe("a chat", () => {
  it("takes a hundred turns at once one after another, and loses none", async () => {
    const visitor = await newVisitor("word 0");
    const words = Array.from({ length: 100 }, (_, index) => `word ${index + 1}`);
    const results = await Promise.all(words.map((word, index) => turn(word, visitor, index % 3)));
    const next = new Map(results.map(({ said, before }) => [before, said]));
    const chain: string[] = [];
    for (let said = next.get("word 0"); said !== undefined; said = next.get(said)) chain.push(said);
    expect(new Set(chain)).toEqual(new Set(words));

    // Its beginning is summed up by the model, whose tokens are counted; the page shows the rest.
    const session = await eventually(
      async () => (await call(`/api/v1/apps/${app.id}/sessions/${visitor.id}`, { headers: member.as })).body.data,
      ({ runs, conversation }) => runs === 101 && conversation.summary !== null,
    );
    expect(session.conversation.summary).not.toContain("no longer known");
    expect(session.conversation.turns.length).toBeLessThanOrEqual(50);
    expect(session.conversation.turns.at(-1).said).toBe(chain.at(-1));
    const usage = () => call(`/api/v1/workspaces/${member.workspace.id}/usage`, { headers: member.as });
    await eventually(usage, ({ body }) => body.data.totals.tokens > 0);
    const html = await page(visitor);
    expect(html).toContain(`<p class="text">${chain.at(-1)}</p>`);
    expect(html).toContain("remembered in short");
  });

  it("begins anew when its visitor wants to, and never with what another said", async () => {
    const visitor = await newVisitor("my secret");
    await eventually(
      () => page(visitor),
      (html) => html.includes("my secret"),
    );
    expect(await page(await newVisitor("nothing"))).not.toContain("my secret");
    const ended = await call(`${app.path}/session/end`, { method: "POST", headers: { ...visitor.headers, Accept: "text/html" } });
    expect(ended).toMatchObject({ status: 303 });
    expect(ended.headers.get("Set-Cookie")).toMatch(/^af_session=; .*Max-Age=0/);
    expect(await page(visitor)).not.toContain("my secret");
  });

  it("is not gone on with once a member has ended the session", async () => {
    const visitor = await newVisitor("Hello");
    const end = () => call(`/api/v1/apps/${app.id}/sessions/${visitor.id}/end`, { method: "POST", headers: member.as });
    // A session is known to members when its first run has been recorded.
    await eventually(end, ({ status }) => status === 200);
    await eventually(
      () => page(visitor),
      (html) => !html.includes("Hello"),
      5_000,
    );
    const { body } = await call(`${app.path}/runs`, { body: { inputs: { message: "Again" } }, headers: visitor.headers });
    expect(body.data.outputs).toEqual({ said: "Again", before: null });
  });
});
