import { createRoute, z } from "@hono/zod-openapi";
import { pageQuerySchema } from "#platform/pages";
import { changeMemberRole, listMembers, removeMember } from "#workspace";
import { inWorkspace } from "./access.ts";
import { createRouter, dataOf, jsonBody, jsonContent, pageOf, problemResponses } from "./router.ts";

const tags = ["Members"];
const parameters = z.object({ id: z.string(), member_id: z.string() });

const memberSchema = z
  .object({
    id: z.string(),
    user_id: z.string(),
    name: z.string(),
    email: z.string(),
    role_id: z.string(),
    role: z.string(),
    created_at: z.string(),
  })
  .openapi("Member");

export const membersRouter = createRouter()
  .openapi(
    createRoute({
      method: "get",
      path: "/workspaces/{id}/members",
      tags,
      summary: "The members of a workspace",
      ...inWorkspace("members:read"),
      request: { params: z.object({ id: z.string() }), query: pageQuerySchema },
      responses: { 200: jsonContent(pageOf(memberSchema), "A page of members"), ...problemResponses },
    }),
    async (c) => c.json(await listMembers(c.get("ctx"), c.get("workspaceId"), c.req.valid("query")), 200),
  )
  .openapi(
    createRoute({
      method: "patch",
      path: "/workspaces/{id}/members/{member_id}",
      tags,
      summary: "Give a member another role",
      ...inWorkspace("members:manage"),
      request: { params: parameters, body: jsonBody(z.strictObject({ role_id: z.string() })) },
      responses: { 200: jsonContent(dataOf(memberSchema), "The member"), ...problemResponses },
    }),
    async (c) => {
      const { role_id } = c.req.valid("json");
      return c.json({ data: await changeMemberRole(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").member_id, role_id) }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "delete",
      path: "/workspaces/{id}/members/{member_id}",
      tags,
      summary: "Remove a member",
      ...inWorkspace("members:manage"),
      request: { params: parameters },
      responses: { 204: { description: "Removed" }, ...problemResponses },
    }),
    async (c) => {
      await removeMember(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").member_id);
      return c.body(null, 204);
    },
  );
