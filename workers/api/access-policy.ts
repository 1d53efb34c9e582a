import { createRoute, z } from "@hono/zod-openapi";
import { accessPolicyPatchSchema, accessPolicySchema, getAccessPolicy, patchAccessPolicy } from "#app";
import { inApp } from "./app-access.ts";
import { createRouter, dataOf, jsonBody, jsonContent, problemResponses } from "./router.ts";

const tags = ["Access policy"];
const parameters = z.object({ id: z.string() });
const viewSchema = accessPolicySchema.extend({
  password_set: z.boolean().openapi({ description: "Whether the app has a password; it is never shown" }),
});
const policyAnswer = { 200: jsonContent(dataOf(viewSchema), "The policy in force"), ...problemResponses };

export const accessPolicyRouter = createRouter()
  .openapi(
    createRoute({
      method: "get",
      path: "/apps/{id}/access-policy",
      tags,
      summary: "Who may run an app, from where and how often",
      ...inApp("apps:read"),
      request: { params: parameters },
      responses: policyAnswer,
    }),
    async (c) => c.json({ data: await getAccessPolicy(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").id) }, 200),
  )
  .openapi(
    createRoute({
      method: "patch",
      path: "/apps/{id}/access-policy",
      tags,
      summary: "Change the policy, everywhere within 5 s, and in the draft",
      ...inApp("apps:publish"),
      request: { params: parameters, body: jsonBody(accessPolicyPatchSchema) },
      responses: policyAnswer,
    }),
    async (c) =>
      c.json({ data: await patchAccessPolicy(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").id, c.req.valid("json")) }, 200),
  );
