import { createRoute, z } from "@hono/zod-openapi";
import { pageQuerySchema } from "#platform/pages";
import { listAuditLogs } from "#workspace";
import { inWorkspace } from "./access.ts";
import { createRouter, jsonContent, pageOf, problemResponses } from "./router.ts";

const auditLogSchema = z
  .object({
    id: z.string(),
    actor_type: z.enum(["anonymous", "user", "api_key", "system"]),
    actor_id: z.string().nullable(),
    action: z.string(),
    target_type: z.string(),
    target_id: z.string(),
    before: z.any().openapi({ description: "What it was, or null" }),
    after: z.any().openapi({ description: "What it became, or null" }),
    request_id: z.string(),
    created_at: z.string(),
  })
  .openapi("AuditLog");

export const auditLogsRouter = createRouter().openapi(
  createRoute({
    method: "get",
    path: "/workspaces/{id}/audit-logs",
    tags: ["Audit log"],
    summary: "What was changed and by whom, newest first",
    ...inWorkspace("audit:read"),
    request: { params: z.object({ id: z.string() }), query: pageQuerySchema },
    responses: { 200: jsonContent(pageOf(auditLogSchema), "A page of the audit log"), ...problemResponses },
  }),
  async (c) => c.json(await listAuditLogs(c.get("ctx"), c.get("workspaceId"), c.req.valid("query")), 200),
);
