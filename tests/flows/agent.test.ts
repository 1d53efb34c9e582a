import { createServer, type Server } from "node:http";
import { text as readText } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Answer,
  call,
  echo,
  eventually,
  type Json,
  type Member,
  type PublishedApp,
  publishApp,
  signUp,
  stack,
  stream,
} from "./client.ts";

const PLANTED = "tk-planted-5f2c";

let server: Server;
let member: Member;
let app: PublishedApp;
/** What the far side was asked, and with which key. */
const asked: { url: string; key: string | undefined }[] = [];

/** An app with a table of orders, whose agent looks them up, has another app greet, and tracks parcels elsewhere. */
function helpDesk(far: string): Json {
  const nodes = [
    {
      id: "start",
      type: "start",
      config: {
        inputs: [
          { name: "email", type: "string", format: "email", required: true },
          { name: "message", type: "string", required: true },
        ],
      },
    },
    { id: "save", type: "db", config: { operation: "insert", table: "orders", values: { email: "{{ inputs.email }}", reference: "R-1" } } },
    {
      id: "helper",
      type: "agent",
      config: {
        instructions: "Help.",
        input: "{{ inputs.message }} My email: {{ inputs.email }}.",
        tools: [
          { table: "orders", columns: ["email", "reference"] },
          { app: "echo", description: "Greets with a word." },
          {
            http: {
              name: "track",
              description: "Tracks the shipping of a parcel.",
              url: `${far}/parcels/{{ args.parcel }}`,
              auth: { type: "bearer", token: "{{ secrets.track_key }}" },
              parameters: { type: "object", properties: { parcel: { type: "integer" } }, required: ["parcel"] },
            },
          },
        ],
      },
    },
    {
      id: "end",
      type: "end",
      config: { outputs: { text: "{{ nodes.helper.text }}", used: "{{ $sort(nodes.helper.steps.tool_calls.name) }}" } },
    },
  ];
  return echo("", {
    name: "Help desk",
    workflow: { nodes, edges: nodes.slice(1).map(({ id }, index) => ({ from: nodes[index]?.id, to: id })) },
    db_schema: {
      tables: [
        {
          name: "orders",
          columns: [
            { name: "id", type: "id" },
            { name: "email", type: "text" },
            { name: "reference", type: "text" },
          ],
        },
      ],
    },
  });
}

const inputs = { email: "ada@example.com", message: "Find my orders, greet me with the word Ada, and track parcel 7." };
const nodesOf = (runId: string): Promise<Answer> => call(`/api/v1/runs/${runId}/nodes`, { headers: member.as });

beforeAll(async () => {
  const { farPort } = stack();
  server = createServer((request, response) => {
    readText(request).then(() => {
      asked.push({ url: request.url ?? "", key: request.headers.authorization });
      response
        .setHeader("content-type", "application/json")
        .end(JSON.stringify({ state: "on its way", by: request.headers.authorization }));
    }, response.destroy);
  });
  await new Promise<void>((ready) => server.listen(farPort, "127.0.0.1", ready));
  member = await signUp();
  await publishApp(member, echo("Hello"));
  const secret = { name: "track_key", value: PLANTED };
  expect((await call(`/api/v1/workspaces/${member.workspace.id}/secrets`, { headers: member.as, body: secret })).status).toBe(201);
  app = await publishApp(member, helpDesk(`http://127.0.0.1:${farPort}`));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe("an agent that visitors run", () => {
  it("looks a table up, uses another app and an address, and answers with what they gave", async () => {
    const { status, body } = await call(`${app.path}/runs`, { body: { inputs } });
    expect([status, body.data.status, body.data.error]).toEqual([200, "completed", undefined]);
    const { text, used } = body.data.outputs;
    expect(used).toEqual(["echo", "select_orders", "track"]);
    expect(text).toContain("[offline model]");
    for (const part of ['"reference":"R-1"', "Hello Ada", '"state":"on its way"']) expect(text).toContain(part);
    expect(asked.at(-1)).toEqual({ url: "/parcels/7", key: `Bearer ${PLANTED}` });
    expect(body.data.usage.total_tokens).toBeGreaterThan(0);

    const logs = await eventually(
      () => nodesOf(body.data.run_id),
      ({ status: found }) => found === 200,
    );
    const helper = logs.body.data.find((log: Json) => log.node_id === "helper");
    expect(helper.outputs.steps).toHaveLength(3);
    const calls = helper.outputs.steps.flatMap((step: Json) => step.tool_calls);
    expect(calls.find(({ name }: Json) => name === "track")).toMatchObject({
      arguments: { parcel: 7 },
      result: { status: 200, body: { state: "on its way", by: "Bearer [secret]" } },
    });
    expect(logs.body.data.map((log: Json) => log.node_id)).toContainEqual(expect.stringMatching(/^helper\/echo\[\d\]\[0\]\.say$/));
    const run = await call(`/api/v1/runs/${body.data.run_id}`, { headers: member.as });
    expect(JSON.stringify([body, logs.body, run.body])).not.toContain(PLANTED);
  });

  it("is watched by its answer alone: what its tools were given and gave is for members", async () => {
    const { events } = await stream(`${app.path}/runs`, { inputs });
    expect(events.at(-1)).toMatchObject({ event: "run.finished", data: { status: "completed" } });
    const said = events.flatMap(({ event, data }) => (event === "node.delta" && data.node_id === "helper" ? [data.text] : [])).join("");
    expect(said).toBe(events.at(-1)?.data.outputs.text);
    expect(JSON.stringify(events)).not.toContain(PLANTED);
    expect(JSON.stringify(events)).not.toContain("tool_calls");
  });

  it("cannot be published with a table that is not there", async () => {
    const manifest = helpDesk("https://example.com");
    manifest.name = "Broken";
    manifest.workflow.nodes[2].config.tools[0].table = "ghosts";
    const refused = await call(`/api/v1/workspaces/${member.workspace.id}/apps`, { headers: member.as, body: manifest });
    expect(refused).toMatchObject({ status: 422, body: { code: "validation_failed" } });
    expect(refused.body.errors).toContainEqual(expect.objectContaining({ path: "workflow.nodes[2].config.tools[0].table" }));
  });
});
