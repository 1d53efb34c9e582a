import { beforeAll, describe, expect, it } from "vitest";
import { call, echo, type Json, type Member, publishApp, signUp, stack } from "./client.ts";

let owner: Member;
let base: string;

beforeAll(async () => {
  owner = await signUp("Owner");
  base = `/api/v1/workspaces/${owner.workspace.id}/database`;
  const columns = [
    { name: "id", type: "id" },
    { name: "name", type: "text", unique: true },
    { name: "score", type: "integer", nullable: true },
  ];
  await publishApp(owner, echo("Hello", { db_schema: { tables: [{ name: "people", columns }] } }));
});

const ask = (route: string, body?: unknown) => {
  const [method = "GET", path] = route.split(" ");
  return call(`${base}${path}`, { method, headers: owner.as, ...(body === undefined ? {} : { body }) });
};

/** A file of so many rows, as it is written. */
function csv(rows: number): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let row = 0;
  return new ReadableStream({
    pull(controller) {
      if (row === 0) controller.enqueue(encoder.encode("name,score\n"));
      const lines = Array.from({ length: Math.min(100, rows - row) }, (_, index) => `"person, ${row + index}",${row + index}\n`);
      row += lines.length;
      controller.enqueue(encoder.encode(lines.join("")));
      if (row >= rows) controller.close();
    },
  });
}

function bring(accept: string, rows: number): Promise<Response> {
  const headers = { ...owner.as, "Content-Type": "text/csv", Accept: accept };
  const init: RequestInit & { duplex: "half" } = { method: "POST", headers, body: csv(rows), duplex: "half" };
  return fetch(new URL(`${base}/tables/people/import`, stack().api), init);
}

describe("the data browser", () => {
  it("takes a file while it arrives, and says how far it is", async () => {
    const response = await bring("application/x-ndjson", 2_200);
    expect(response.status).toBe(200);
    const reports = (await response.text())
      .trim()
      .split("\n")
      .map((line): Json => JSON.parse(line));
    expect(reports.map(({ status, imported }) => [status, imported])).toEqual([
      ["running", 500],
      ["running", 1000],
      ["running", 1500],
      ["running", 2000],
      ["completed", 2200],
    ]);
    const again: Json = await (await bring("application/json", 10)).json();
    expect(again.data).toMatchObject({ status: "failed", imported: 0, next_row: 1, error: { code: "conflict", errors: [{ line: 2 }] } });
  });

  it("shows tables, their rows and what is asked of them", async () => {
    const tables = await ask("GET /tables");
    expect(tables.body.data).toMatchObject([{ name: "people", columns: [{ type: "id" }, { unique: true }, { nullable: true }] }]);
    const page = await ask("GET /tables/people/rows?order_by=score&direction=desc&limit=100");
    expect(page.body.data).toHaveLength(100);
    const next = await ask(`GET /tables/people/rows?order_by=score&direction=desc&limit=1&cursor=${page.body.next_cursor}`);
    expect(next.body.data).toMatchObject([{ score: 2099 }]);
    const counted = await ask("POST /query", { sql: "SELECT count(*) AS n FROM people WHERE score >= $1", params: [1000] });
    expect(counted.body.data).toMatchObject({ rows: [{ n: 1200 }], count: 1 });
    expect(await ask("POST /query", { sql: "WITH x AS (DELETE FROM people RETURNING 1) SELECT * FROM x" })).toMatchObject({
      status: 403,
      body: { code: "forbidden" },
    });
  });

  it("changes rows one at a time", async () => {
    const made = await ask("POST /tables/people/rows", { values: { name: "new" } });
    expect(made).toMatchObject({ status: 201, body: { data: { name: "new", score: null } } });
    const path = `/tables/people/rows/${made.body.data.id}`;
    expect((await ask(`PATCH ${path}`, { values: { score: 7 } })).body.data).toEqual({ ...made.body.data, score: 7 });
    expect((await ask(`DELETE ${path}`)).status).toBe(204);
    expect((await ask(`PATCH ${path}`, { values: { score: 8 } })).status).toBe(404);
  });

  it("gives a table as a file", async () => {
    const { status, headers, body } = await ask("GET /tables/people/export?format=csv");
    expect([status, headers.get("Content-Disposition")]).toEqual([200, 'attachment; filename="people.csv"']);
    const lines = body.trim().split("\r\n");
    expect(lines).toHaveLength(2201);
    expect(lines[0]).toBe("id,name,score");
    expect(new Set(lines).size).toBe(2201);
  });
});
