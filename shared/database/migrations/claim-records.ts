import { and, eq, sql } from "drizzle-orm";
import type { Context } from "#platform/context";
import type { Transaction } from "#platform/db";
import { apps, workspaceSchemas } from "#platform/schema";
import { type DbSchema, dbSchemaSchema } from "../schema/db-schema.ts";
import type { Claim } from "./claims.ts";

/** What the apps of a workspace claim of its database. */
export async function readClaims(ctx: Context, workspaceId: string): Promise<Claim[]> {
  const rows = await ctx.db
    .select({ appId: workspaceSchemas.appId, name: apps.name, schema: workspaceSchemas.schema })
    .from(workspaceSchemas)
    .innerJoin(apps, eq(apps.id, workspaceSchemas.appId))
    .where(eq(workspaceSchemas.workspaceId, workspaceId))
    .orderBy(workspaceSchemas.appId);
  return rows.map(({ appId, name, schema }) => ({ appId, name, schema: dbSchemaSchema.parse(schema) }));
}

/** Replaces what an app claims; the same again changes nothing. */
export async function writeClaim(ctx: Context, workspaceId: string, appId: string, schema: DbSchema): Promise<void> {
  const updatedAt = new Date(ctx.clock.now());
  await ctx.db
    .insert(workspaceSchemas)
    .values({ appId, workspaceId, schema, updatedAt })
    .onConflictDoUpdate({
      target: workspaceSchemas.appId,
      set: { schema, updatedAt, version: sql`${workspaceSchemas.version} + 1` },
      setWhere: sql`${workspaceSchemas.schema} IS DISTINCT FROM excluded.schema`,
    });
}

/** Gives up what an app claims. Its tables stay as they are; they are nobody's then. */
export async function dropClaim(tx: Transaction, workspaceId: string, appId: string): Promise<void> {
  await tx.delete(workspaceSchemas).where(and(eq(workspaceSchemas.workspaceId, workspaceId), eq(workspaceSchemas.appId, appId)));
}
