import { describe, expect, it } from "vitest";
import { call, type Json, leadDesk, type Member, signUp, stack } from "./client.ts";

const ENGINES = ["postgres", "mysql"] as const;
type Engine = (typeof ENGINES)[number];

/** A workspace of the member's whose database is on this engine. */
async function workspaceOn(member: Member, engine: Engine): Promise<Member> {
  const made = await call("/api/v1/workspaces", { headers: member.as, body: { name: `On ${engine}` } });
  expect(made.status).toBe(201);
  const workspace = made.body.data;
  const database = await call(`/api/v1/workspaces/${workspace.id}/database`, { headers: member.as, body: { provider: engine } });
  expect([database.status, database.body.data]).toMatchObject([200, { provider: engine, engine, status: "ready", step: null }]);
  return { ...member, workspace };
}

async function publish(member: Member, manifest: Json): Promise<string> {
  const created = await call(`/api/v1/workspaces/${member.workspace.id}/apps`, { headers: member.as, body: manifest });
  expect([created.status, created.body]).toMatchObject([201, {}]);
  const published = await call(`/api/v1/apps/${created.body.data.id}/publish`, { headers: member.as, body: {} });
  expect([published.status, published.body]).toMatchObject([200, {}]);
  return `/${member.workspace.slug}/${published.body.data.slug}`;
}

/** What is no engine's doing: ids and the time. */
const without = (text: string) =>
  text
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, "<id>")
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, (moment) => (moment.startsWith("2031") ? moment : "<now>"));

/** start -> keep -> find -> sum -> end: every kind of value, written and read by nodes. */
const KINDS: Json = {
  manifest: "1",
  name: "Kinds",
  workflow: {
    nodes: [
      { id: "start", type: "start", config: { inputs: [{ name: "row", type: "json", required: true }] } },
      { id: "keep", type: "db", config: { operation: "insert", table: "kinds", values: "{{ inputs.row }}" } },
      { id: "find", type: "db", config: { operation: "select", table: "kinds", where: { word: "{{ inputs.row.word }}" } } },
      {
        id: "sum",
        type: "db",
        config: { operation: "sql", sql: "SELECT count(*) AS rows_found FROM kinds WHERE whole = $1", params: ["{{ inputs.row.whole }}"] },
      },
      {
        id: "end",
        type: "end",
        config: { outputs: { kept: "{{ nodes.keep.rows }}", found: "{{ nodes.find.rows }}", sum: "{{ nodes.sum.rows }}" } },
      },
    ],
    edges: ["start", "keep", "find", "sum"].map((from, index) => ({ from, to: ["keep", "find", "sum", "end"][index] })),
  },
  db_schema: {
    tables: [
      {
        name: "kinds",
        columns: [
          { name: "id", type: "id" },
          { name: "word", type: "text", unique: true },
          { name: "note", type: "text", nullable: true, default: 'it\'s \\ "noted" 🦄' },
          { name: "whole", type: "integer", nullable: true },
          { name: "part", type: "number", default: 0.5 },
          { name: "flag", type: "boolean", default: true },
          { name: "data", type: "json", nullable: true, default: { b: [1, null], a: "ä" } },
          { name: "at", type: "timestamp", nullable: true },
          { name: "made_at", type: "timestamp", default: "now" },
          { name: "parent", type: "id", nullable: true, references: "kinds" },
        ],
        indexes: [{ columns: ["note"] }, { columns: ["whole", "flag"] }],
      },
    ],
  },
  access_policy: {
    access_mode: "public_anonymous",
    rate_limit: { per_ip: null, per_session: null, per_app: null },
    allowed_origins: ["*"],
    require_captcha: false,
  },
};

const ROWS: Json[] = [
  { word: "plain" },
  {
    word: "𝔘nicode 🦄 ' \" \\ % _ ` ; -- $1 ?\n\t",
    note: null,
    whole: "9007199254740993",
    part: -1.5e-300,
    flag: false,
    at: "2031-02-03T04:05:06.789+02:00",
  },
  { word: "least", whole: "-9223372036854775808", part: 0, data: { long: { z: 1, y: [true, "🦄"] }, s: 1e21 }, at: "2031-12-31" },
  { word: "lists", whole: 42, part: 12345.678, data: [] },
];

describe.skipIf(stack().mysql === null)("the same app on PostgreSQL and on MySQL", () => {
  it("answers visitors with the same bytes, and keeps the same rows", async () => {
    const member = await signUp("Engines");
    const answers = await Promise.all(
      ENGINES.map(async (engine) => {
        const on = await workspaceOn(member, engine);
        const [desk, kinds] = [await publish(on, leadDesk()), await publish(on, KINDS)];
        const said: string[] = [];
        const inputs = { email: "v@example.com", message: "what does a licence cost? 𝔘🦄" };
        const run = await call(`${desk}/runs`, { body: { inputs } });
        expect([run.status, run.body.data.status, run.body.data.outputs.kind]).toEqual([200, "completed", "sales"]);
        said.push(JSON.stringify(run.body.data.outputs));
        for (const row of ROWS) {
          const kept = await call(`${kinds}/runs`, { body: { inputs: { row } } });
          expect([kept.status, kept.body.data.error ?? null]).toEqual([200, null]);
          said.push(JSON.stringify(kept.body.data.outputs));
        }
        const twice = await call(`${kinds}/runs`, { body: { inputs: { row: ROWS[0] } } });
        expect(twice.body.data.error).toMatchObject({ code: "conflict", node_id: "keep" });
        for (const table of ["leads", "kinds"]) {
          const rows = await call(`/api/v1/workspaces/${on.workspace.id}/database/tables/${table}/rows`, { headers: on.as });
          expect(rows.status).toBe(200);
          said.push(JSON.stringify(rows.body.data));
        }
        return said.map(without);
      }),
    );
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[0]?.[2]).toContain('"whole":"9007199254740993"');
  });
});
