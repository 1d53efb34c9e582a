import { createRoute, z } from "@hono/zod-openapi";
import { deleteVisitorRule, listVisitorRules, newVisitorRuleSchema, setVisitorRule, visitorRuleSchema } from "#app";
import { pageQuerySchema } from "#platform/pages";
import { inWorkspace } from "./access.ts";
import { createRouter, dataOf, jsonBody, jsonContent, pageOf, problemResponses } from "./router.ts";

const tags = ["Visitor rules"];

export const visitorRulesRouter = createRouter()
  .openapi(
    createRoute({
      method: "get",
      path: "/workspaces/{id}/visitor-rules",
      tags,
      summary: "The visitors who are denied, challenged or slowed, newest rule first",
      ...inWorkspace("apps:read"),
      request: {
        params: z.object({ id: z.string() }),
        query: pageQuerySchema.extend({ app_id: z.string().optional().openapi({ description: "Only the rules that concern this app" }) }),
      },
      responses: { 200: jsonContent(pageOf(visitorRuleSchema), "A page of rules in force"), ...problemResponses },
    }),
    async (c) => {
      const { app_id: appId, ...page } = c.req.valid("query");
      return c.json(await listVisitorRules(c.get("ctx"), c.get("workspaceId"), page, { appId }), 200);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/workspaces/{id}/visitor-rules",
      tags,
      summary: "Make a rule, or change the one with the same match and app; everywhere within 5 s",
      ...inWorkspace("apps:publish"),
      request: { params: z.object({ id: z.string() }), body: jsonBody(newVisitorRuleSchema) },
      responses: { 201: jsonContent(dataOf(visitorRuleSchema), "The rule"), ...problemResponses },
    }),
    async (c) => c.json({ data: await setVisitorRule(c.get("ctx"), c.get("workspaceId"), c.req.valid("json")) }, 201),
  )
  .openapi(
    createRoute({
      method: "delete",
      path: "/workspaces/{id}/visitor-rules/{rule_id}",
      tags,
      summary: "End a rule, everywhere within 5 s",
      ...inWorkspace("apps:publish"),
      request: { params: z.object({ id: z.string(), rule_id: z.string() }) },
      responses: { 204: { description: "Ended" }, ...problemResponses },
    }),
    async (c) => {
      await deleteVisitorRule(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").rule_id);
      return c.body(null, 204);
    },
  );
