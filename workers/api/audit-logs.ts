import { createRoute, z } from "@hono/zod-openapi";
import { pageQuerySchema } from "#platform/pages";
import { exportAuditLogs, listAuditLogs } from "#workspace";
import { inWorkspace } from "./access.ts";
import { createRouter, jsonContent, pageOf, problemResponses } from "./router.ts";

const tags = ["Audit log"];
const parameters = z.object({ id: z.string() });

const auditLogSchema = z
  .object({
    id: z.string(),
    actor_type: z.enum(["anonymous", "user", "api_key", "system"]),
    actor_id: z.string().nullable(),
    actor_name: z.string().nullable().openapi({ description: "What the user or the key is called now" }),
    action: z.string(),
    target_type: z.string(),
    target_id: z.string(),
    before: z.any().openapi({ description: "What it was, or null" }),
    after: z.any().openapi({ description: "What it became, or null" }),
    request_id: z.string(),
    ip_hash: z.string().nullable().openapi({ description: "Keyed hash of the address that the request came from" }),
    user_agent_hash: z.string().nullable().openapi({ description: "Keyed hash of the browser or program" }),
    created_at: z.string(),
  })
  .openapi("AuditLog");

const word = z.string().min(1).max(200).optional();
const moment = z.iso.datetime({ offset: true }).optional();

const filterSchema = z.object({
  actor: word.openapi({ description: "Id of a user or an API key" }),
  action: word.openapi({ description: "Such as `app.published`" }),
  target_type: word.openapi({ description: "Such as `app`" }),
  target_id: word,
  from: moment.openapi({ description: "Entries from this moment on" }),
  to: moment.openapi({ description: "Entries before this moment" }),
});

function filterOf({ target_type, target_id, ...filter }: z.infer<typeof filterSchema>) {
  return { ...filter, targetType: target_type, targetId: target_id };
}

const file = z.string().openapi({ format: "binary" });
const MEDIA_TYPES = { csv: "text/csv; charset=utf-8", ndjson: "application/x-ndjson" } as const;

export const auditLogsRouter = createRouter()
  .openapi(
    createRoute({
      method: "get",
      path: "/workspaces/{id}/audit-logs",
      tags,
      summary: "What was changed and by whom, newest first",
      ...inWorkspace("audit:read"),
      request: { params: parameters, query: pageQuerySchema.extend(filterSchema.shape) },
      responses: { 200: jsonContent(pageOf(auditLogSchema), "A page of the audit log"), ...problemResponses },
    }),
    async (c) => {
      const { limit, cursor, ...filter } = c.req.valid("query");
      return c.json(await listAuditLogs(c.get("ctx"), c.get("workspaceId"), { limit, cursor }, filterOf(filter)), 200);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/workspaces/{id}/audit-logs/export",
      tags,
      summary: "The audit log as a file",
      ...inWorkspace("audit:read"),
      request: { params: parameters, query: filterSchema.extend({ format: z.enum(["csv", "ndjson"]).default("csv") }) },
      responses: {
        200: { description: "The file", content: { "text/csv": { schema: file }, "application/x-ndjson": { schema: file } } },
        ...problemResponses,
      },
    }),
    (c) => {
      const { format, ...filter } = c.req.valid("query");
      const body = exportAuditLogs(c.get("ctx"), c.get("workspaceId"), filterOf(filter), format);
      return new Response(body, {
        headers: { "Content-Type": MEDIA_TYPES[format], "Content-Disposition": `attachment; filename="audit-log.${format}"` },
      });
    },
  );
