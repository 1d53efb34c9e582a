import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { auditLogs } from "#platform/schema";
import { collect } from "../../../../tests/database/collect.ts";
import { makeLeads } from "../../../../tests/database/leads.ts";
import { createWorld, ENGINES, type World } from "../../../../tests/database/world.ts";
import { deleteRow, insertRow, readRows, runReadQuery, updateRow } from "../rows.ts";
import { type ExportRequest, exportRows } from "./export.ts";
import { type ImportReport, type ImportRequest, importRows } from "./import.ts";

// Real servers answer; how soon depends on the machine.
vi.setConfig({ testTimeout: 60_000 });

let world: World;
beforeAll(async () => {
  world = await createWorld();
}, 120_000);
afterAll(() => world?.close());

/** A file that arrives in pieces of a few bytes. */
function fileOf(text: string, length = 1000): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + length));
      at += length;
    },
  });
}

describe.each(ENGINES)("files of %s", (engine) => {
  const ACME = `wrk_01${engine}`;
  const COPY = `wrk_02${engine}`;
  beforeAll(() => Promise.all([makeLeads(world, ACME, engine), makeLeads(world, COPY, engine)]), 60_000);

  const take = async (request: Partial<ExportRequest>, workspaceId = ACME) =>
    new Response(await exportRows(world.ctx, workspaceId, { table: "leads", format: "csv", ...request })).text();

  async function reports(text: string, request: Partial<ImportRequest> = {}, workspaceId = ACME): Promise<ImportReport[]> {
    const asked: ImportRequest = { table: "teams", format: "csv", mode: "insert", fromRow: 1, ...request };
    return collect(await importRows(world.ctx, workspaceId, asked, fileOf(text)));
  }
  const bring = async (text: string, request: Partial<ImportRequest> = {}, workspaceId = ACME) =>
    (await reports(text, request, workspaceId)).at(-1);

  const names = async (like: string) => {
    const { rows } = await runReadQuery(world.ctx, ACME, {
      sql: "SELECT name FROM teams WHERE name LIKE $1 ORDER BY name",
      params: [like],
    });
    return rows.map((row) => row["name"]);
  };

  it("say what rows hold, and give it back to another table", async () => {
    const team = await insertRow(world.ctx, ACME, "teams", { name: "north" });
    await insertRow(world.ctx, ACME, "leads", {
      email: "a@example.com",
      kind: 'says "hi", twice\r\nand goes',
      score: "-9223372036854775808",
      ratio: 0.1,
      done: true,
      tags: { list: [1, "two", null] },
      seen_at: "2026-01-02T03:04:05.678Z",
      team: team["id"],
    });
    await insertRow(world.ctx, ACME, "leads", { email: "ü 𝒳", kind: "", score: null, ratio: -1.5e300, tags: "text" });
    const csv = await take({});
    const [header, first] = csv.split("\r\n");
    expect(header).toBe("id,email,kind,score,ratio,done,tags,seen_at,created_at,team");
    expect(first).toMatch(/^[0-9a-f-]{36},a@example.com,"says ""hi"", twice$/);
    expect(csv).toContain(',ü 𝒳,"",,-1.5e+300,false,"""text""",,');
    await bring(await take({ table: "teams" }), { table: "teams" }, COPY);
    for (const format of ["csv", "json", "ndjson"] as const) {
      const text = await take({ format });
      const report = await bring(text, { table: "leads", format, mode: "upsert" }, COPY);
      expect(report).toEqual({ status: "completed", imported: 2, next_row: null, error: null });
      expect(await take({ format }, COPY)).toBe(text);
    }
    expect(await take({ format: "json", filter: { done: true } })).toMatch(/^\[\n\{.*a@example.com.*\}\n\]\n$/);
    expect(await take({ format: "json", filter: { score: 1 } })).toBe("[\n]\n");
    await expect(take({ filter: { nothing: 1 } })).rejects.toMatchObject({ code: "validation_failed" });
    await expect(take({ table: "nowhere" })).rejects.toMatchObject({ code: "not_found" });
  });

  it("hold every row that is there throughout once, whatever happens meanwhile", async () => {
    const made = await bring(["name", ...Array.from({ length: 1201 }, (_, index) => `stays ${index}`)].join("\n"));
    expect(made).toMatchObject({ status: "completed", imported: 1201 });
    const stream = await exportRows(world.ctx, ACME, { table: "teams", format: "ndjson", filter: { name: { like: "%stays%" } } });
    const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
    let text = (await reader.read()).value ?? "";
    const page = await readRows(world.ctx, ACME, {
      table: "teams",
      direction: "desc",
      order_by: "id",
      limit: 2,
      filter: { name: { like: "stays%" } },
    });
    const [last, before] = page.rows.map((row) => ({ table: "teams", rowId: String(row["id"]), name: row["name"] }));
    await deleteRow(world.ctx, ACME, { table: "teams", rowId: last?.rowId ?? "" });
    await updateRow(world.ctx, ACME, { table: "teams", rowId: before?.rowId ?? "" }, { name: `${before?.name} changed` });
    for (let next = await reader.read(); !next.done; next = await reader.read()) text += next.value;
    const found = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).name);
    expect(found).toHaveLength(1200);
    expect(new Set(found).size).toBe(1200);
    expect(found).toContain(`${before?.name} changed`);
  });

  it("tell how far they are, and leave a trace without values", async () => {
    const text = Array.from({ length: 1100 }, (_, index) => JSON.stringify({ name: `told ${index}` })).join("\n");
    const told = await reports(text, { format: "ndjson" });
    expect(told.map(({ status, imported, next_row }) => [status, imported, next_row])).toEqual([
      ["running", 500, 501],
      ["running", 1000, 1001],
      ["completed", 1100, null],
    ]);
    const audit = await world.ctx.db.select().from(auditLogs).where(eq(auditLogs.workspaceId, ACME)).orderBy(auditLogs.id);
    const entry = audit.filter(({ action }) => action === "database.rows_imported").at(-1);
    expect(entry).toMatchObject({
      targetId: "teams",
      after: { mode: "insert", format: "ndjson", imported: 1100, status: "completed" },
    });
  });

  it("end at the first row that does not fit: all before it are written, and nothing after it", async () => {
    const lines = ["email,score,done,tags"];
    for (let index = 0; index < 700; index += 1) lines.push(`fits ${index},${index},true,[${index}]`);
    lines[651] = 'fits not,many,maybe,"[1"';
    const report = await bring(lines.join("\n"), { table: "leads" });
    expect(report).toMatchObject({
      status: "failed",
      imported: 650,
      next_row: 651,
      error: { code: "validation_failed", detail: "line 652, done: must be true or false" },
    });
    expect(report?.error?.errors.map(({ line, column }) => [line, column])).toEqual([
      [652, "done"],
      [652, "tags"],
    ]);
    lines[651] = "fits too,many,true,[1]";
    expect(await bring(lines.join("\n"), { table: "leads", fromRow: 651 })).toMatchObject({
      status: "failed",
      imported: 0,
      next_row: 651,
      error: { errors: [{ line: 652, column: "score", message: "leads.score must be a whole number of 64 bits" }] },
    });
    lines[651] = "fits too,650,true,[1]";
    expect(await bring(lines.join("\n"), { table: "leads", fromRow: 651 })).toMatchObject({ status: "completed", imported: 50 });
    const { rows } = await runReadQuery(world.ctx, ACME, { sql: "SELECT count(*) AS n FROM leads WHERE email LIKE 'fits%'" });
    expect(rows).toEqual([{ n: 700 }]);
  });

  it("name the row that the server refuses", async () => {
    const lines = Array.from({ length: 200 }, (_, index) => JSON.stringify({ name: `once ${String(index).padStart(3, "0")}` }));
    lines[137] = lines[12] ?? "";
    const report = await bring(lines.join("\n"), { format: "ndjson" });
    expect(report).toMatchObject({ status: "failed", imported: 137, next_row: 138, error: { code: "conflict", errors: [{ line: 138 }] } });
    expect(await names("once%")).toHaveLength(137);
    const orphan = await bring(`email,team\nnobody,018f0000-0000-7000-8000-000000000000`, { table: "leads" });
    expect(orphan).toMatchObject({ status: "failed", imported: 0, next_row: 1, error: { code: "conflict", errors: [{ line: 2 }] } });
  });

  it("write the same rows again under the same key, and none twice", async () => {
    const text = "name\nkept 1\nkept 2\nkept 3\n";
    for (const _ of [1, 2]) expect(await bring(text, { key: "k1" })).toMatchObject({ status: "completed", imported: 3 });
    expect(await names("kept%")).toEqual(["kept 1", "kept 2", "kept 3"]);
    expect(await bring(text, { key: "k2" })).toMatchObject({ status: "failed", error: { code: "conflict" } });
  });

  it("change the rows that exist where they are to", async () => {
    expect(await bring("email,kind,score\nup 1,a,1\nup 2,a,2\n", { table: "leads", mode: "upsert", conflict: ["email"] })).toMatchObject({
      imported: 2,
    });
    const json = JSON.stringify([
      { email: "up 2", score: 20 },
      { email: "up 3", kind: "c" },
      { email: "up 3", kind: "d" },
    ]);
    expect(await bring(json, { table: "leads", format: "json", mode: "upsert", conflict: ["email"] })).toMatchObject({
      imported: 3,
      status: "completed",
    });
    const sql = "SELECT email, kind, score FROM leads WHERE email LIKE 'up%' ORDER BY email";
    expect((await runReadQuery(world.ctx, ACME, { sql })).rows).toEqual([
      { email: "up 1", kind: "a", score: 1 },
      { email: "up 2", kind: "a", score: 20 },
      { email: "up 3", kind: "d", score: 5 },
    ]);
    expect(await bring("kind\nx", { table: "leads", mode: "upsert", conflict: ["kind"] })).toMatchObject({ status: "failed", imported: 0 });
  });

  it.each([
    ["an unknown column", "name,nothing\nx,1", { line: 1, column: "nothing", code: "unknown_column" }],
    ["a column named twice", "name,name\nx,1", { line: 1, column: "name", code: "repeated_column" }],
    ["too few fields", "id,name\nx", { line: 2, column: null, code: "uneven_row" }],
    ["a missing value", "id,name\n,\n", { line: 2, column: "name", code: "required" }],
    ["an id that is none", "id,name\n1,x", { line: 2, column: "id", code: "invalid_value" }],
    ["a stray quote", 'name\nx"y', { line: 2, column: null, code: "malformed" }],
  ])("refuse %s", async (_, text, fault) => {
    expect(await bring(text)).toMatchObject({
      status: "failed",
      imported: 0,
      next_row: 1,
      error: { code: "validation_failed", errors: [fault] },
    });
  });

  it("refuse bytes that are no text, and tables that are not there", async () => {
    const bytes = new Blob([new Uint8Array([0x6e, 0xff, 0x0a])]).stream();
    const asked: ImportRequest = { table: "teams", format: "csv", mode: "insert", fromRow: 1 };
    const told = await collect(await importRows(world.ctx, ACME, asked, bytes));
    expect(told).toMatchObject([{ status: "failed", imported: 0, error: { code: "bad_request" } }]);
    await expect(importRows(world.ctx, ACME, { ...asked, table: "_dropped" }, fileOf(""))).rejects.toMatchObject({ code: "not_found" });
  });
});
