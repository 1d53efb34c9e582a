import { and, desc, eq, gt, isNull, lt, sql } from "drizzle-orm";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import type { Transaction } from "#platform/db";
import { AppError, notFound } from "#platform/errors";
import { isId } from "#platform/ids";
import { type Page, type PageRequest, readCursor, toPage } from "#platform/pages";
import { auditLogs, users, workspaceInvitations, workspaceMembers, workspaceRoles, workspaces } from "#platform/schema";
import { findStanding, requireGrantable } from "./authorize.ts";
import { permissionsOfRole } from "./permissions.ts";
import { findNamedRole, requireAssignable } from "./roles.ts";
import { hashToken, randomToken } from "./tokens.ts";
import { lockWorkspace } from "./workspace-lock.ts";
import { getWorkspace, type Workspace } from "./workspaces.ts";

/** How long an invitation can be accepted, in milliseconds. */
const LIFETIME = 7 * 86_400_000;

export interface Invitation {
  readonly id: string;
  readonly email: string;
  readonly role_id: string;
  readonly role: string;
  readonly expires_at: string;
  readonly created_at: string;
}

/** The token is shown here once; only its hash is kept. */
export interface NewInvitation extends Invitation {
  readonly token: string;
}

/** The invitations that can still be accepted, newest first. */
export async function listInvitations(ctx: Context, workspaceId: string, page: PageRequest): Promise<Page<Invitation>> {
  const after = readCursor(page.cursor);
  const rows = await ctx.db
    .select({ id: workspaceInvitations.id, invitation: workspaceInvitations, role: workspaceRoles.name })
    .from(workspaceInvitations)
    .innerJoin(workspaceRoles, eq(workspaceRoles.id, workspaceInvitations.roleId))
    .where(
      and(
        eq(workspaceInvitations.workspaceId, workspaceId),
        isNull(workspaceInvitations.acceptedAt),
        gt(workspaceInvitations.expiresAt, new Date(ctx.clock.now())),
        after === undefined ? undefined : lt(workspaceInvitations.id, after),
      ),
    )
    .orderBy(desc(workspaceInvitations.id))
    .limit(page.limit + 1);
  return toPage(rows, page.limit, ({ invitation, role }) => ({
    id: invitation.id,
    email: invitation.email,
    role_id: invitation.roleId,
    role,
    expires_at: invitation.expiresAt.toISOString(),
    created_at: invitation.createdAt.toISOString(),
  }));
}

/** Invites an e-mail address to a role; an open invitation of the same address is replaced. */
export async function createInvitation(
  ctx: Context,
  workspaceId: string,
  input: { readonly email: string; readonly roleId: string },
): Promise<NewInvitation> {
  const token = randomToken(ctx.random);
  const tokenHash = await hashToken(token);
  const email = input.email.toLowerCase();
  const standing = await findStanding(ctx, workspaceId);
  const now = ctx.clock.now();
  return ctx.transaction(async (tx) => {
    await lockWorkspace(tx, workspaceId);
    const role = await findNamedRole(tx, workspaceId, input.roleId);
    requireAssignable(role);
    requireGrantable(standing, permissionsOfRole(role));
    await refuseMember(tx, workspaceId, email);
    const row = {
      id: ctx.newId("invitation"),
      workspaceId,
      email,
      roleId: role.id,
      tokenHash,
      invitedBy: ctx.actor.type === "user" ? ctx.actor.userId : null,
      expiresAt: new Date(now + LIFETIME),
      createdAt: new Date(now),
    };
    await tx.delete(workspaceInvitations).where(openFor(workspaceId, email));
    await tx.insert(workspaceInvitations).values(row);
    await tx.insert(auditLogs).values(
      auditRow(ctx, {
        workspaceId,
        action: "invitation.created",
        targetType: "invitation",
        targetId: row.id,
        after: { email, role: role.name },
      }),
    );
    return {
      id: row.id,
      email,
      role_id: role.id,
      role: role.name,
      expires_at: row.expiresAt.toISOString(),
      created_at: row.createdAt.toISOString(),
      token,
    };
  });
}

