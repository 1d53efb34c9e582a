import { createRoute, z } from "@hono/zod-openapi";
import { backupDays } from "#billing";
import { createBackup, deleteBackup, downloadBackup, getBackup, listBackups, restoreBackup } from "#database";
import { pageQuerySchema } from "#platform/pages";
import { BACKUP_KINDS, BACKUP_STATUSES } from "#platform/schema";
import { authorize } from "#workspace";
import { inWorkspace } from "./access.ts";
import { restoreSchema } from "./database-restores.ts";
import { createRouter, dataOf, jsonBody, jsonContent, pageOf, problemResponses } from "./router.ts";

const tags = ["Database backups"];
const workspace = z.object({ id: z.string() });
const backup = workspace.extend({ backup_id: z.string() });

const backupSchema = z
  .object({
    id: z.string(),
    kind: z.enum(BACKUP_KINDS),
    status: z.enum(BACKUP_STATUSES).openapi({ description: "an expired backup is no longer stored" }),
    engine: z.enum(["postgres", "mysql"]).nullable().openapi({ description: "what it was taken from; it can be restored at either" }),
    bytes: z.number().int().nullable().openapi({ description: "of the archive" }),
    sha256: z.string().nullable().openapi({ description: "of the archive as it is downloaded, in hexadecimal" }),
    tables: z.number().int().nullable(),
    rows: z.number().int().nullable(),
    error: z.string().nullable(),
    taken_at: z.string().nullable().openapi({ description: "the one moment that it shows" }),
    expires_at: z.string(),
    created_by: z.string().nullable(),
    created_at: z.string(),
  })
  .openapi("DatabaseBackup");

const newRestoreSchema = z.strictObject({
  confirm: z.string().openapi({ description: "the name of the database whose present state is replaced, `ws_<workspace id>`" }),
  into: z
    .string()
    .optional()
    .openapi({ description: "another workspace whose database the backup is put into; it is made if there is none" }),
});

const location = (description: string) => ({ headers: z.object({ Location: z.string().openapi({ description }) }) });

export const databaseBackupsRouter = createRouter()
  .openapi(
    createRoute({
      method: "get",
      path: "/workspaces/{id}/database/backups",
      tags,
      summary: "Backups of the workspace's database, newest first",
      ...inWorkspace("database:read"),
      request: { params: workspace, query: pageQuerySchema },
      responses: { 200: jsonContent(pageOf(backupSchema), "A page of backups"), ...problemResponses },
    }),
    async (c) => c.json(await listBackups(c.get("ctx"), c.get("workspaceId"), c.req.valid("query")), 200),
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/workspaces/{id}/database/backups",
      tags,
      summary: "Back up the workspace's database",
      description: "The backup shows one moment; writes go on meanwhile. It is kept for as long as the workspace's plan says.",
      ...inWorkspace("database:manage"),
      request: { params: workspace },
      responses: {
        202: { ...jsonContent(dataOf(backupSchema), "The backup, which goes on by itself"), ...location("where its progress is seen") },
        ...problemResponses,
      },
    }),
    async (c) => {
      const [ctx, workspaceId] = [c.get("ctx"), c.get("workspaceId")];
      const data = await createBackup(ctx, workspaceId, await backupDays(ctx, workspaceId));
      return c.json({ data }, 202, { Location: `/api/v1/workspaces/${workspaceId}/database/backups/${data.id}` });
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/workspaces/{id}/database/backups/{backup_id}",
      tags,
      summary: "One backup",
      ...inWorkspace("database:read"),
      request: { params: backup },
      responses: { 200: jsonContent(dataOf(backupSchema), "The backup"), ...problemResponses },
    }),
    async (c) => c.json({ data: await getBackup(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").backup_id) }, 200),
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/workspaces/{id}/database/backups/{backup_id}/download",
      tags,
      summary: "A backup's archive",
      description: "Lines of JSON, compressed with gzip: what it holds, each table's rows and their count and SHA-256, and an end.",
      ...inWorkspace("database:manage"),
      request: { params: backup },
      responses: {
        200: { description: "The archive", content: { "application/gzip": { schema: z.string().openapi({ format: "binary" }) } } },
        ...problemResponses,
      },
    }),
    async (c) => {
      const { name, bytes, body } = await downloadBackup(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").backup_id);
      return new Response(body, {
        headers: {
          "Content-Type": "application/gzip",
          "Content-Length": String(bytes),
          "Content-Disposition": `attachment; filename="${name}"`,
        },
      });
    },
  )
  .openapi(
    createRoute({
      method: "delete",
      path: "/workspaces/{id}/database/backups/{backup_id}",
      tags,
      summary: "Delete a backup",
      ...inWorkspace("database:manage"),
      request: { params: backup },
      responses: { 204: { description: "Deleted" }, ...problemResponses },
    }),
    async (c) => {
      await deleteBackup(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").backup_id);
      return c.body(null, 204);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/workspaces/{id}/database/backups/{backup_id}/restore",
      tags,
      summary: "Put a backup in the place of what a database holds",
      description: `The whole archive is verified, and what the database holds is backed up, before anything else. Apps go on with what is
there until everything changes place at once; what they wrote after that last backup is lost. Tables that the backup does not have are dropped.`,
      ...inWorkspace("database:manage"),
      request: { params: backup, body: jsonBody(newRestoreSchema) },
      responses: {
        202: { ...jsonContent(dataOf(restoreSchema), "The restore, which goes on by itself"), ...location("where its progress is seen") },
        ...problemResponses,
      },
    }),
    async (c) => {
      const ctx = c.get("ctx");
      const { confirm, into = c.get("workspaceId") } = c.req.valid("json");
      await authorize(ctx, into, "database:manage");
      const options = { confirm, into, keepDays: await backupDays(ctx, into) };
      const data = await restoreBackup(ctx, c.get("workspaceId"), c.req.valid("param").backup_id, options);
      return c.json({ data }, 202, { Location: `/api/v1/workspaces/${into}/database/restores/${data.id}` });
    },
  );
