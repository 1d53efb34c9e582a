import { createRoute, z } from "@hono/zod-openapi";
import { settleDatabase } from "#database";
import type { Context } from "#platform/context";
import { errorMessage } from "#platform/errors";
import { pageQuerySchema } from "#platform/pages";
import { REGIONS } from "#platform/placement";
import { SLUG_PATTERN } from "#platform/slugs";
import {
  createWorkspace,
  deleteWorkspace,
  getWorkspace,
  listWorkspaces,
  PERMISSIONS,
  SLUG_LENGTH,
  transferOwnership,
  updateWorkspace,
} from "#workspace";
import { asUser, inWorkspace, signedIn } from "./access.ts";
import { createRouter, dataOf, jsonBody, jsonContent, pageOf, problemResponses } from "./router.ts";

const tags = ["Workspaces"];
const nameSchema = z.string().trim().min(1).max(100);
const parameters = z.object({ id: z.string() });

export const workspaceSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    slug: z.string(),
    region: z.string(),
    status: z.enum(["active", "deleting"]),
    delete_at: z.string().nullable(),
    is_default: z.boolean(),
    role: z.string().nullable().openapi({ description: "The caller's role; null for an API key" }),
    permissions: z.array(z.enum(PERMISSIONS)).openapi({ description: "What the caller may do here" }),
    created_at: z.string(),
    updated_at: z.string(),
  })
  .openapi("Workspace");

export const workspacesRouter = createRouter()
  .openapi(
    createRoute({
      method: "get",
      path: "/workspaces",
      tags,
      summary: "The caller's workspaces",
      ...signedIn(),
      request: { query: pageQuerySchema },
      responses: { 200: jsonContent(pageOf(workspaceSchema), "A page of workspaces"), ...problemResponses },
    }),
    async (c) => c.json(await listWorkspaces(c.get("ctx"), c.req.valid("query")), 200),
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/workspaces",
      tags,
      summary: "Make a workspace and own it",
      ...asUser(),
      request: {
        body: jsonBody(
          z.strictObject({
            name: nameSchema,
            slug: z.string().min(SLUG_LENGTH.min).max(SLUG_LENGTH.max).regex(SLUG_PATTERN).optional(),
            region: z.enum(REGIONS).optional(),
          }),
        ),
      },
      responses: { 201: jsonContent(dataOf(workspaceSchema), "The new workspace"), ...problemResponses },
    }),
    async (c) => c.json({ data: await createWorkspace(c.get("ctx"), c.req.valid("json")) }, 201),
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/workspaces/{id}",
      tags,
      summary: "A workspace",
      ...inWorkspace("workspace:read"),
      request: { params: parameters },
      responses: { 200: jsonContent(dataOf(workspaceSchema), "The workspace"), ...problemResponses },
    }),
    async (c) => c.json({ data: await getWorkspace(c.get("ctx"), c.get("workspaceId")) }, 200),
  )
  .openapi(
    createRoute({
      method: "patch",
      path: "/workspaces/{id}",
      tags,
      summary: "Rename a workspace, or undo its deletion",
      ...inWorkspace("workspace:update"),
      request: {
        params: parameters,
        body: jsonBody(z.strictObject({ name: nameSchema.optional(), status: z.literal("active").optional() })),
      },
      responses: { 200: jsonContent(dataOf(workspaceSchema), "The workspace"), ...problemResponses },
    }),
    async (c) => {
      const workspace = await updateWorkspace(c.get("ctx"), c.get("workspaceId"), c.req.valid("json"));
      if (c.req.valid("json").status === "active") settleLater(c.get("ctx"), workspace.id);
      return c.json({ data: workspace }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "delete",
      path: "/workspaces/{id}",
      tags,
      summary: "Schedule the deletion of a workspace, 7 days ahead",
      ...inWorkspace("workspace:delete"),
      request: { params: parameters },
      responses: { 200: jsonContent(dataOf(workspaceSchema), "The workspace, with the time of its deletion"), ...problemResponses },
    }),
    async (c) => {
      const workspace = await deleteWorkspace(c.get("ctx"), c.get("workspaceId"));
      settleLater(c.get("ctx"), workspace.id);
      return c.json({ data: workspace }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/workspaces/{id}/transfer-ownership",
      tags,
      summary: "Make another member the owner",
      ...inWorkspace("workspace:delete"),
      request: { params: parameters, body: jsonBody(z.strictObject({ member_id: z.string() })) },
      responses: { 200: jsonContent(dataOf(workspaceSchema), "The workspace, in which the caller is an admin now"), ...problemResponses },
    }),
    async (c) => {
      const { member_id } = c.req.valid("json");
      return c.json({ data: await transferOwnership(c.get("ctx"), c.get("workspaceId"), member_id) }, 200);
    },
  );

/** Has the workspace's database follow, beside the answer. What fails here is done within a minute. */
function settleLater(ctx: Context, workspaceId: string): void {
  const settled = settleDatabase(ctx, workspaceId).catch((error: unknown) => {
    ctx.log.warn("a database could not follow its workspace", { workspace_id: workspaceId, problem: errorMessage(error) });
  });
  ctx.waitUntil(settled);
}
