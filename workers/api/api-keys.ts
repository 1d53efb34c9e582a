import { createRoute, z } from "@hono/zod-openapi";
import { pageQuerySchema } from "#platform/pages";
import { createApiKey, listApiKeys, PERMISSIONS, revokeApiKey, rotateApiKey } from "#workspace";
import { inWorkspace } from "./access.ts";
import { createRouter, dataOf, jsonBody, jsonContent, pageOf, problemResponses } from "./router.ts";

const tags = ["API keys"];
const parameters = z.object({ id: z.string(), key_id: z.string() });

const apiKeySchema = z
  .object({
    id: z.string(),
    name: z.string(),
    preview: z.string(),
    scopes: z.array(z.enum(PERMISSIONS)),
    created_by: z.string().nullable(),
    last_used_at: z.string().nullable(),
    expires_at: z.string().nullable(),
    revoked_at: z.string().nullable(),
    created_at: z.string(),
  })
  .openapi("ApiKey");

const newApiKeySchema = apiKeySchema.extend({ key: z.string().openapi({ description: "Shown this once" }) }).openapi("NewApiKey");

export const apiKeysRouter = createRouter()
  .openapi(
    createRoute({
      method: "get",
      path: "/workspaces/{id}/api-keys",
      tags,
      summary: "The API keys of a workspace",
      ...inWorkspace("api_keys:manage"),
      request: { params: z.object({ id: z.string() }), query: pageQuerySchema },
      responses: { 200: jsonContent(pageOf(apiKeySchema), "A page of keys"), ...problemResponses },
    }),
    async (c) => c.json(await listApiKeys(c.get("ctx"), c.get("workspaceId"), c.req.valid("query")), 200),
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/workspaces/{id}/api-keys",
      tags,
      summary: "Make an API key, with scopes that the caller has",
      ...inWorkspace("api_keys:manage"),
      request: {
        params: z.object({ id: z.string() }),
        body: jsonBody(
          z.strictObject({
            name: z.string().trim().min(1).max(100),
            scopes: z.array(z.enum(PERMISSIONS)).min(1).max(PERMISSIONS.length),
            expires_at: z.iso.datetime({ offset: true }).optional(),
          }),
        ),
      },
      responses: { 201: jsonContent(dataOf(newApiKeySchema), "The new key"), ...problemResponses },
    }),
    async (c) => {
      const { name, scopes, expires_at } = c.req.valid("json");
      return c.json({ data: await createApiKey(c.get("ctx"), c.get("workspaceId"), { name, scopes, expiresAt: expires_at }) }, 201);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/workspaces/{id}/api-keys/{key_id}/rotate",
      tags,
      summary: "Replace a key; the old one stops working at once",
      ...inWorkspace("api_keys:manage"),
      request: { params: parameters },
      responses: { 201: jsonContent(dataOf(newApiKeySchema), "The key that replaces it"), ...problemResponses },
    }),
    async (c) => c.json({ data: await rotateApiKey(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").key_id) }, 201),
  )
  .openapi(
    createRoute({
      method: "delete",
      path: "/workspaces/{id}/api-keys/{key_id}",
      tags,
      summary: "Revoke a key",
      ...inWorkspace("api_keys:manage"),
      request: { params: parameters },
      responses: { 204: { description: "Revoked" }, ...problemResponses },
    }),
    async (c) => {
      await revokeApiKey(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").key_id);
      return c.body(null, 204);
    },
  );
