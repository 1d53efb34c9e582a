import { createRoute, z } from "@hono/zod-openapi";
import {
  createTrigger,
  deleteTrigger,
  getTrigger,
  listTriggers,
  newTriggerSchema,
  rotateSigningSecret,
  rotateTriggerSecret,
  signingSecret,
  triggerChangesSchema,
  updateTrigger,
} from "#app";
import { pageQuerySchema } from "#platform/pages";
import { TRIGGER_TYPES } from "#platform/schema";
import { inApp } from "./app-access.ts";
import { createRouter, dataOf, jsonBody, jsonContent, pageOf, problemResponses } from "./router.ts";

const tags = ["Triggers"];
const parameters = z.object({ id: z.string() });
const one = z.object({ id: z.string(), trigger_id: z.string() });

const triggerSchema = z
  .object({
    id: z.string(),
    app_id: z.string(),
    type: z.enum(TRIGGER_TYPES),
    name: z.string(),
    enabled: z.boolean(),
    config: z.any().openapi({ description: "By type: cron, timezone, missed, inputs; mode, inputs; or app, on, inputs" }),
    url: z.string().nullable().openapi({ description: "Where a webhook is sent to, signed as Standard Webhooks says" }),
    next_fire_at: z.string().nullable(),
    last_fired_at: z.string().nullable(),
    created_at: z.string(),
    updated_at: z.string(),
  })
  .openapi("Trigger");

const newTriggerAnswer = triggerSchema
  .extend({ secret: z.string().optional().openapi({ description: "Signs what is sent to a webhook; shown this once" }) })
  .openapi("NewTriggerAnswer");

const secretSchema = z.object({ secret: z.string().openapi({ description: "Signs the app's callbacks (Standard Webhooks)" }) });

export const triggersRouter = createRouter()
  .openapi(
    createRoute({
      method: "get",
      path: "/apps/{id}/triggers",
      tags,
      summary: "What starts an app by itself, oldest first",
      ...inApp("apps:read"),
      request: { params: parameters, query: pageQuerySchema },
      responses: { 200: jsonContent(pageOf(triggerSchema), "A page of triggers"), ...problemResponses },
    }),
    async (c) => c.json(await listTriggers(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").id, c.req.valid("query")), 200),
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/apps/{id}/triggers",
      tags,
      summary: "Start an app by a schedule, a webhook or the end of another app's runs",
      ...inApp("apps:edit"),
      request: { params: parameters, body: jsonBody(newTriggerSchema) },
      responses: { 201: jsonContent(dataOf(newTriggerAnswer), "The new trigger"), ...problemResponses },
    }),
    async (c) => {
      const data = await createTrigger(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").id, c.req.valid("json"));
      return c.json({ data }, 201);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/apps/{id}/triggers/{trigger_id}",
      tags,
      summary: "A trigger",
      ...inApp("apps:read"),
      request: { params: one },
      responses: { 200: jsonContent(dataOf(triggerSchema), "The trigger"), ...problemResponses },
    }),
    async (c) => {
      const { id, trigger_id } = c.req.valid("param");
      return c.json({ data: await getTrigger(c.get("ctx"), c.get("workspaceId"), id, trigger_id) }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "patch",
      path: "/apps/{id}/triggers/{trigger_id}",
      tags,
      summary: "Change a trigger, or switch it on or off",
      ...inApp("apps:edit"),
      request: { params: one, body: jsonBody(triggerChangesSchema) },
      responses: { 200: jsonContent(dataOf(triggerSchema), "The trigger"), ...problemResponses },
    }),
    async (c) => {
      const { id, trigger_id } = c.req.valid("param");
      return c.json({ data: await updateTrigger(c.get("ctx"), c.get("workspaceId"), id, trigger_id, c.req.valid("json")) }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "delete",
      path: "/apps/{id}/triggers/{trigger_id}",
      tags,
      summary: "Remove a trigger",
      ...inApp("apps:edit"),
      request: { params: one },
      responses: { 204: { description: "It is gone" }, ...problemResponses },
    }),
    async (c) => {
      const { id, trigger_id } = c.req.valid("param");
      await deleteTrigger(c.get("ctx"), c.get("workspaceId"), id, trigger_id);
      return c.body(null, 204);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/apps/{id}/triggers/{trigger_id}/rotate-secret",
      tags,
      summary: "Give a webhook another secret; the old one is void at once",
      ...inApp("apps:edit"),
      request: { params: one },
      responses: { 200: jsonContent(dataOf(newTriggerAnswer), "The trigger and its new secret"), ...problemResponses },
    }),
    async (c) => {
      const { id, trigger_id } = c.req.valid("param");
      return c.json({ data: await rotateTriggerSecret(c.get("ctx"), c.get("workspaceId"), id, trigger_id) }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/apps/{id}/signing-secret",
      tags,
      summary: "The secret that signs the app's callbacks",
      ...inApp("apps:edit"),
      request: { params: parameters },
      responses: { 200: jsonContent(dataOf(secretSchema), "The secret"), ...problemResponses },
    }),
    async (c) => c.json({ data: { secret: await signingSecret(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").id) } }, 200),
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/apps/{id}/signing-secret/rotate",
      tags,
      summary: "Give the app's callbacks another secret",
      ...inApp("apps:edit"),
      request: { params: parameters },
      responses: { 200: jsonContent(dataOf(secretSchema), "The new secret"), ...problemResponses },
    }),
    async (c) => c.json({ data: { secret: await rotateSigningSecret(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").id) } }, 200),
  );
