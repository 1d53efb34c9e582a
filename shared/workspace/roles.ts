import { and, asc, count, eq, gt, isNull } from "drizzle-orm";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import type { Transaction } from "#platform/db";
import { AppError, notFound, validationFailed } from "#platform/errors";
import { isId } from "#platform/ids";
import { type Page, type PageRequest, readCursor, toPage } from "#platform/pages";
import { auditLogs, workspaceInvitations, workspaceMembers, workspaceRoles } from "#platform/schema";
import { findStanding, requireGrantable } from "./authorize.ts";
import { type Permission, permissionsOfRole } from "./permissions.ts";
import { violatedConstraint } from "./unique-violation.ts";
import { lockWorkspace } from "./workspace-lock.ts";

export interface Role {
  readonly id: string;
  readonly name: string;
  readonly is_system: boolean;
  readonly permissions: Permission[];
  readonly created_at: string;
  readonly updated_at: string;
}

export type RoleRow = typeof workspaceRoles.$inferSelect;

function present(row: RoleRow): Role {
  return {
    id: row.id,
    name: row.name,
    is_system: row.isSystem,
    permissions: [...permissionsOfRole(row)],
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}

const inWorkspace = (workspaceId: string, roleId: string) =>
  and(eq(workspaceRoles.workspaceId, workspaceId), eq(workspaceRoles.id, roleId));

export async function listRoles(ctx: Context, workspaceId: string, page: PageRequest): Promise<Page<Role>> {
  const after = readCursor(page.cursor);
  const rows = await ctx.db
    .select()
    .from(workspaceRoles)
    .where(and(eq(workspaceRoles.workspaceId, workspaceId), after === undefined ? undefined : gt(workspaceRoles.id, after)))
    .orderBy(asc(workspaceRoles.id))
    .limit(page.limit + 1);
  return toPage(rows, page.limit, present);
}

/** The role that a request names in its body. @throws `validation_failed` when the workspace has none of this id */
export async function findNamedRole(tx: Transaction, workspaceId: string, roleId: string): Promise<RoleRow> {
  const [row] = isId("role", roleId) ? await tx.select().from(workspaceRoles).where(inWorkspace(workspaceId, roleId)) : [];
  if (row) return row;
  throw validationFailed([{ path: "role_id", code: "unknown_role", message: "Use the id of one of this workspace's roles." }]);
}

/** Refuses to hand out the owner's role: there is one owner, who changes by a transfer. */
export function requireAssignable(role: RoleRow): void {
  if (role.isSystem && role.name === "owner")
    throw validationFailed([{ path: "role_id", code: "owner_role", message: "The owner changes only by transferring the ownership." }]);
}

export interface RoleInput {
  readonly name: string;
  readonly permissions: readonly Permission[];
}

export async function createRole(ctx: Context, workspaceId: string, input: RoleInput): Promise<Role> {
  requireGrantable(await findStanding(ctx, workspaceId), input.permissions);
  const now = new Date(ctx.clock.now());
  const permissions = [...new Set(input.permissions)];
  const row = { id: ctx.newId("role"), workspaceId, name: input.name, isSystem: false, permissions, createdAt: now, updatedAt: now };
  const audit = auditRow(ctx, {
    workspaceId,
    action: "role.created",
    targetType: "role",
    targetId: row.id,
    after: { name: row.name, permissions },
  });
  await refuseTakenName(input.name, () =>
    ctx.db.batch([ctx.db.insert(workspaceRoles).values(row), ctx.db.insert(auditLogs).values(audit)]),
  );
  return present(row);
}

export async function updateRole(ctx: Context, workspaceId: string, roleId: string, patch: Partial<RoleInput>): Promise<Role> {
  if (patch.permissions) requireGrantable(await findStanding(ctx, workspaceId), patch.permissions);
  const update = (tx: Transaction) => updateLocked(ctx, tx, workspaceId, roleId, patch);
  return refuseTakenName(patch.name ?? "", () => ctx.transaction(update));
}

async function updateLocked(ctx: Context, tx: Transaction, workspaceId: string, roleId: string, patch: Partial<RoleInput>): Promise<Role> {
  await lockWorkspace(tx, workspaceId);
  const before = await findCustomRole(tx, workspaceId, roleId);
  const after = {
    ...before,
    name: patch.name ?? before.name,
    permissions: [...new Set(patch.permissions ?? before.permissions)],
    updatedAt: new Date(ctx.clock.now()),
  };
  const audit = auditRow(ctx, {
    workspaceId,
    action: "role.updated",
    targetType: "role",
    targetId: roleId,
    before: { name: before.name, permissions: before.permissions },
    after: { name: after.name, permissions: after.permissions },
  });
  await tx
    .update(workspaceRoles)
    .set({ name: after.name, permissions: after.permissions, updatedAt: after.updatedAt })
    .where(inWorkspace(workspaceId, roleId));
  await tx.insert(auditLogs).values(audit);
  return present(after);
}

/** Removes a custom role that nobody has and nobody was invited to. */
export async function deleteRole(ctx: Context, workspaceId: string, roleId: string): Promise<void> {
  await ctx.transaction(async (tx) => {
    await lockWorkspace(tx, workspaceId);
    const role = await findCustomRole(tx, workspaceId, roleId);
    const [members] = await tx.select({ n: count() }).from(workspaceMembers).where(eq(workspaceMembers.roleId, roleId));
    const [invited] = await tx
      .select({ n: count() })
      .from(workspaceInvitations)
      .where(
        and(
          eq(workspaceInvitations.roleId, roleId),
          isNull(workspaceInvitations.acceptedAt),
          gt(workspaceInvitations.expiresAt, new Date(ctx.clock.now())),
        ),
      );
    if ((members?.n ?? 0) + (invited?.n ?? 0) > 0)
      throw new AppError("conflict", "Members or open invitations have this role. Give them another one first.");
    const audit = auditRow(ctx, {
      workspaceId,
      action: "role.deleted",
      targetType: "role",
      targetId: roleId,
      before: { name: role.name, permissions: role.permissions },
    });
    // What is left are used and expired invitations.
    await tx.delete(workspaceInvitations).where(eq(workspaceInvitations.roleId, roleId));
    await tx.delete(workspaceRoles).where(inWorkspace(workspaceId, roleId));
    await tx.insert(auditLogs).values(audit);
  });
}

async function findCustomRole(tx: Transaction, workspaceId: string, roleId: string): Promise<RoleRow> {
  const [row] = isId("role", roleId) ? await tx.select().from(workspaceRoles).where(inWorkspace(workspaceId, roleId)) : [];
  if (!row) throw notFound("The role");
  if (row.isSystem) throw new AppError("invalid_state", "System roles cannot be changed. Make a role of your own.");
  return row;
}

async function refuseTakenName<T>(name: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (violatedConstraint(error) === "workspace_roles_name_key")
      throw new AppError("conflict", `There is a role named "${name}" already.`);
    throw error;
  }
}
