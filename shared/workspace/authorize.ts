import { and, eq } from "drizzle-orm";
import type { Context } from "#platform/context";
import { AppError, notFound } from "#platform/errors";
import { isId } from "#platform/ids";
import { workspaceMembers, workspaceRoles, workspaces } from "#platform/schema";
import { isPermission, missingPermissions, PERMISSIONS, type Permission, permissionsOfRole } from "./permissions.ts";

/** Where the caller stands in a workspace. */
export interface Standing {
  readonly status: "active" | "deleting";
  readonly ownerUserId: string;
  /** The member's role; `null` for an API key or the system, which have none. */
  readonly role: string | null;
  readonly permissions: readonly Permission[];
}

/** What still works in a workspace that waits for its deletion, besides reading. */
const ALLOWED_WHILE_DELETING: ReadonlySet<Permission> = new Set(["workspace:update", "workspace:delete"]);

/**
 * Finds the caller's standing in a workspace.
 * @throws `unauthenticated` for nobody; `not_found` for one who has no place in it, the same as if it did not exist.
 */
export async function findStanding(ctx: Context, workspaceId: string): Promise<Standing> {
  if (ctx.actor.type === "anonymous") throw new AppError("unauthenticated", "Sign in, or send an API key.");
  const standing = isId("workspace", workspaceId) ? await readStanding(ctx, workspaceId) : undefined;
  if (!standing) throw notFound("The workspace");
  return standing;
}

/**
 * Refuses a caller who may not do this in the workspace.
 * @throws `unauthenticated`, `not_found` (see {@link findStanding}), `forbidden`, or `invalid_state` for a change in a
 * workspace that is being deleted.
 */
export async function authorize(ctx: Context, workspaceId: string, permission: Permission): Promise<void> {
  requirePermission(await findStanding(ctx, workspaceId), permission);
}

/** @throws `forbidden`, or `invalid_state` for a change in a workspace that is being deleted. */
export function requirePermission(standing: Standing, permission: Permission): void {
  if (!standing.permissions.includes(permission)) throw new AppError("forbidden", `This needs the permission ${permission}.`);
  const reads = permission.endsWith(":read");
  if (standing.status === "deleting" && !reads && !ALLOWED_WHILE_DELETING.has(permission))
    throw new AppError("invalid_state", "The workspace is being deleted. Restore it first.");
}

/** Nobody hands on what they do not hold. @throws `forbidden` */
export function requireGrantable(standing: Standing, granted: readonly Permission[]): void {
  const missing = missingPermissions(standing.permissions, granted);
  if (missing.length > 0) throw new AppError("forbidden", `You cannot grant what you do not hold yourself: ${missing.join(", ")}.`);
}

function readStanding(ctx: Context, workspaceId: string): Promise<Standing | undefined> {
  const { actor } = ctx;
  switch (actor.type) {
    case "anonymous":
      return Promise.resolve(undefined);
    case "user":
      return readMemberStanding(ctx, workspaceId, actor.userId);
    case "api_key":
      return actor.workspaceId === workspaceId
        ? readWorkspaceStanding(ctx, workspaceId, actor.scopes.filter(isPermission))
        : Promise.resolve(undefined);
    case "system":
      return readWorkspaceStanding(ctx, workspaceId, PERMISSIONS);
  }
}

async function readMemberStanding(ctx: Context, workspaceId: string, userId: string): Promise<Standing | undefined> {
  const [row] = await ctx.db
    .select({
      status: workspaces.status,
      ownerUserId: workspaces.ownerUserId,
      role: { name: workspaceRoles.name, isSystem: workspaceRoles.isSystem, permissions: workspaceRoles.permissions },
    })
    .from(workspaceMembers)
    .innerJoin(workspaces, eq(workspaces.id, workspaceMembers.workspaceId))
    .innerJoin(workspaceRoles, eq(workspaceRoles.id, workspaceMembers.roleId))
    .where(and(eq(workspaceMembers.workspaceId, workspaceId), eq(workspaceMembers.userId, userId)));
  return row && { status: row.status, ownerUserId: row.ownerUserId, role: row.role.name, permissions: permissionsOfRole(row.role) };
}

async function readWorkspaceStanding(ctx: Context, workspaceId: string, permissions: readonly Permission[]): Promise<Standing | undefined> {
  const [row] = await ctx.db
    .select({ status: workspaces.status, ownerUserId: workspaces.ownerUserId })
    .from(workspaces)
    .where(eq(workspaces.id, workspaceId));
  return row && { ...row, role: null, permissions };
}
