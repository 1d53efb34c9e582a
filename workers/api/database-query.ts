import { createRoute, z } from "@hono/zod-openapi";
import { runReadQuery } from "#database";
import { inWorkspace } from "./access.ts";
import { createRouter, dataOf, jsonBody, jsonContent, problemResponses } from "./router.ts";

const DESCRIPTION = `One SELECT, WITH, VALUES or TABLE statement in the server's own SQL, with values for \`$1\`, \`$2\`, …. It runs in a transaction that
can only read, for 10 seconds at most, and gives at most 1000 rows of 1 MiB together.`;

const answerSchema = z
  .object({
    columns: z.array(z.object({ name: z.string(), type: z.string() })),
    rows: z.array(z.record(z.string(), z.unknown())),
    count: z.number().int(),
    duration_ms: z.number(),
  })
  .openapi("DatabaseQueryAnswer");

export const databaseQueryRouter = createRouter().openapi(
  createRoute({
    method: "post",
    path: "/workspaces/{id}/database/query",
    tags: ["Database"],
    summary: "Ask the workspace's database, without changing anything",
    description: DESCRIPTION,
    ...inWorkspace("database:read"),
    request: {
      params: z.object({ id: z.string() }),
      body: jsonBody(z.strictObject({ sql: z.string().min(1).max(20_000), params: z.array(z.unknown()).max(200).optional() })),
    },
    responses: { 200: jsonContent(dataOf(answerSchema), "The rows"), ...problemResponses },
  }),
  async (c) => {
    const { columns, ...answer } = await runReadQuery(c.get("ctx"), c.get("workspaceId"), c.req.valid("json"), c.req.raw.signal);
    return c.json({ data: { columns: [...columns], ...answer } }, 200);
  },
);
