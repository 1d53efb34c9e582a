import { and, asc, eq, gt } from "drizzle-orm";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import type { Transaction } from "#platform/db";
import { AppError, notFound } from "#platform/errors";
import { isId } from "#platform/ids";
import { type Page, type PageRequest, readCursor, toPage } from "#platform/pages";
import { auditLogs, users, workspaceMembers, workspaceRoles } from "#platform/schema";
import { findStanding, requireGrantable } from "./authorize.ts";
import { permissionsOfRole } from "./permissions.ts";
import { findNamedRole, type RoleRow, requireAssignable } from "./roles.ts";
import { lockWorkspace } from "./workspace-lock.ts";

export interface Member {
  readonly id: string;
  readonly user_id: string;
  readonly name: string;
  readonly email: string;
  readonly role_id: string;
  readonly role: string;
  readonly created_at: string;
}

interface MemberRow {
  readonly id: string;
  readonly userId: string;
  readonly name: string;
  readonly email: string;
  readonly role: RoleRow;
  readonly createdAt: Date;
}

const columns = {
  id: workspaceMembers.id,
  userId: workspaceMembers.userId,
  name: users.name,
  email: users.email,
  role: workspaceRoles,
  createdAt: workspaceMembers.createdAt,
};

function present(row: MemberRow): Member {
  return {
    id: row.id,
    user_id: row.userId,
    name: row.name,
    email: row.email,
    role_id: row.role.id,
    role: row.role.name,
    created_at: row.createdAt.toISOString(),
  };
}

export async function listMembers(ctx: Context, workspaceId: string, page: PageRequest): Promise<Page<Member>> {
  const after = readCursor(page.cursor);
  const rows = await ctx.db
    .select(columns)
    .from(workspaceMembers)
    .innerJoin(users, eq(users.id, workspaceMembers.userId))
    .innerJoin(workspaceRoles, eq(workspaceRoles.id, workspaceMembers.roleId))
    .where(and(eq(workspaceMembers.workspaceId, workspaceId), after === undefined ? undefined : gt(workspaceMembers.id, after)))
    .orderBy(asc(workspaceMembers.id))
    .limit(page.limit + 1);
  return toPage(rows, page.limit, present);
}

/** The caller as a member of the workspace; `null` for API keys, and for users who are not in it. */
export async function ownMembership(ctx: Context, workspaceId: string): Promise<Member | null> {
  const { actor } = ctx;
  if (actor.type !== "user") return null;
  const [row] = await ctx.db
    .select(columns)
    .from(workspaceMembers)
    .innerJoin(users, eq(users.id, workspaceMembers.userId))
    .innerJoin(workspaceRoles, eq(workspaceRoles.id, workspaceMembers.roleId))
    .where(and(eq(workspaceMembers.workspaceId, workspaceId), eq(workspaceMembers.userId, actor.userId)));
  return row ? present(row) : null;
}

/** Ids of the workspaces that the caller belongs to: a user's memberships, a key's own. */
export async function ownWorkspaces(ctx: Context): Promise<string[]> {
  const { actor } = ctx;
  if (actor.type === "api_key") return [actor.workspaceId];
  if (actor.type !== "user") return [];
  const rows = await ctx.db
    .select({ id: workspaceMembers.workspaceId })
    .from(workspaceMembers)
    .where(eq(workspaceMembers.userId, actor.userId));
  return rows.map(({ id }) => id);
}

/**
 * Finds a member whom the caller may change: not the owner, and nobody who may do what the caller may not.
 * Holds the workspace's lock.
 */
async function findChangeable(ctx: Context, tx: Transaction, workspaceId: string, memberId: string): Promise<MemberRow> {
  const { ownerUserId } = await lockWorkspace(tx, workspaceId);
  const member = await findMember(tx, workspaceId, memberId);
  if (member.userId === ownerUserId) throw new AppError("invalid_state", "The owner stays owner. Transfer the ownership first.");
  requireGrantable(await findStanding(ctx, workspaceId), permissionsOfRole(member.role));
  return member;
}

export async function findMember(tx: Transaction, workspaceId: string, memberId: string): Promise<MemberRow> {
  if (!isId("member", memberId)) throw notFound("The member");
  const [member] = await tx
    .select(columns)
    .from(workspaceMembers)
    .innerJoin(users, eq(users.id, workspaceMembers.userId))
    .innerJoin(workspaceRoles, eq(workspaceRoles.id, workspaceMembers.roleId))
    .where(and(eq(workspaceMembers.workspaceId, workspaceId), eq(workspaceMembers.id, memberId)));
  if (!member) throw notFound("The member");
  return member;
}

export function changeMemberRole(ctx: Context, workspaceId: string, memberId: string, roleId: string): Promise<Member> {
  return ctx.transaction(async (tx) => {
    const member = await findChangeable(ctx, tx, workspaceId, memberId);
    const role = await findNamedRole(tx, workspaceId, roleId);
    requireAssignable(role);
    requireGrantable(await findStanding(ctx, workspaceId), permissionsOfRole(role));
    const audit = auditRow(ctx, {
      workspaceId,
      action: "member.role_changed",
      targetType: "member",
      targetId: memberId,
      before: { role: member.role.name },
      after: { role: role.name },
    });
    await tx
      .update(workspaceMembers)
      .set({ roleId, updatedAt: new Date(ctx.clock.now()) })
      .where(eq(workspaceMembers.id, memberId));
    await tx.insert(auditLogs).values(audit);
    return present({ ...member, role });
  });
}

export async function removeMember(ctx: Context, workspaceId: string, memberId: string): Promise<void> {
  await ctx.transaction(async (tx) => {
    const member = await findChangeable(ctx, tx, workspaceId, memberId);
    const audit = auditRow(ctx, {
      workspaceId,
      action: "member.removed",
      targetType: "member",
      targetId: memberId,
      before: { user_id: member.userId, role: member.role.name },
    });
    await tx.delete(workspaceMembers).where(eq(workspaceMembers.id, memberId));
    await tx.insert(auditLogs).values(audit);
  });
}
