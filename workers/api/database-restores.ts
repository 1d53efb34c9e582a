import { createRoute, z } from "@hono/zod-openapi";
import { getRestore } from "#database";
import { RESTORE_STATUSES, RESTORE_STEPS } from "#platform/schema";
import { inWorkspace } from "./access.ts";
import { createRouter, dataOf, jsonContent, problemResponses } from "./router.ts";

export const restoreSchema = z
  .object({
    id: z.string(),
    workspace_id: z.string().openapi({ description: "whose database it is put into" }),
    backup_id: z.string(),
    safety_backup_id: z.string().nullable().openapi({ description: "the backup of what the database held before" }),
    status: z.enum(RESTORE_STATUSES),
    step: z
      .enum(RESTORE_STEPS)
      .nullable()
      .openapi({ description: "what is being done, or was when it failed; up to `exchange` the database is as it was" }),
    error: z.string().nullable(),
    created_by: z.string().nullable(),
    created_at: z.string(),
    finished_at: z.string().nullable(),
  })
  .openapi("DatabaseRestore");

export const databaseRestoresRouter = createRouter().openapi(
  createRoute({
    method: "get",
    path: "/workspaces/{id}/database/restores/{restore_id}",
    tags: ["Database backups"],
    summary: "A restore into the workspace's database",
    ...inWorkspace("database:read"),
    request: { params: z.object({ id: z.string(), restore_id: z.string() }) },
    responses: { 200: jsonContent(dataOf(restoreSchema), "The restore"), ...problemResponses },
  }),
  async (c) => c.json({ data: await getRestore(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").restore_id) }, 200),
);