const openFor = (workspaceId: string, email: string) =>
  and(eq(workspaceInvitations.workspaceId, workspaceId), eq(workspaceInvitations.email, email), isNull(workspaceInvitations.acceptedAt));

async function refuseMember(tx: Transaction, workspaceId: string, email: string): Promise<void> {
  const [member] = await tx
    .select({ id: workspaceMembers.id })
    .from(workspaceMembers)
    .innerJoin(users, eq(users.id, workspaceMembers.userId))
    .where(and(eq(workspaceMembers.workspaceId, workspaceId), eq(sql`lower(${users.email})`, email)));
  if (member) throw new AppError("conflict", "A member of this workspace has this e-mail address already.");
}

/** Takes an open invitation back. */
export async function deleteInvitation(ctx: Context, workspaceId: string, invitationId: string): Promise<void> {
  if (!isId("invitation", invitationId)) throw notFound("The invitation");
  await ctx.transaction(async (tx) => {
    const [gone] = await tx
      .delete(workspaceInvitations)
      .where(
        and(
          eq(workspaceInvitations.workspaceId, workspaceId),
          eq(workspaceInvitations.id, invitationId),
          isNull(workspaceInvitations.acceptedAt),
        ),
      )
      .returning({ email: workspaceInvitations.email });
    if (!gone) throw notFound("The invitation");
    await tx
      .insert(auditLogs)
      .values(auditRow(ctx, { workspaceId, action: "invitation.deleted", targetType: "invitation", targetId: invitationId, before: gone }));
  });
}

/** Makes the signed-in user a member of the workspace that invited their e-mail address. An invitation works once. */
export async function acceptInvitation(ctx: Context, token: string): Promise<Workspace> {
  const { actor } = ctx;
  if (actor.type !== "user") throw new AppError("unauthenticated", "Sign in with the invited e-mail address first.");
  const tokenHash = await hashToken(token);
  const workspaceId = await ctx.transaction(async (tx) => {
    const invitation = await findAcceptable(ctx, tx, tokenHash);
    if (invitation.email.toLowerCase() !== actor.email.toLowerCase())
      throw new AppError("forbidden", "This invitation is for another e-mail address.");
    const now = new Date(ctx.clock.now());
    const member = {
      id: ctx.newId("member"),
      workspaceId: invitation.workspaceId,
      userId: actor.userId,
      roleId: invitation.roleId,
      createdAt: now,
      updatedAt: now,
    };
    await tx.update(workspaceInvitations).set({ acceptedAt: now }).where(eq(workspaceInvitations.id, invitation.id));
    const added = await tx.insert(workspaceMembers).values(member).onConflictDoNothing().returning({ id: workspaceMembers.id });
    if (added.length === 0) throw new AppError("conflict", "You are a member of this workspace already.");
    await tx.insert(auditLogs).values(
      auditRow(ctx, {
        workspaceId: invitation.workspaceId,
        action: "invitation.accepted",
        targetType: "invitation",
        targetId: invitation.id,
        after: { member_id: member.id, user_id: actor.userId },
      }),
    );
    return invitation.workspaceId;
  });
  return getWorkspace(ctx, workspaceId);
}

async function findAcceptable(ctx: Context, tx: Transaction, tokenHash: string) {
  const [invitation] = await tx.select().from(workspaceInvitations).where(eq(workspaceInvitations.tokenHash, tokenHash)).for("update");
  if (!invitation) throw notFound("The invitation");
  if (invitation.acceptedAt) throw new AppError("not_available", "This invitation has been used.");
  if (invitation.expiresAt.getTime() <= ctx.clock.now()) throw new AppError("not_available", "This invitation has expired.");
  const [workspace] = await tx.select({ status: workspaces.status }).from(workspaces).where(eq(workspaces.id, invitation.workspaceId));
  if (workspace?.status !== "active") throw new AppError("not_available", "This workspace is being deleted.");
  return invitation;
}
