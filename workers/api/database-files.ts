import { createRoute, z } from "@hono/zod-openapi";
import { exportRows, fileFormatSchema, importRows } from "#database";
import { inWorkspace } from "./access.ts";
import { filterParameter, readFilter } from "./database-filter.ts";
import { lastReport, readAhead, reportFormat, reportStream } from "./import-reports.ts";
import { createRouter, dataOf, problemResponses } from "./router.ts";

const tags = ["Database"];
const ofTable = z.object({ id: z.string(), name: z.string() });
const file = z.string().openapi({ format: "binary" });

const MEDIA_TYPES = { csv: "text/csv; charset=utf-8", json: "application/json", ndjson: "application/x-ndjson" } as const;

const IMPORT_PATH = /^\/api\/v1\/workspaces\/[^/]+\/database\/tables\/[^/]+\/import$/;

/** Whether a request brings a file for a table, which is read while it arrives. */
export function isImport(request: Request): boolean {
  return request.method === "POST" && IMPORT_PATH.test(new URL(request.url).pathname);
}

const rowFaultSchema = z.object({ line: z.number().int(), column: z.string().nullable(), code: z.string(), message: z.string() });

const reportSchema = z
  .object({
    status: z.enum(["running", "completed", "failed"]),
    imported: z.number().int().openapi({ description: "Rows written by this request" }),
    next_row: z.number().int().nullable().openapi({ description: "The `from_row` to go on with; null when there is nothing left" }),
    error: z.object({ code: z.string(), detail: z.string(), errors: z.array(rowFaultSchema) }).nullable(),
  })
  .openapi("DatabaseImport");

const IMPORT = `The body is the file: CSV whose first line names columns (an empty field is no value, \`""\` an empty text), a JSON array of objects, or one
JSON object a line; UTF-8, at most 64 MiB. Rows are written in batches of at most 500, each whole or not at all, in the order of the file. At the
first row that cannot be written the import ends with \`status: "failed"\`, its line, column and what would be right: all rows before it are written,
none after it. Mend the file and send it again with \`from_row\` = \`next_row\`, or send the whole file again with the same \`Idempotency-Key\`:
then rows without ids of their own get the ids that they got before, and are never there twice. With \`Accept: application/x-ndjson\`
or \`text/event-stream\` each batch is reported as it is written; else the last report comes as JSON.`;

/** Where the file is kept; a name that is more than letters, digits and the like is also given in full (RFC 6266). */
function disposition(table: string, format: string): string {
  const plain = `attachment; filename="${table.replace(/[^\w.-]/g, "_")}.${format}"`;
  return /^[\w.-]+$/.test(table) ? plain : `${plain}; filename*=UTF-8''${encodeURIComponent(`${table}.${format}`)}`;
}

export const databaseFilesRouter = createRouter()
  .openapi(
    createRoute({
      method: "get",
      path: "/workspaces/{id}/database/tables/{name}/export",
      tags,
      summary: "A table as a file",
      description: "Read while it is taken: a row that is there throughout is in it exactly once.",
      ...inWorkspace("database:read"),
      request: { params: ofTable, query: z.object({ format: fileFormatSchema.default("csv"), filter: filterParameter }) },
      responses: {
        200: {
          description: "The file",
          content: { "text/csv": { schema: file }, "application/json": { schema: file }, "application/x-ndjson": { schema: file } },
        },
        ...problemResponses,
      },
    }),
    async (c) => {
      const table = c.req.valid("param").name;
      const { format, filter } = c.req.valid("query");
      const body = await exportRows(c.get("ctx"), c.get("workspaceId"), { table, format, ...readFilter(filter) });
      return new Response(body, {
        headers: { "Content-Type": MEDIA_TYPES[format], "Content-Disposition": disposition(table, format) },
      });
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/workspaces/{id}/database/tables/{name}/import",
      tags,
      summary: "Write a file's rows to a table",
      description: IMPORT,
      ...inWorkspace("database:write"),
      request: {
        params: ofTable,
        query: z.object({
          format: fileFormatSchema.default("csv"),
          mode: z.enum(["insert", "upsert"]).default("insert"),
          conflict: z
            .string()
            .max(1000)
            .optional()
            .openapi({ description: "Unique columns, parted by commas, by which an upsert finds a row" }),
          from_row: z.coerce.number().int().min(1).default(1),
        }),
        headers: z.object({ "idempotency-key": z.string().min(1).max(255).optional() }),
        body: { content: { "text/csv": { schema: file }, "application/x-ndjson": { schema: file }, "*/*": { schema: file } } },
      },
      responses: {
        200: {
          description: "How the import ended, also where it failed half-way: what it wrote before is there",
          content: {
            "application/json": { schema: dataOf(reportSchema) },
            "application/x-ndjson": { schema: file },
            "text/event-stream": { schema: file },
          },
        },
        ...problemResponses,
      },
    }),
    async (c) => {
      const { mode, conflict, from_row, ...query } = c.req.valid("query");
      const request = {
        table: c.req.valid("param").name,
        format: query.format,
        mode,
        fromRow: from_row,
        key: c.req.valid("header")["idempotency-key"],
        conflict: conflict?.split(","),
      };
      const [ctx, workspaceId] = [c.get("ctx"), c.get("workspaceId")];
      const body = c.req.raw.body ?? new Blob().stream();
      const format = reportFormat(c.req.header("Accept") ?? "");
      if (!format) return c.json({ data: await lastReport(await importRows(ctx, workspaceId, request, body)) }, 200);
      const file = readAhead(body);
      const { stream, over } = reportStream(await importRows(ctx, workspaceId, request, file.stream), format);
      await Promise.race([file.ended, over]);
      return new Response(stream, { headers: { "Content-Type": format.type } });
    },
  );
