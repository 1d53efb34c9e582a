import { createRoute, z } from "@hono/zod-openapi";
import { pageQuerySchema } from "#platform/pages";
import { deleteSecret, listSecrets, SECRET_NAME_PATTERN, SECRET_VALUE_BYTES, setSecret } from "#workspace";
import { inWorkspace } from "./access.ts";
import { createRouter, dataOf, jsonBody, jsonContent, pageOf, problemResponses } from "./router.ts";

const tags = ["Secrets"];

const secretSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    created_by: z.string().nullable(),
    created_at: z.string(),
    updated_at: z.string(),
  })
  .openapi("Secret");

const valueSchema = z
  .string()
  .min(1)
  .max(SECRET_VALUE_BYTES)
  .refine((value) => new TextEncoder().encode(value).length <= SECRET_VALUE_BYTES, `Use at most ${SECRET_VALUE_BYTES} bytes.`);

export const secretsRouter = createRouter()
  .openapi(
    createRoute({
      method: "get",
      path: "/workspaces/{id}/secrets",
      tags,
      summary: "The secrets of a workspace, without their values",
      ...inWorkspace("secrets:manage"),
      request: { params: z.object({ id: z.string() }), query: pageQuerySchema },
      responses: { 200: jsonContent(pageOf(secretSchema), "A page of secrets"), ...problemResponses },
    }),
    async (c) => c.json(await listSecrets(c.get("ctx"), c.get("workspaceId"), c.req.valid("query")), 200),
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/workspaces/{id}/secrets",
      tags,
      summary: "Set a secret: make it, or replace its value",
      ...inWorkspace("secrets:manage"),
      request: {
        params: z.object({ id: z.string() }),
        body: jsonBody(z.strictObject({ name: z.string().max(64).regex(SECRET_NAME_PATTERN), value: valueSchema })),
      },
      responses: { 201: jsonContent(dataOf(secretSchema), "The secret"), ...problemResponses },
    }),
    async (c) => c.json({ data: await setSecret(c.get("ctx"), c.get("workspaceId"), c.req.valid("json")) }, 201),
  )
  .openapi(
    createRoute({
      method: "delete",
      path: "/workspaces/{id}/secrets/{name}",
      tags,
      summary: "Remove a secret",
      ...inWorkspace("secrets:manage"),
      request: { params: z.object({ id: z.string(), name: z.string() }) },
      responses: { 204: { description: "Removed" }, ...problemResponses },
    }),
    async (c) => {
      await deleteSecret(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").name);
      return c.body(null, 204);
    },
  );
