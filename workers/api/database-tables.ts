import { createRoute, z } from "@hono/zod-openapi";
import { deleteRow, insertRow, listTables, readRows, updateRow } from "#database";
import { inWorkspace } from "./access.ts";
import { filterParameter, readFilter } from "./database-filter.ts";
import { createRouter, dataOf, jsonBody, jsonContent, pageOf, problemResponses } from "./router.ts";

const tags = ["Database"];
const ofTable = z.object({ id: z.string(), name: z.string() });
const ofRow = ofTable.extend({ row_id: z.string() });

const columnSchema = z.object({
  name: z.string(),
  type: z.string().openapi({ description: "A manifest's column type, or the server's own name for one that no manifest declares" }),
  nullable: z.boolean(),
  primary: z.boolean(),
  unique: z.boolean(),
  default: z
    .unknown()
    .optional()
    .openapi({ description: 'A value, "now" for the moment of insertion, or the server\'s expression where it is neither' }),
  references: z.object({ table: z.string(), column: z.string(), on_delete: z.string() }).optional(),
});

const tableSchema = z
  .object({
    name: z.string(),
    columns: z.array(columnSchema),
    indexes: z.array(z.object({ columns: z.array(z.string()), unique: z.boolean() })),
    approximate_rows: z.number(),
    bytes: z.number(),
  })
  .openapi("DatabaseTable");

const rowSchema = z
  .record(z.string(), z.unknown())
  .openapi("DatabaseRow", { description: "Values by their columns, as db nodes give them" });
const valuesBody = z.strictObject({ values: z.record(z.string(), z.unknown()) });

const PAGING = `Rows come in the order of one column (by default the id), and of their ids where its values are equal; those without a value
come last when ascending and first when descending. \`next_cursor\` goes on in that order.`;

export const databaseTablesRouter = createRouter()
  .openapi(
    createRoute({
      method: "get",
      path: "/workspaces/{id}/database/tables",
      tags,
      summary: "The tables of the workspace's database as they are",
      ...inWorkspace("database:read"),
      request: { params: z.object({ id: z.string() }) },
      responses: { 200: jsonContent(pageOf(tableSchema), "The tables, all of them"), ...problemResponses },
    }),
    async (c) => {
      const tables = await listTables(c.get("ctx"), c.get("workspaceId"));
      const data = tables.map(({ name, columns, indexes, approximate_rows, bytes }) => ({
        name,
        columns: [...columns],
        indexes: indexes.map((index) => ({ columns: [...index.columns], unique: index.unique === true })),
        approximate_rows,
        bytes,
      }));
      return c.json({ data, next_cursor: null }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/workspaces/{id}/database/tables/{name}/rows",
      tags,
      summary: "A table's rows",
      description: PAGING,
      ...inWorkspace("database:read"),
      request: {
        params: ofTable,
        query: z.object({
          filter: filterParameter,
          order_by: z.string().optional(),
          direction: z.enum(["asc", "desc"]).default("asc"),
          limit: z.coerce.number().int().min(1).max(100).default(20),
          cursor: z.string().max(10_000).optional(),
        }),
      },
      responses: { 200: jsonContent(pageOf(rowSchema), "The rows"), ...problemResponses },
    }),
    async (c) => {
      const { filter, order_by, direction, limit, cursor } = c.req.valid("query");
      const { rows, next_cursor } = await readRows(c.get("ctx"), c.get("workspaceId"), {
        table: c.req.valid("param").name,
        direction,
        limit,
        ...readFilter(filter),
        ...(order_by !== undefined && { order_by }),
        ...(cursor !== undefined && { cursor }),
      });
      return c.json({ data: rows, next_cursor }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/workspaces/{id}/database/tables/{name}/rows",
      tags,
      summary: "Add a row",
      ...inWorkspace("database:write"),
      request: { params: ofTable, body: jsonBody(valuesBody) },
      responses: { 201: jsonContent(dataOf(rowSchema), "The row as it is stored"), ...problemResponses },
    }),
    async (c) => {
      const row = await insertRow(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").name, c.req.valid("json").values);
      return c.json({ data: row }, 201);
    },
  )
  .openapi(
    createRoute({
      method: "patch",
      path: "/workspaces/{id}/database/tables/{name}/rows/{row_id}",
      tags,
      summary: "Change some of a row's values",
      ...inWorkspace("database:write"),
      request: { params: ofRow, body: jsonBody(valuesBody) },
      responses: { 200: jsonContent(dataOf(rowSchema), "The row as it is stored now"), ...problemResponses },
    }),
    async (c) => {
      const { name, row_id } = c.req.valid("param");
      const address = { table: name, rowId: row_id };
      return c.json({ data: await updateRow(c.get("ctx"), c.get("workspaceId"), address, c.req.valid("json").values) }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "delete",
      path: "/workspaces/{id}/database/tables/{name}/rows/{row_id}",
      tags,
      summary: "Remove a row",
      ...inWorkspace("database:write"),
      request: { params: ofRow },
      responses: { 204: { description: "Removed" }, ...problemResponses },
    }),
    async (c) => {
      const { name, row_id } = c.req.valid("param");
      await deleteRow(c.get("ctx"), c.get("workspaceId"), { table: name, rowId: row_id });
      return c.body(null, 204);
    },
  );
