import { createRoute, z } from "@hono/zod-openapi";
import { archive, createVersion, diffVersions, getVersion, listVersions, publish, rollback, unpublish } from "#app";
import { pageQuerySchema } from "#platform/pages";
import { inApp } from "./app-access.ts";
import { appSchema } from "./app-schema.ts";
import { manifestBody } from "./manifest-body.ts";
import { createRouter, dataOf, jsonBody, jsonContent, optionalBody, pageOf, problemResponses } from "./router.ts";
import { confirmSchema } from "./schema-plan.ts";

const tags = ["Versions"];
const parameters = z.object({ id: z.string() });
const changelog = z.string().max(2000);

const versionSchema = z
  .object({
    id: z.string(),
    number: z.number().int(),
    name: z.string(),
    changelog: z.string(),
    created_by: z.string().nullable(),
    created_at: z.string(),
    is_current: z.boolean().openapi({ description: "Whether visitors get this one" }),
  })
  .openapi("Version");

const fullVersionSchema = versionSchema.extend({ manifest: manifestBody }).openapi("VersionWithManifest");

const differenceSchema = z
  .object({
    path: z.string(),
    kind: z.enum(["added", "removed", "changed"]),
    before: z.any().openapi({ description: "What it was, or null" }),
    after: z.any().openapi({ description: "What it became, or null" }),
  })
  .openapi("Difference");

const appAnswer = { 200: jsonContent(dataOf(appSchema), "The app"), ...problemResponses };

export const versionsRouter = createRouter()
  .openapi(
    createRoute({
      method: "get",
      path: "/apps/{id}/versions",
      tags,
      summary: "The versions of an app, newest first",
      ...inApp("apps:read"),
      request: { params: parameters, query: pageQuerySchema },
      responses: { 200: jsonContent(pageOf(versionSchema), "A page of versions"), ...problemResponses },
    }),
    async (c) => c.json(await listVersions(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").id, c.req.valid("query")), 200),
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/apps/{id}/versions",
      tags,
      summary: "Freeze the draft",
      ...inApp("apps:edit"),
      request: { params: parameters, body: optionalBody(z.strictObject({ changelog: changelog.optional() })) },
      responses: { 201: jsonContent(dataOf(versionSchema), "The new version"), ...problemResponses },
    }),
    async (c) => {
      const { changelog = "" } = c.req.valid("json");
      return c.json({ data: await createVersion(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").id, changelog) }, 201);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/apps/{id}/versions/{version_id}",
      tags,
      summary: "A version with its manifest",
      ...inApp("apps:read"),
      request: { params: z.object({ id: z.string(), version_id: z.string() }) },
      responses: { 200: jsonContent(dataOf(fullVersionSchema), "The version"), ...problemResponses },
    }),
    async (c) => {
      const { id, version_id } = c.req.valid("param");
      return c.json({ data: await getVersion(c.get("ctx"), c.get("workspaceId"), id, version_id) }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/apps/{id}/versions/{a}/diff/{b}",
      tags,
      summary: "What changed from one version to another",
      ...inApp("apps:read"),
      request: { params: z.object({ id: z.string(), a: z.string(), b: z.string() }) },
      responses: { 200: jsonContent(dataOf(z.array(differenceSchema)), "The differences"), ...problemResponses },
    }),
    async (c) => {
      const { id, a, b } = c.req.valid("param");
      return c.json({ data: await diffVersions(c.get("ctx"), c.get("workspaceId"), id, a, b) }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/apps/{id}/publish",
      tags,
      summary: "Put a version before visitors; without version_id, the draft",
      ...inApp("apps:publish"),
      request: {
        params: parameters,
        body: optionalBody(z.strictObject({ version_id: z.string().optional(), changelog: changelog.optional(), confirm: confirmSchema })),
      },
      responses: appAnswer,
    }),
    async (c) => {
      const { version_id, changelog, confirm } = c.req.valid("json");
      const request = { versionId: version_id, changelog, confirm };
      return c.json({ data: await publish(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").id, request) }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/apps/{id}/rollback",
      tags,
      summary: "Put an earlier version back before visitors",
      ...inApp("apps:publish"),
      request: { params: parameters, body: jsonBody(z.strictObject({ version_id: z.string(), confirm: confirmSchema })) },
      responses: appAnswer,
    }),
    async (c) => {
      const { version_id, confirm } = c.req.valid("json");
      return c.json({ data: await rollback(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").id, version_id, confirm) }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/apps/{id}/unpublish",
      tags,
      summary: "Take an app from visitors",
      ...inApp("apps:publish"),
      request: { params: parameters },
      responses: appAnswer,
    }),
    async (c) => c.json({ data: await unpublish(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").id) }, 200),
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/apps/{id}/archive",
      tags,
      summary: "Put an unpublished app away",
      ...inApp("apps:publish"),
      request: { params: parameters },
      responses: appAnswer,
    }),
    async (c) => c.json({ data: await archive(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").id) }, 200),
  );
