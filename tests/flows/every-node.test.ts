import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { everyNode, everyNodeSchema, saying } from "../../shared/execution/fixtures/every-node.ts";
import { type Answer, call, echo, eventually, type Json, type Member, type PublishedApp, publishApp, signUp, stack } from "./client.ts";
import { nodeTypes } from "./node-types.ts";

let server: Server;
let member: Member;
let whole: PublishedApp;
let plain: PublishedApp;

/** Answers with what it is sent, but not when it is asked for the first time. */
async function startFarSide(port: number): Promise<Server> {
  const asked = new Set<string>();
  const far = createServer(async (request, response) => {
    response.sendDate = false;
    const { url = "" } = request;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    if (asked.has(url)) response.writeHead(200, { "content-type": "application/json" }).end(Buffer.concat(chunks));
    else response.writeHead(503).end();
    asked.add(url);
  });
  await new Promise<void>((ready) => far.listen(port, "127.0.0.1", ready));
  return far;
}

beforeAll(async () => {
  const { farPort } = stack();
  server = await startFarSide(farPort);
  member = await signUp();
  const { slug } = await publishApp(member, echo("", { name: "Saying", workflow: saying }));
  const manifest = (name: string, waiting: boolean) => {
    const workflow = everyNode({ types: nodeTypes(), far: `http://127.0.0.1:${farPort}`, saying: slug, waiting });
    return echo("", { name, workflow, db_schema: everyNodeSchema, config: { timeout_ms: 120_000, max_output_bytes: 262_144 } });
  };
  whole = await publishApp(member, manifest("Whole", true));
  plain = await publishApp(member, manifest("Plain", false));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

interface Ran {
  readonly runId: string;
  readonly outputs: Json;
  readonly logs: Json[];
}

const visit = (app: PublishedApp, headers: Record<string, string> = {}) =>
  call(`${app.path}/runs`, { body: { inputs: { word: "ada" } }, headers });

/** The run that an answer tells of, once it is on record. */
async function ranAs(answer: Answer): Promise<Ran> {
  const runId: string = answer.body.data.run_id;
  const read = (path: string) => call(`/api/v1/runs/${runId}${path}`, { headers: member.as });
  const run = await eventually(
    () => read(""),
    ({ status, body }) => status === 200 && body.data.finished_at !== null,
    90_000,
  );
  expect(run.body.data).toMatchObject({ status: "completed", error: null });
  const nodes = await read("/nodes");
  return { runId, outputs: run.body.data.outputs, logs: nodes.body.data };
}

/** Logs as two runs of the same must have them: without times, ids and the order, since lanes do not wait for each other. */
function comparable({ runId, logs }: Ran): Json[] {
  const text = JSON.stringify(logs.map(({ seq: _seq, started_at: _started, duration_ms: _took, ...log }) => log));
  const same: Json[] = JSON.parse(text.replaceAll(runId, "<run>").replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "<uuid>"));
  return same.sort((left, right) => (left.node_id < right.node_id ? -1 : 1));
}

describe("a manifest with every type of node", () => {
  it("gives the same within its request and in an object of its own", async () => {
    const [inline, durable] = [await visit(plain), await visit(plain, { Prefer: "respond-async" })];
    expect([inline.status, durable.status]).toEqual([200, 202]);
    expect([inline, durable].map(({ body }) => body.data.run_id.charAt(14))).toEqual(["e", "f"]);
    const [first, second] = [await ranAs(inline), await ranAs(durable)];
    expect(first.outputs).toEqual(inline.body.data.outputs);
    expect(second.outputs).toEqual(first.outputs);
    expect(comparable(second)).toEqual(comparable(first));
    expect(first.logs.length).toBeGreaterThan(40);
  });

  it("gives the same asked for at once and later, with its waits and questions", async () => {
    const now = await visit(whole);
    const later = await visit(whole, { Prefer: "respond-async" });
    expect(later.status).toBe(202);
    const [first, second] = [await ranAs(now), await ranAs(later)];
    expect(Object.values(first.outputs)).toContain("expired");
    expect(second.outputs).toEqual(first.outputs);
    expect(comparable(second)).toEqual(comparable(first));
  });

  it("shows each value whole, to its members alone", async () => {
    const { runId, logs } = await ranAs(await visit(plain));
    const stranger = await signUp("Stranger");
    const large = logs.filter(({ outputs }) => outputs?.truncated === true);
    expect(large.length).toBeGreaterThan(0);
    for (const { seq, outputs } of large) {
      expect(outputs.stored).toBe(true);
      const path = `/api/v1/runs/${runId}/nodes/${seq}/outputs`;
      const whole = await call(path, { headers: member.as });
      expect(JSON.stringify(whole.body)).toHaveLength(outputs.bytes);
      expect(JSON.stringify(whole.body).startsWith(outputs.preview)).toBe(true);
      expect((await call(path, { headers: stranger.as })).status).toBe(404);
    }
    const small = logs.find(({ node_type }) => node_type === "db");
    const read = await call(`/api/v1/runs/${runId}/nodes/${small.seq}/inputs`, { headers: member.as });
    expect(read.body).toEqual(small.inputs);
    for (const wrong of ["nodes/999/inputs", "nodes/0/errors", "nodes/x/inputs"]) {
      expect((await call(`/api/v1/runs/${runId}/${wrong}`, { headers: member.as })).status).toBe(404);
    }
  });
});
