import { and, eq, isNull, sql } from "drizzle-orm";
import type { Context } from "#platform/context";
import { openSecret, type SecretBinding, sealSecret } from "#platform/envelope";
import { AppError } from "#platform/errors";
import type { SealedTable } from "#platform/key-rotation";
import { workspaceDatabases } from "#platform/schema";
import type { DatabaseRole } from "./provider.ts";

type DatabaseRow = typeof workspaceDatabases.$inferSelect;

/** Strength of a generated password, in bytes. */
const PASSWORD_BYTES = 32;

const binding = (workspaceId: string, role: DatabaseRole): SecretBinding => ({
  workspaceId,
  resource: "workspace_databases",
  id: workspaceId,
  field: `sealed_${role}`,
});

/**
 * Where the passwords stand, for the rotation of keys. It changes how they are wrapped, not what they are: pools that hold
 * them go on, and no revision is raised.
 */
export const sealedCredentials: SealedTable = {
  table: workspaceDatabases,
  id: workspaceDatabases.workspaceId,
  workspaceId: workspaceDatabases.workspaceId,
  boundTo: workspaceDatabases.workspaceId,
  keyVersion: workspaceDatabases.keyVersion,
  fields: [
    { column: workspaceDatabases.sealedOwner, bindingOf: (workspaceId) => binding(workspaceId, "owner") },
    { column: workspaceDatabases.sealedRuntime, bindingOf: (workspaceId) => binding(workspaceId, "runtime") },
  ],
};

/** Hexadecimal, so that it needs no quoting anywhere. */
function newPassword(ctx: Context): string {
  return Array.from(ctx.random.bytes(PASSWORD_BYTES), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export async function readDatabaseRow(ctx: Context, workspaceId: string): Promise<DatabaseRow | undefined> {
  const [row] = await ctx.db.select().from(workspaceDatabases).where(eq(workspaceDatabases.workspaceId, workspaceId));
  return row;
}

async function openPassword(ctx: Context, row: DatabaseRow, role: DatabaseRole): Promise<string> {
  const sealed = role === "owner" ? row.sealedOwner : row.sealedRuntime;
  if (sealed === null) throw new AppError("invalid_state", "The workspace's database is not ready yet.");
  return openSecret(ctx.env, sealed, binding(row.workspaceId, role));
}

/** The password of one role of a database that is ready. Throws invalid_state when it is not. */
export async function readPassword(
  ctx: Context,
  workspaceId: string,
  role: DatabaseRole,
): Promise<{ readonly name: string; readonly password: string; readonly revision: number }> {
  const row = await readDatabaseRow(ctx, workspaceId);
  if (!row) throw new AppError("invalid_state", "The workspace has no database yet: publishing an app with a db_schema makes it.");
  if (row.status !== "ready") throw new AppError("invalid_state", `The workspace's database is not ready: it is ${row.status}.`);
  return { name: row.name, password: await openPassword(ctx, row, role), revision: row.credentialsRevision };
}

/**
 * The passwords that a database is to be made with: kept, sealed, before any server hears of them, so that whoever resumes
 * after a crash goes on with the same ones. Of two that begin at once, the first decides.
 */
export async function reservePasswords(ctx: Context, workspaceId: string): Promise<Readonly<Record<DatabaseRole, string>>> {
  const [owner, runtime] = await Promise.all([
    sealSecret(ctx.env, newPassword(ctx), binding(workspaceId, "owner")),
    sealSecret(ctx.env, newPassword(ctx), binding(workspaceId, "runtime")),
  ]);
  await ctx.db
    .update(workspaceDatabases)
    .set({
      sealedOwner: owner.sealed,
      sealedRuntime: runtime.sealed,
      keyVersion: owner.keyVersion,
      credentialsRevision: sql`${workspaceDatabases.credentialsRevision} + 1`,
      updatedAt: new Date(ctx.clock.now()),
    })
    .where(and(eq(workspaceDatabases.workspaceId, workspaceId), isNull(workspaceDatabases.sealedOwner)));
  const row = await readDatabaseRow(ctx, workspaceId);
  if (!row) throw new AppError("invalid_state", "The workspace has no database to be made.");
  const [ownerPassword, runtimePassword] = await Promise.all([openPassword(ctx, row, "owner"), openPassword(ctx, row, "runtime")]);
  return { owner: ownerPassword, runtime: runtimePassword };
}
