import { createRoute, z } from "@hono/zod-openapi";
import { addDomain, getDomain, listDomains, removeDomain } from "#domain";
import { pageQuerySchema } from "#platform/pages";
import { inApp } from "./app-access.ts";
import { createRouter, dataOf, jsonBody, jsonContent, pageOf, problemResponses } from "./router.ts";

const tags = ["Domains"];
const parameters = z.object({ id: z.string() });
const domainParameters = z.object({ id: z.string(), domain_id: z.string() });

const domainSchema = z
  .object({
    id: z.string(),
    app_id: z.string(),
    hostname: z.string(),
    status: z.enum(["pending", "verifying", "issuing", "active", "failed", "action_needed", "moved", "removed"]),
    verification: z
      .object({ type: z.literal("TXT"), name: z.string(), value: z.string() })
      .openapi({ description: "The DNS record that proves ownership" }),
    verified_at: z.string().nullable(),
    created_at: z.string(),
  })
  .openapi("Domain");

export const domainsRouter = createRouter()
  .openapi(
    createRoute({
      method: "get",
      path: "/apps/{id}/domains",
      tags,
      summary: "The custom hostnames of an app",
      ...inApp("apps:read"),
      request: { params: parameters, query: pageQuerySchema },
      responses: { 200: jsonContent(pageOf(domainSchema), "A page of hostnames"), ...problemResponses },
    }),
    async (c) => c.json(await listDomains(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").id, c.req.valid("query")), 200),
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/apps/{id}/domains",
      tags,
      summary: "Claim a custom hostname for an app",
      ...inApp("domains:manage"),
      request: { params: parameters, body: jsonBody(z.strictObject({ hostname: z.string().min(1).max(253) })) },
      responses: { 201: jsonContent(dataOf(domainSchema), "The hostname, with the record that proves ownership"), ...problemResponses },
    }),
    async (c) => {
      const { hostname } = c.req.valid("json");
      return c.json({ data: await addDomain(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").id, hostname) }, 201);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/apps/{id}/domains/{domain_id}",
      tags,
      summary: "A custom hostname",
      ...inApp("apps:read"),
      request: { params: domainParameters },
      responses: { 200: jsonContent(dataOf(domainSchema), "The hostname"), ...problemResponses },
    }),
    async (c) => {
      const { id, domain_id } = c.req.valid("param");
      return c.json({ data: await getDomain(c.get("ctx"), c.get("workspaceId"), id, domain_id) }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "delete",
      path: "/apps/{id}/domains/{domain_id}",
      tags,
      summary: "Let a custom hostname go",
      ...inApp("domains:manage"),
      request: { params: domainParameters },
      responses: { 204: { description: "It is free again" }, ...problemResponses },
    }),
    async (c) => {
      const { id, domain_id } = c.req.valid("param");
      await removeDomain(c.get("ctx"), c.get("workspaceId"), id, domain_id);
      return c.body(null, 204);
    },
  );
