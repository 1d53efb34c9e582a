import { and, eq, isNull, sql } from "drizzle-orm";
import { z } from "zod";
import type { Context } from "#platform/context";
import { openSecret, type SecretBinding, sealSecret } from "#platform/envelope";
import { AppError } from "#platform/errors";
import type { SealedTable } from "#platform/key-rotation";
import { workspaceDatabases } from "#platform/schema";
import type { DatabaseRole, DatabaseTarget, Entry } from "../providers/provider.ts";

export type DatabaseRow = typeof workspaceDatabases.$inferSelect;

type SealedField = "sealed_owner" | "sealed_runtime" | "sealed_draft";

/** Strength of a generated password, in bytes. */
const PASSWORD_BYTES = 32;

const storedEntrySchema = z.object({
  generation: z.number().int().min(1),
  username: z.string(),
  password: z.string(),
  host: z.string().nullable(),
});
/** How a role enters, and which generation of its entries that is. */
export type StoredEntry = z.infer<typeof storedEntrySchema>;

const draftSchema = z.object({ generation: z.number().int().min(1), owner: z.string(), runtime: z.string() });
/** The passwords that the next entries of both roles are to have. */
export type CredentialsDraft = z.infer<typeof draftSchema>;

const binding = (workspaceId: string, field: SealedField): SecretBinding => ({
  workspaceId,
  resource: "workspace_databases",
  id: workspaceId,
  field,
});

/**
 * Where the credentials stand, for the rotation of keys. It changes how they are wrapped, not what they are: pools that hold
 * them go on, and no revision is raised.
 */
export const sealedCredentials: SealedTable = {
  table: workspaceDatabases,
  id: workspaceDatabases.workspaceId,
  workspaceId: workspaceDatabases.workspaceId,
  boundTo: workspaceDatabases.workspaceId,
  keyVersion: workspaceDatabases.keyVersion,
  fields: [
    { column: workspaceDatabases.sealedOwner, bindingOf: (workspaceId) => binding(workspaceId, "sealed_owner") },
    { column: workspaceDatabases.sealedRuntime, bindingOf: (workspaceId) => binding(workspaceId, "sealed_runtime") },
    { column: workspaceDatabases.sealedDraft, bindingOf: (workspaceId) => binding(workspaceId, "sealed_draft") },
  ],
};

/** Hexadecimal, so that it needs no quoting anywhere. */
function newPassword(ctx: Context): string {
  return Array.from(ctx.random.bytes(PASSWORD_BYTES), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const isOf = (workspaceId: string) => eq(workspaceDatabases.workspaceId, workspaceId);
const now = (ctx: Context) => new Date(ctx.clock.now());

export async function readDatabaseRow(ctx: Context, workspaceId: string): Promise<DatabaseRow | undefined> {
  const [row] = await ctx.db.select().from(workspaceDatabases).where(isOf(workspaceId));
  return row;
}

/** The row of a database that is ready. Throws invalid_state when there is none or it is not. */
export async function readReadyRow(ctx: Context, workspaceId: string): Promise<DatabaseRow> {
  const row = await readDatabaseRow(ctx, workspaceId);
  if (!row) throw new AppError("invalid_state", "The workspace has no database yet: publishing an app with a db_schema makes it.");
  if (row.status !== "ready") throw new AppError("invalid_state", `The workspace's database is not ready: it is ${row.status}.`);
  return row;
}

/** The row of a database that holds what members put into it, also while nobody may enter. Throws invalid_state for others. */
export async function readKeptRow(ctx: Context, workspaceId: string): Promise<DatabaseRow> {
  const row = await readDatabaseRow(ctx, workspaceId);
  return row?.status === "suspended" ? row : readReadyRow(ctx, workspaceId);
}

/** What a database's provider knows it by. */
export const targetOf = ({ name, region, reference }: DatabaseRow): DatabaseTarget => ({ name, region, reference });

/** How a role enters. Throws invalid_state before the database was first ready. */
export async function openEntry(ctx: Context, row: DatabaseRow, role: DatabaseRole): Promise<StoredEntry> {
  const sealed = role === "owner" ? row.sealedOwner : row.sealedRuntime;
  if (sealed === null) throw new AppError("invalid_state", "The workspace's database is not ready yet.");
  const text = await openSecret(ctx.env, sealed, binding(row.workspaceId, `sealed_${role}`));
  return storedEntrySchema.parse(JSON.parse(text));
}

async function openDraft(ctx: Context, row: DatabaseRow): Promise<CredentialsDraft | null> {
  if (row.sealedDraft === null) return null;
  return draftSchema.parse(JSON.parse(await openSecret(ctx.env, row.sealedDraft, binding(row.workspaceId, "sealed_draft"))));
}

/**
 * The passwords of the next generation: kept, sealed, before any server hears of them, so that whoever resumes after a crash
 * goes on with the same ones. Of two that begin at once, the first decides.
 */
export async function reserveDraft(ctx: Context, row: DatabaseRow): Promise<CredentialsDraft> {
  const begun = await openDraft(ctx, row);
  if (begun) return begun;
  const generation = row.sealedRuntime === null ? 1 : (await openEntry(ctx, row, "runtime")).generation + 1;
  const draft: CredentialsDraft = { generation, owner: newPassword(ctx), runtime: newPassword(ctx) };
  const { sealed, keyVersion } = await sealSecret(ctx.env, JSON.stringify(draft), binding(row.workspaceId, "sealed_draft"));
  // One version stands for all that the row holds: the oldest, so that what is left to re-wrap is found.
  const version = row.keyVersion === null ? keyVersion : Math.min(row.keyVersion, keyVersion);
  await ctx.db
    .update(workspaceDatabases)
    .set({ sealedDraft: sealed, keyVersion: version, updatedAt: now(ctx) })
    .where(and(isOf(row.workspaceId), isNull(workspaceDatabases.sealedDraft)));
  const fresh = await readDatabaseRow(ctx, row.workspaceId);
  const kept = fresh && (await openDraft(ctx, fresh));
  if (!kept) throw new AppError("invalid_state", "The workspace's database was changed meanwhile.");
  return kept;
}

export type NewEntries = Readonly<Record<DatabaseRole, Entry>>;

/** Keeps both roles' entries of a generation, and makes the database ready. Does nothing where a newer generation is kept. */
export async function storeEntries(ctx: Context, row: DatabaseRow, generation: number, entries: NewEntries): Promise<void> {
  const seal = (role: DatabaseRole) =>
    sealSecret(ctx.env, JSON.stringify({ generation, ...entries[role] }), binding(row.workspaceId, `sealed_${role}`));
  const [owner, runtime] = await Promise.all([seal("owner"), seal("runtime")]);
  await ctx.db
    .update(workspaceDatabases)
    .set({
      sealedOwner: owner.sealed,
      sealedRuntime: runtime.sealed,
      keyVersion: Math.min(owner.keyVersion, row.keyVersion ?? owner.keyVersion),
      credentialsRevision: sql`${workspaceDatabases.credentialsRevision} + 1`,
      updatedAt: now(ctx),
    })
    .where(and(isOf(row.workspaceId), eq(workspaceDatabases.credentialsRevision, row.credentialsRevision)));
}

/** The change of credentials is over: only the new entries open anything. */
export async function dropDraft(ctx: Context, workspaceId: string): Promise<void> {
  await ctx.db
    .update(workspaceDatabases)
    .set({ sealedDraft: null, updatedAt: now(ctx) })
    .where(isOf(workspaceId));
}
