import { and, asc, eq, gt } from "drizzle-orm";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import { openSecret, type SecretBinding, sealSecret } from "#platform/envelope";
import { notFound } from "#platform/errors";
import type { SealedTable } from "#platform/key-rotation";
import { type Page, type PageRequest, readCursor, toPage } from "#platform/pages";
import { auditLogs, workspaceSecrets } from "#platform/schema";

/** What a workflow may call a secret: `{{ secrets.name }}`. */
export const SECRET_NAME_PATTERN = /^[a-z][a-z0-9_]*$/;
/** Most bytes of a value, in UTF-8. */
export const SECRET_VALUE_BYTES = 16 * 1024;

/** A secret as members see it: everything but the value, which is never shown again. */
export interface Secret {
  readonly id: string;
  readonly name: string;
  readonly created_by: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

const columns = {
  id: workspaceSecrets.id,
  name: workspaceSecrets.name,
  createdBy: workspaceSecrets.createdBy,
  createdAt: workspaceSecrets.createdAt,
  updatedAt: workspaceSecrets.updatedAt,
};

function present(row: Pick<typeof workspaceSecrets.$inferSelect, keyof typeof columns>): Secret {
  return {
    id: row.id,
    name: row.name,
    created_by: row.createdBy,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}

/** Bound to the name, which is unique in the workspace and, unlike the row's id, known before the row exists. */
const bindingOf = (workspaceId: string, name: string): SecretBinding => ({
  workspaceId,
  resource: "workspace_secrets",
  id: name,
  field: "sealed_value",
});

/** Where the secrets stand, for the rotation of keys. */
export const sealedSecrets: SealedTable = {
  table: workspaceSecrets,
  id: workspaceSecrets.id,
  workspaceId: workspaceSecrets.workspaceId,
  boundTo: workspaceSecrets.name,
  keyVersion: workspaceSecrets.keyVersion,
  fields: [{ column: workspaceSecrets.sealedValue, bindingOf }],
};

export async function listSecrets(ctx: Context, workspaceId: string, page: PageRequest): Promise<Page<Secret>> {
  const after = readCursor(page.cursor);
  const rows = await ctx.db
    .select(columns)
    .from(workspaceSecrets)
    .where(and(eq(workspaceSecrets.workspaceId, workspaceId), after === undefined ? undefined : gt(workspaceSecrets.id, after)))
    .orderBy(asc(workspaceSecrets.id))
    .limit(page.limit + 1);
  return toPage(rows, page.limit, present);
}

/** Sets a secret: makes it, or replaces its value. */
export async function setSecret(
  ctx: Context,
  workspaceId: string,
  input: { readonly name: string; readonly value: string },
): Promise<Secret> {
  const { name, value } = input;
  const { sealed, keyVersion } = await sealSecret(ctx.env, value, bindingOf(workspaceId, name));
  const now = new Date(ctx.clock.now());
  const createdBy = ctx.actor.type === "user" ? ctx.actor.userId : null;
  const row = { id: ctx.newId("secret"), workspaceId, name, sealedValue: sealed, keyVersion, createdBy, createdAt: now, updatedAt: now };
  const audit = auditRow(ctx, { workspaceId, action: "secret.set", targetType: "secret", targetId: name });
  const [rows] = await ctx.db.batch([
    ctx.db
      .insert(workspaceSecrets)
      .values(row)
      .onConflictDoUpdate({
        target: [workspaceSecrets.workspaceId, workspaceSecrets.name],
        set: { sealedValue: sealed, keyVersion, updatedAt: now },
      })
      .returning(columns),
    ctx.db.insert(auditLogs).values(audit),
  ]);
  return present(rows[0] ?? row);
}

/** Removes a secret by its name. */
export async function deleteSecret(ctx: Context, workspaceId: string, name: string): Promise<void> {
  const named = and(eq(workspaceSecrets.workspaceId, workspaceId), eq(workspaceSecrets.name, name));
  await ctx.transaction(async (tx) => {
    const gone = await tx.delete(workspaceSecrets).where(named).returning({ id: workspaceSecrets.id });
    if (gone.length === 0) throw notFound("The secret");
    await tx.insert(auditLogs).values(auditRow(ctx, { workspaceId, action: "secret.deleted", targetType: "secret", targetId: name }));
  });
}

/** All secrets of a workspace, opened, for the nodes of a run. Never log or return them. */
export async function loadSecrets(ctx: Context, workspaceId: string): Promise<Record<string, string>> {
  const rows = await ctx.db
    .select({ name: workspaceSecrets.name, sealed: workspaceSecrets.sealedValue })
    .from(workspaceSecrets)
    .where(eq(workspaceSecrets.workspaceId, workspaceId));
  const opened = rows.map(async ({ name, sealed }) => [name, await openSecret(ctx.env, sealed, bindingOf(workspaceId, name))] as const);
  return Object.fromEntries(await Promise.all(opened));
}
