import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import { auditLogs, workspaceMembers, workspaceRoles, workspaces } from "#platform/schema";
import { SYSTEM_ROLE_NAMES, SYSTEM_ROLES } from "./permissions.ts";

export interface NewWorkspace {
  readonly ownerUserId: string;
  readonly name: string;
  readonly slug: string;
  readonly region: string;
  readonly isDefault: boolean;
}

/** Writes a workspace with its four system roles and its owner, all or nothing; answers its id. */
export async function insertWorkspace(ctx: Context, workspace: NewWorkspace): Promise<string> {
  const id = ctx.newId("workspace");
  const now = new Date(ctx.clock.now());
  const stamps = { createdAt: now, updatedAt: now };
  const roles = SYSTEM_ROLE_NAMES.map((name) => ({ id: ctx.newId("role"), name }));
  const roleRows = roles.map((role) => ({
    ...role,
    workspaceId: id,
    isSystem: true,
    permissions: [...SYSTEM_ROLES[role.name]],
    ...stamps,
  }));
  const roleId = roles.find((role) => role.name === "owner")?.id ?? "";
  const { name, slug, region } = workspace;
  const audit = auditRow(ctx, {
    workspaceId: id,
    action: "workspace.created",
    targetType: "workspace",
    targetId: id,
    after: { name, slug, region },
  });
  await ctx.db.batch([
    ctx.db.insert(workspaces).values({ id, ...workspace, ...stamps }),
    ctx.db.insert(workspaceRoles).values(roleRows),
    ctx.db.insert(workspaceMembers).values({ id: ctx.newId("member"), workspaceId: id, userId: workspace.ownerUserId, roleId, ...stamps }),
    ctx.db.insert(auditLogs).values(audit),
  ]);
  return id;
}
