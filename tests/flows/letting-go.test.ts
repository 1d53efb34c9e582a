import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, call, echo, eventually, type Json, type Member, platformRows, publishApp, signUp, stack } from "./client.ts";

let member: Member;
let server: Server;
/** Requests that the far side has not answered and nobody has given up. */
let hanging = 0;

beforeAll(async () => {
  server = createServer((_, response) => {
    hanging += 1;
    response.on("close", () => {
      hanging -= 1;
    });
  });
  await new Promise<void>((ready) => server.listen(stack().farPort, "127.0.0.1", ready));
  member = await signUp();
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** start -> the node -> end. */
function around(node: Json, changes: Json = {}): Json {
  const [start] = echo("").workflow.nodes;
  const end = { id: "end", type: "end", config: { outputs: {} } };
  const edges = [
    { from: "start", to: node.id },
    { from: node.id, to: "end" },
  ];
  return echo("", { workflow: { nodes: [start, node, end], edges }, ...changes });
}

/** A node whose far side never answers. */
const hang = (timeout_ms?: number) => ({
  id: "ask",
  type: "http",
  config: { url: `http://127.0.0.1:${stack().farPort}/` },
  ...(timeout_ms !== undefined && { timeout_ms }),
});

/** Starts a run that goes on in the background. */
async function start(manifest: Json): Promise<() => Promise<Answer>> {
  const app = await publishApp(member, manifest);
  const started = await call(`${app.path}/runs`, { body: { inputs: { word: "x" } }, headers: { Prefer: "respond-async" } });
  expect(started.status).toBe(202);
  const headers = { "X-App-Session-Id": started.headers.get("X-App-Session-Id") ?? "" };
  return () => call(`${app.path}/runs/${started.body.data.run_id}`, { headers });
}

const failed = ({ body }: Answer) => body.data.status === "failed";

describe("a run that goes on in the background", () => {
  it.each([
    ["node's timeout", () => around(hang(1_000)), "node_timeout"],
    ["own deadline", () => around(hang(), { config: { timeout_ms: 1_000 } }), "run_timeout"],
  ])("lets go of a far side that hangs at its %s, and closes the connection", async (_, manifest, code) => {
    const read = await start(manifest());
    await eventually(
      async () => hanging,
      (count) => count === 1,
    );
    const ended = await eventually(read, failed);
    expect(ended.body.data.error.code).toBe(code);
    await eventually(
      async () => hanging,
      (count) => count === 0,
      1_000,
    );
  });

  it("stops a statement at the database's server", async () => {
    const columns = [{ name: "id", type: "id" }];
    const statement = { id: "ask", type: "db", config: { operation: "sql", sql: "SELECT pg_sleep(77)" }, timeout_ms: 3_000 };
    const read = await start(around(statement, { db_schema: { tables: [{ name: "notes", columns }] } }));
    const running = () =>
      platformRows(
        "SELECT pid FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(77)%' AND pid <> pg_backend_pid()",
        [],
      );
    await eventually(running, (rows) => rows.length === 1);
    const ended = await eventually(read, failed);
    expect(ended.body.data.error.code).toBe("node_timeout");
    await eventually(running, (rows) => rows.length === 0, 1_000);
  });
});
