import { createRoute, z } from "@hono/zod-openapi";
import { pageQuerySchema } from "#platform/pages";
import { createRole, deleteRole, listRoles, PERMISSIONS, updateRole } from "#workspace";
import { inWorkspace } from "./access.ts";
import { createRouter, dataOf, jsonBody, jsonContent, pageOf, problemResponses } from "./router.ts";

const tags = ["Roles"];
const parameters = z.object({ id: z.string(), role_id: z.string() });
const nameSchema = z.string().trim().min(1).max(60);
const permissionsSchema = z.array(z.enum(PERMISSIONS)).min(1).max(PERMISSIONS.length);

const roleSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    is_system: z.boolean(),
    permissions: z.array(z.enum(PERMISSIONS)),
    created_at: z.string(),
    updated_at: z.string(),
  })
  .openapi("Role");

export const rolesRouter = createRouter()
  .openapi(
    createRoute({
      method: "get",
      path: "/workspaces/{id}/roles",
      tags,
      summary: "The roles of a workspace",
      ...inWorkspace("members:read"),
      request: { params: z.object({ id: z.string() }), query: pageQuerySchema },
      responses: { 200: jsonContent(pageOf(roleSchema), "A page of roles"), ...problemResponses },
    }),
    async (c) => c.json(await listRoles(c.get("ctx"), c.get("workspaceId"), c.req.valid("query")), 200),
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/workspaces/{id}/roles",
      tags,
      summary: "Make a custom role, of permissions that the caller has",
      ...inWorkspace("roles:manage"),
      request: {
        params: z.object({ id: z.string() }),
        body: jsonBody(z.strictObject({ name: nameSchema, permissions: permissionsSchema })),
      },
      responses: { 201: jsonContent(dataOf(roleSchema), "The new role"), ...problemResponses },
    }),
    async (c) => c.json({ data: await createRole(c.get("ctx"), c.get("workspaceId"), c.req.valid("json")) }, 201),
  )
  .openapi(
    createRoute({
      method: "patch",
      path: "/workspaces/{id}/roles/{role_id}",
      tags,
      summary: "Change a custom role",
      ...inWorkspace("roles:manage"),
      request: {
        params: parameters,
        body: jsonBody(z.strictObject({ name: nameSchema.optional(), permissions: permissionsSchema.optional() })),
      },
      responses: { 200: jsonContent(dataOf(roleSchema), "The role"), ...problemResponses },
    }),
    async (c) => {
      const role = await updateRole(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").role_id, c.req.valid("json"));
      return c.json({ data: role }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "delete",
      path: "/workspaces/{id}/roles/{role_id}",
      tags,
      summary: "Remove a custom role that nobody has",
      ...inWorkspace("roles:manage"),
      request: { params: parameters },
      responses: { 204: { description: "Removed" }, ...problemResponses },
    }),
    async (c) => {
      await deleteRole(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").role_id);
      return c.body(null, 204);
    },
  );
