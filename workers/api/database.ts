import { createRoute, z } from "@hono/zod-openapi";
import { ensureDatabase, getDatabase } from "#database";
import type { Context } from "#platform/context";
import { notFound } from "#platform/errors";
import { inWorkspace } from "./access.ts";
import { createRouter, dataOf, jsonContent, problemResponses } from "./router.ts";

const tags = ["Database"];
const parameters = z.object({ id: z.string() });

const databaseSchema = z
  .object({
    provider: z.enum(["postgres", "mysql", "neon", "planetscale"]),
    name: z.string(),
    status: z.enum(["provisioning", "ready", "failed", "suspended"]),
    region: z.string(),
    error: z.string().nullable(),
    created_at: z.string(),
  })
  .openapi("WorkspaceDatabase");

export const databaseRouter = createRouter()
  .openapi(
    createRoute({
      method: "get",
      path: "/workspaces/{id}/database",
      tags,
      summary: "The workspace's own database",
      ...inWorkspace("database:read"),
      request: { params: parameters },
      responses: { 200: jsonContent(dataOf(databaseSchema), "The database"), ...problemResponses },
    }),
    async (c) => c.json({ data: await requireDatabase(c.get("ctx"), c.get("workspaceId")) }, 200),
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/workspaces/{id}/database",
      tags,
      summary: "Make the workspace's database, or finish making it",
      ...inWorkspace("database:manage"),
      request: { params: parameters },
      responses: { 200: jsonContent(dataOf(databaseSchema), "The database"), ...problemResponses },
    }),
    async (c) => {
      await ensureDatabase(c.get("ctx"), c.get("workspaceId"));
      return c.json({ data: await requireDatabase(c.get("ctx"), c.get("workspaceId")) }, 200);
    },
  );

async function requireDatabase(ctx: Context, workspaceId: string) {
  const database = await getDatabase(ctx, workspaceId);
  if (!database) throw notFound("The workspace's database");
  return database;
}
