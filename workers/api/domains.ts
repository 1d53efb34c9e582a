import { createRoute, z } from "@hono/zod-openapi";
import { addDomain, getDomain, listDomains, readQuota, removeDomain, updateDomain } from "#domain";
import { pageQuerySchema } from "#platform/pages";
import { inWorkspace } from "./access.ts";
import { inApp } from "./app-access.ts";
import { certificateMethodSchema, domainParameters, domainSchema } from "./domain-schema.ts";
import { createRouter, dataOf, jsonBody, jsonContent, pageOf, problemResponses } from "./router.ts";

const tags = ["Domains"];
const parameters = z.object({ id: z.string() });

const newDomainSchema = z
  .strictObject({
    hostname: z.string().min(1).max(253),
    certificate_method: certificateMethodSchema.optional(),
    www: z.boolean().optional().openapi({ description: "Also claims the other half of the pair with www, to redirect to this one" }),
  })
  .openapi("NewDomain");

const patchSchema = z
  .strictObject({
    canonical: z.literal(true).optional().openapi({ description: "Makes it the one that the app's redirecting hostnames lead to" }),
    redirect: z.boolean().optional().openapi({ description: "Whether it redirects to the app's canonical hostname" }),
    certificate_method: certificateMethodSchema.optional(),
  })
  .openapi("DomainPatch");

const quotaSchema = z
  .object({
    allocated: z.number().nullable(),
    used: z.number(),
    exceeded: z.boolean().nullable(),
    source: z.enum(["cloudflare", "none"]),
  })
  .openapi("DomainQuota");

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
      request: { params: parameters, body: jsonBody(newDomainSchema) },
      responses: { 201: jsonContent(dataOf(domainSchema), "The hostname, with the records to set"), ...problemResponses },
    }),
    async (c) => {
      const { hostname, certificate_method: certificateMethod, www } = c.req.valid("json");
      const { id } = c.req.valid("param");
      return c.json({ data: await addDomain(c.get("ctx"), c.get("workspaceId"), id, { hostname, certificateMethod, www }) }, 201);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/apps/{id}/domains/{domain_id}",
      tags,
      summary: "A custom hostname",
      description: "A check of it that is due is begun behind the answer.",
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
      method: "patch",
      path: "/apps/{id}/domains/{domain_id}",
      tags,
      summary: "Make a custom hostname canonical or a redirect, or have its certificate validated in another way",
      ...inApp("domains:manage"),
      request: { params: domainParameters, body: jsonBody(patchSchema) },
      responses: { 200: jsonContent(dataOf(domainSchema), "The hostname"), ...problemResponses },
    }),
    async (c) => {
      const { id, domain_id } = c.req.valid("param");
      const { canonical, redirect, certificate_method: certificateMethod } = c.req.valid("json");
      const patch = { canonical, redirect, certificateMethod };
      return c.json({ data: await updateDomain(c.get("ctx"), c.get("workspaceId"), id, domain_id, patch) }, 200);
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
      responses: { 204: { description: "It serves nobody any more" }, ...problemResponses },
    }),
    async (c) => {
      const { id, domain_id } = c.req.valid("param");
      await removeDomain(c.get("ctx"), c.get("workspaceId"), id, domain_id);
      return c.body(null, 204);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/workspaces/{id}/domains/quota",
      tags,
      summary: "How many custom hostnames there may be, and are",
      ...inWorkspace("apps:read"),
      request: { params: parameters },
      responses: { 200: jsonContent(dataOf(quotaSchema), "The quota"), ...problemResponses },
    }),
    async (c) => c.json({ data: await readQuota(c.get("ctx"), c.get("workspaceId")) }, 200),
  );
