import { beforeAll, describe, expect, it } from "vitest";
import {
  apiKey,
  call,
  eventually,
  leadDesk,
  type Member,
  type PublishedApp,
  platformRows,
  signUp,
  stream,
  withDatabase,
} from "./client.ts";

const question = { inputs: { email: "ada@example.test", message: "what does a licence cost?" } };

let member: Member;
let app: PublishedApp;
let database: string;

beforeAll(async () => {
  member = await signUp();
  database = `ws_${member.workspace.id}`;
  const key = await apiKey(member, ["apps:read", "apps:create", "apps:edit", "apps:publish", "runs:read"]);
  const created = await call(`/api/v1/workspaces/${member.workspace.id}/apps`, { headers: key, body: leadDesk() });
  expect(created.status).toBe(201);
  const published = await call(`/api/v1/apps/${created.body.data.id}/publish`, { headers: key, body: {} });
  expect(published.status).toBe(200);
  const { id, slug, current_version } = published.body.data;
  app = { id, slug, path: `/${member.workspace.slug}/${slug}`, versionId: current_version.id };
});

describe("a manifest becomes a public app", () => {
  it("answers a visitor and files the lead in the workspace's own database", async () => {
    const run = await call(`${app.path}/runs`, { body: question });
    expect(run.status).toBe(200);
    expect(run.body.data).toMatchObject({ status: "completed", outputs: { kind: "sales", lead_id: expect.any(String) } });
    expect(run.body.data.outputs.reply).toContain("offline model");
    expect(run.body.data.usage.total_tokens).toBeGreaterThan(0);

    const leads = await withDatabase(database, async (client) => (await client.query("SELECT * FROM leads")).rows);
    expect(leads).toEqual([
      expect.objectContaining({
        id: run.body.data.outputs.lead_id,
        email: "ada@example.test",
        kind: "sales",
        message: "what does a licence cost?",
      }),
    ]);
  });

  it("streams the same run in order", async () => {
    const { status, events } = await stream(`${app.path}/runs`, question);
    expect(status).toBe(200);
    const names = events.map((event) => event.event);
    expect(names[0]).toBe("run.started");
    expect(names.at(-1)).toBe("run.finished");
    const ids = events.map((event) => Number(event.id));
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
    const of = (name: string, node: string) => events.findIndex((event) => event.event === name && event.data.node_id === node);
    expect(of("node.delta", "reply")).toBeGreaterThan(of("node.started", "reply"));
    expect(of("node.finished", "reply")).toBeGreaterThan(of("node.delta", "reply"));
    const deltas = events.filter((event) => event.event === "node.delta" && event.data.node_id === "reply").map((event) => event.data.text);
    expect(events.at(-1)?.data.outputs.reply).toBe(deltas.join(""));
    expect(JSON.stringify(events)).not.toContain("Answer kindly");
  });

  it("shows the run and its node logs to members", async () => {
    const run = await call(`${app.path}/runs`, { body: question });
    const runId: string = run.body.data.run_id;
    const shown = await eventually(
      () => call(`/api/v1/runs/${runId}`, { headers: member.as }),
      (answer) => answer.status === 200,
    );
    expect(shown.body.data).toMatchObject({ id: runId, app_id: app.id, status: "completed", trigger: "visitor" });
    const nodes = await call(`/api/v1/runs/${runId}/nodes`, { headers: member.as });
    expect(nodes.body.data.map((node: { node_id: string }) => node.node_id)).toEqual(["start", "kind", "reply", "save", "end"]);
    // Written beside the run, not with it.
    const usage = await eventually(
      () => platformRows("SELECT meter, quantity FROM billing_usage_events WHERE execution_id = $1", [runId]),
      (rows) => rows.length > 0,
    );
    expect(usage).toContainEqual({ meter: "requests", quantity: "1" });
  });

  it("lets the visitor who made a run read it again, and nobody else", async () => {
    const run = await call(`${app.path}/runs`, { body: question });
    const path = `${app.path}/runs/${run.body.data.run_id}`;
    const session = run.headers.get("X-App-Session-Id") ?? "";
    expect((await call(path, { headers: { "X-App-Session-Id": session } })).body.data).toMatchObject({ status: "completed" });
    expect((await call(path)).status).toBe(404);
  });
});

describe("a workspace's database", () => {
  it("gives the runtime role data and nothing else", async () => {
    const refused = [
      "CREATE TABLE x (id int)",
      "DROP TABLE leads",
      "TRUNCATE leads",
      "CREATE SCHEMA y",
      "CREATE TEMP TABLE z (id int)",
      "ALTER TABLE leads ADD COLUMN q int",
    ];
    for (const statement of refused) {
      const attempt = withDatabase(database, async (client) => {
        await client.query(`SET ROLE "${database}_runtime"`);
        await client.query(statement);
      });
      await expect(attempt, statement).rejects.toThrow(/permission denied|must be owner/);
    }
    const count = await withDatabase(database, async (client) => {
      await client.query(`SET ROLE "${database}_runtime"`);
      return (await client.query("SELECT count(*)::int AS n FROM leads")).rows[0].n;
    });
    expect(count).toBeGreaterThan(0);
  });

  it("is closed to the roles of another workspace and of the public", async () => {
    const rows = await withDatabase("postgres", async (client) => {
      const { rows: others } = await client.query(
        `SELECT rolname, has_database_privilege(rolname, $1, 'CONNECT') AS connect FROM pg_roles
         WHERE rolname LIKE 'ws\\_%' AND rolname NOT LIKE $1 || '%'`,
        [database],
      );
      return others;
    });
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.filter((row) => row.connect)).toEqual([]);
  });

  it("never sees its credentials leave in an answer", async () => {
    const { body } = await call(`/api/v1/workspaces/${member.workspace.id}/database`, { headers: member.as });
    expect(body.data).toMatchObject({ name: database, status: "ready", provider: "postgres" });
    expect(JSON.stringify(body)).not.toMatch(/password|postgres(ql)?:\/\//);
  });
});
