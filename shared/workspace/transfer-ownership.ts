import { and, eq } from "drizzle-orm";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import type { Transaction } from "#platform/db";
import { AppError, notFound } from "#platform/errors";
import { auditLogs, workspaceMembers, workspaceRoles, workspaces } from "#platform/schema";
import { findMember } from "./members.ts";
import type { SystemRoleName } from "./permissions.ts";
import { lockWorkspace } from "./workspace-lock.ts";
import { getWorkspace, type Workspace } from "./workspaces.ts";

/** Makes another member the owner; the one before becomes an admin. Only the owner can do it. */
export async function transferOwnership(ctx: Context, workspaceId: string, memberId: string): Promise<Workspace> {
  await ctx.transaction(async (tx) => {
    const { ownerUserId } = await lockWorkspace(tx, workspaceId);
    if (ctx.actor.type !== "user" || ctx.actor.userId !== ownerUserId)
      throw new AppError("forbidden", "Only the owner can transfer the ownership.");
    const member = await findMember(tx, workspaceId, memberId);
    if (member.userId === ownerUserId) throw new AppError("conflict", "This member is the owner already.");
    const updatedAt = new Date(ctx.clock.now());
    await setRole(tx, workspaceId, ownerUserId, "admin", updatedAt);
    await setRole(tx, workspaceId, member.userId, "owner", updatedAt);
    // The new owner has a default workspace already, or will get one.
    await tx.update(workspaces).set({ ownerUserId: member.userId, isDefault: false, updatedAt }).where(eq(workspaces.id, workspaceId));
    const audit = auditRow(ctx, {
      workspaceId,
      action: "workspace.ownership_transferred",
      targetType: "workspace",
      targetId: workspaceId,
      before: { owner_user_id: ownerUserId },
      after: { owner_user_id: member.userId },
    });
    await tx.insert(auditLogs).values(audit);
  });
  return getWorkspace(ctx, workspaceId);
}

async function setRole(tx: Transaction, workspaceId: string, userId: string, name: SystemRoleName, updatedAt: Date): Promise<void> {
  const [role] = await tx
    .select({ id: workspaceRoles.id })
    .from(workspaceRoles)
    .where(and(eq(workspaceRoles.workspaceId, workspaceId), eq(workspaceRoles.name, name), eq(workspaceRoles.isSystem, true)));
  if (!role) throw notFound("The role");
  await tx
    .update(workspaceMembers)
    .set({ roleId: role.id, updatedAt })
    .where(and(eq(workspaceMembers.workspaceId, workspaceId), eq(workspaceMembers.userId, userId)));
}
