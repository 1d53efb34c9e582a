import { createRoute, z } from "@hono/zod-openapi";
import { activateDomain, renewCertificate, rollBackDomain, verifyDomain } from "#domain";
import { inApp } from "./app-access.ts";
import { domainParameters, domainSchema } from "./domain-schema.ts";
import { createRouter, dataOf, jsonContent, optionalBody, problemResponses } from "./router.ts";

const tags = ["Domains"];
const responses = { 200: jsonContent(dataOf(domainSchema), "The hostname"), ...problemResponses };

const activationSchema = z
  .strictObject({
    app_id: z.string().optional().openapi({ description: "Another app of the workspace; without it, the one that it leads to" }),
    version_id: z.string().nullable().optional().openapi({ description: "A version of that app; null: whichever it publishes" }),
  })
  .openapi("DomainActivation");

/** What is done to a custom hostname. */
export const domainActionsRouter = createRouter()
  .openapi(
    createRoute({
      method: "post",
      path: "/apps/{id}/domains/{domain_id}/verify",
      tags,
      summary: "Check a custom hostname now, and begin its checks anew",
      description: "Answers 429 within five seconds of another check.",
      ...inApp("domains:manage"),
      request: { params: domainParameters },
      responses,
    }),
    async (c) => {
      const { id, domain_id } = c.req.valid("param");
      return c.json({ data: await verifyDomain(c.get("ctx"), c.get("workspaceId"), id, domain_id) }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/apps/{id}/domains/{domain_id}/activate",
      tags,
      summary: "Lead a custom hostname to another app or to one version, or put it back into service",
      ...inApp("domains:manage"),
      request: { params: domainParameters, body: optionalBody(activationSchema) },
      responses,
    }),
    async (c) => {
      const { id, domain_id } = c.req.valid("param");
      const { app_id: appId, version_id: versionId } = c.req.valid("json");
      return c.json({ data: await activateDomain(c.get("ctx"), c.get("workspaceId"), id, domain_id, { appId, versionId }) }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/apps/{id}/domains/{domain_id}/rollback",
      tags,
      summary: "Undo the last switch of a custom hostname, or take it out of service",
      ...inApp("domains:manage"),
      request: { params: domainParameters },
      responses,
    }),
    async (c) => {
      const { id, domain_id } = c.req.valid("param");
      return c.json({ data: await rollBackDomain(c.get("ctx"), c.get("workspaceId"), id, domain_id) }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/apps/{id}/domains/{domain_id}/certificate/renew",
      tags,
      summary: "Have the certificate of a custom hostname validated and issued anew",
      ...inApp("domains:manage"),
      request: { params: domainParameters },
      responses,
    }),
    async (c) => {
      const { id, domain_id } = c.req.valid("param");
      return c.json({ data: await renewCertificate(c.get("ctx"), c.get("workspaceId"), id, domain_id) }, 200);
    },
  );
