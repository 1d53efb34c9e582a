import { createRoute, z } from "@hono/zod-openapi";
import { createApp, deleteApp, descriptionSchema, getApp, listApps, nameSchema, readNewApp, slugSchema, updateApp } from "#app";
import { listDomains, removeDomain } from "#domain";
import type { Context } from "#platform/context";
import { pageQuerySchema } from "#platform/pages";
import { inWorkspace } from "./access.ts";
import { inApp } from "./app-access.ts";
import { appSchema, statusSchema } from "./app-schema.ts";
import { manifestBody } from "./manifest-body.ts";
import { createRouter, dataOf, jsonBody, jsonContent, pageOf, problemResponses } from "./router.ts";

const tags = ["Apps"];
const parameters = z.object({ id: z.string() });

const newAppSchema = z
  .union([manifestBody, z.object({ name: nameSchema, slug: slugSchema.optional(), description: descriptionSchema.optional() })])
  .openapi("NewApp", { description: "A manifest, or a name with or without a slug" });

export const appsRouter = createRouter()
  .openapi(
    createRoute({
      method: "get",
      path: "/workspaces/{id}/apps",
      tags,
      summary: "The apps of a workspace, newest first",
      ...inWorkspace("apps:read"),
      request: { params: parameters, query: pageQuerySchema.extend({ status: statusSchema.optional() }) },
      responses: { 200: jsonContent(pageOf(appSchema), "A page of apps"), ...problemResponses },
    }),
    async (c) => {
      const { status, ...page } = c.req.valid("query");
      return c.json(await listApps(c.get("ctx"), c.get("workspaceId"), page, { status }), 200);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/workspaces/{id}/apps",
      tags,
      summary: "Make an app from a manifest, or from a name alone",
      ...inWorkspace("apps:create"),
      request: { params: parameters, query: z.object({ slug: slugSchema.optional() }), body: jsonBody(newAppSchema) },
      responses: { 201: jsonContent(dataOf(appSchema), "The new app, as a draft"), ...problemResponses },
    }),
    async (c) => {
      const { slug } = c.req.valid("query");
      const fresh = await readNewApp(await c.req.json());
      return c.json({ data: await createApp(c.get("ctx"), c.get("workspaceId"), { ...fresh, slug: slug ?? fresh.slug }) }, 201);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/apps/{id}",
      tags,
      summary: "An app",
      ...inApp("apps:read"),
      request: { params: parameters },
      responses: { 200: jsonContent(dataOf(appSchema), "The app"), ...problemResponses },
    }),
    async (c) => c.json({ data: await getApp(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").id) }, 200),
  )
  .openapi(
    createRoute({
      method: "patch",
      path: "/apps/{id}",
      tags,
      summary: "Rename an app, or move it to another slug",
      ...inApp("apps:edit"),
      request: {
        params: parameters,
        body: jsonBody(
          z.strictObject({ name: nameSchema.optional(), description: descriptionSchema.optional(), slug: slugSchema.optional() }),
        ),
      },
      responses: { 200: jsonContent(dataOf(appSchema), "The app"), ...problemResponses },
    }),
    async (c) => c.json({ data: await updateApp(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").id, c.req.valid("json")) }, 200),
  )
  .openapi(
    createRoute({
      method: "delete",
      path: "/apps/{id}",
      tags,
      summary: "Delete an app and let its hostnames go",
      ...inApp("apps:delete"),
      request: { params: parameters },
      responses: { 204: { description: "It is gone" }, ...problemResponses },
    }),
    async (c) => {
      const [ctx, workspaceId, { id }] = [c.get("ctx"), c.get("workspaceId"), c.req.valid("param")];
      await releaseDomains(ctx, workspaceId, id);
      await deleteApp(ctx, workspaceId, id);
      return c.body(null, 204);
    },
  );

/** A hostname serves one app in the whole platform: what a deleted app held must be free again. */
async function releaseDomains(ctx: Context, workspaceId: string, appId: string): Promise<void> {
  const { data, next_cursor } = await listDomains(ctx, workspaceId, appId, { limit: 100, cursor: undefined });
  await Promise.all(data.map((domain) => removeDomain(ctx, workspaceId, appId, domain.id)));
  if (next_cursor !== null) await releaseDomains(ctx, workspaceId, appId);
}
