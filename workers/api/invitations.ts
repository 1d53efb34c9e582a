import { createRoute, z } from "@hono/zod-openapi";
import { pageQuerySchema } from "#platform/pages";
import { acceptInvitation, createInvitation, deleteInvitation, listInvitations } from "#workspace";
import { asUser, inWorkspace } from "./access.ts";
import { createRouter, dataOf, jsonBody, jsonContent, pageOf, problemResponses } from "./router.ts";
import { workspaceSchema } from "./workspaces.ts";

const tags = ["Members"];

const invitationSchema = z
  .object({
    id: z.string(),
    email: z.string(),
    role_id: z.string(),
    role: z.string(),
    expires_at: z.string(),
    created_at: z.string(),
  })
  .openapi("Invitation");

const newInvitationSchema = invitationSchema
  .extend({ token: z.string().openapi({ description: "Shown this once; whom it is sent to can accept the invitation" }) })
  .openapi("NewInvitation");

export const invitationsRouter = createRouter()
  .openapi(
    createRoute({
      method: "get",
      path: "/workspaces/{id}/invitations",
      tags,
      summary: "The open invitations",
      ...inWorkspace("members:manage"),
      request: { params: z.object({ id: z.string() }), query: pageQuerySchema },
      responses: { 200: jsonContent(pageOf(invitationSchema), "A page of invitations"), ...problemResponses },
    }),
    async (c) => c.json(await listInvitations(c.get("ctx"), c.get("workspaceId"), c.req.valid("query")), 200),
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/workspaces/{id}/invitations",
      tags,
      summary: "Invite an e-mail address to a role",
      ...inWorkspace("members:manage"),
      request: {
        params: z.object({ id: z.string() }),
        body: jsonBody(z.strictObject({ email: z.email().max(254), role_id: z.string() })),
      },
      responses: { 201: jsonContent(dataOf(newInvitationSchema), "The invitation, with its token"), ...problemResponses },
    }),
    async (c) => {
      const { email, role_id } = c.req.valid("json");
      return c.json({ data: await createInvitation(c.get("ctx"), c.get("workspaceId"), { email, roleId: role_id }) }, 201);
    },
  )
  .openapi(
    createRoute({
      method: "delete",
      path: "/workspaces/{id}/invitations/{invitation_id}",
      tags,
      summary: "Take an invitation back",
      ...inWorkspace("members:manage"),
      request: { params: z.object({ id: z.string(), invitation_id: z.string() }) },
      responses: { 204: { description: "Taken back" }, ...problemResponses },
    }),
    async (c) => {
      await deleteInvitation(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").invitation_id);
      return c.body(null, 204);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/invitations/{token}/accept",
      tags,
      summary: "Join the workspace that invited the signed-in user",
      ...asUser(),
      request: { params: z.object({ token: z.string() }) },
      responses: { 200: jsonContent(dataOf(workspaceSchema), "The workspace"), ...problemResponses },
    }),
    async (c) => c.json({ data: await acceptInvitation(c.get("ctx"), c.req.valid("param").token) }, 200),
  );
