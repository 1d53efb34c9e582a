import { createRoute, z } from "@hono/zod-openapi";
import { migrateDatabase } from "#app";
import { DATABASE_PROVIDERS, ensureDatabase, getDatabase, readPoolMetrics, rotateCredentials } from "#database";
import type { Context } from "#platform/context";
import { notFound } from "#platform/errors";
import { inWorkspace } from "./access.ts";
import { createRouter, dataOf, jsonBody, jsonContent, optionalBody, problemResponses } from "./router.ts";
import { confirmSchema, schemaPlanSchema } from "./schema-plan.ts";

const tags = ["Database"];
const parameters = z.object({ id: z.string() });

const providerSchema = z.enum(DATABASE_PROVIDERS);

const databaseSchema = z
  .object({
    provider: providerSchema,
    engine: z.enum(["postgres", "mysql"]),
    name: z.string(),
    status: z.enum(["provisioning", "ready", "failed", "suspended", "deleted"]),
    step: z
      .enum(["create", "roles", "verify", "store"])
      .nullable()
      .openapi({ description: "what is being done while the database is made" }),
    region: z.string(),
    error: z.string().nullable(),
    storage: z
      .object({ bytes: z.number().nullable(), limit: z.number().nullable(), measured_at: z.string().nullable() })
      .openapi({ description: "bytes of its tables as last measured, and those that the plan allows; a limit of null is none" }),
    created_at: z.string(),
  })
  .openapi("WorkspaceDatabase");

const newDatabaseSchema = z.strictObject({
  provider: providerSchema.optional().openapi({ description: "where the database is made; without it, where this deployment makes them" }),
});

const migrationSchema = z.strictObject({
  app_id: z.string(),
  confirm: confirmSchema,
  dry_run: z.boolean().default(false).openapi({ description: "Only says what would be done" }),
});

const durations = z.object({ mean: z.number(), max: z.number() });

const metricsSchema = z
  .object({
    since: z.string(),
    size: z.number().openapi({ description: "operations that may run at once" }),
    running: z.number(),
    waiting: z.number(),
    succeeded: z.number(),
    failed: z.record(z.string(), z.number()).openapi({ description: "by the code of what went wrong" }),
    wait_ms: durations,
    run_ms: durations,
  })
  .openapi("DatabaseMetrics");

export const databaseRouter = createRouter()
  .openapi(
    createRoute({
      method: "get",
      path: "/workspaces/{id}/database/metrics",
      tags,
      summary: "What has gone through the pool of the database",
      description: "Counted since the pool was begun; one that was idle for a while begins anew.",
      ...inWorkspace("database:read"),
      request: { params: parameters },
      responses: { 200: jsonContent(dataOf(metricsSchema), "The counts"), ...problemResponses },
    }),
    async (c) => {
      const { failed, ...counts } = await readPoolMetrics(c.get("ctx"), c.get("workspaceId"));
      return c.json({ data: { ...counts, failed: { ...failed } } }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/workspaces/{id}/database",
      tags,
      summary: "The workspace's own database",
      ...inWorkspace("database:read"),
      request: { params: parameters },
      responses: { 200: jsonContent(dataOf(databaseSchema), "The database"), ...problemResponses },
    }),
    async (c) => c.json({ data: await requireDatabase(c.get("ctx"), c.get("workspaceId")) }, 200),
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/workspaces/{id}/database",
      tags,
      summary: "Make the workspace's database, or finish making it",
      ...inWorkspace("database:manage"),
      request: { params: parameters, body: optionalBody(newDatabaseSchema) },
      responses: { 200: jsonContent(dataOf(databaseSchema), "The database"), ...problemResponses },
    }),
    async (c) => {
      await ensureDatabase(c.get("ctx"), c.get("workspaceId"), c.req.valid("json")?.provider);
      return c.json({ data: await requireDatabase(c.get("ctx"), c.get("workspaceId")) }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/workspaces/{id}/database/rotate-credentials",
      tags,
      summary: "Give the database's roles new credentials",
      description:
        "Statements that are under way end with the old credentials; those are refused afterwards. Repeating goes on with what was begun.",
      ...inWorkspace("database:manage"),
      request: { params: parameters },
      responses: { 200: jsonContent(dataOf(databaseSchema), "The database"), ...problemResponses },
    }),
    async (c) => {
      await rotateCredentials(c.get("ctx"), c.get("workspaceId"));
      return c.json({ data: await requireDatabase(c.get("ctx"), c.get("workspaceId")) }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/workspaces/{id}/database/migrate",
      tags,
      summary: "Bring the database to what an app's live version declares",
      description: "As publishing the version does; with dry_run, only says what would be done. Repeating it changes nothing.",
      ...inWorkspace("apps:publish"),
      request: { params: parameters, body: jsonBody(migrationSchema) },
      responses: { 200: jsonContent(dataOf(schemaPlanSchema), "What was done, or would be"), ...problemResponses },
    }),
    async (c) => {
      const { app_id, confirm, dry_run } = c.req.valid("json");
      const { hash, steps } = await migrateDatabase(c.get("ctx"), c.get("workspaceId"), app_id, { confirm, dryRun: dry_run });
      return c.json({ data: { hash, steps: [...steps] } }, 200);
    },
  );

async function requireDatabase(ctx: Context, workspaceId: string) {
  const database = await getDatabase(ctx, workspaceId);
  if (!database) throw notFound("The workspace's database");
  return database;
}
