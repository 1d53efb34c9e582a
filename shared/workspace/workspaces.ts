import { and, asc, eq, gt } from "drizzle-orm";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import { AppError, notFound, validationFailed } from "#platform/errors";
import { type Page, type PageRequest, readCursor, toPage } from "#platform/pages";
import type { Region } from "#platform/placement";
import { auditLogs, workspaceMembers, workspaceRoles, workspaces } from "#platform/schema";
import { findStanding, requirePermission, type Standing } from "./authorize.ts";
import { createDefaultWorkspace } from "./default-workspace.ts";
import { isPermission, type Permission, permissionsOfRole } from "./permissions.ts";
import { slugFault, slugFromName } from "./slugs.ts";
import { violatedConstraint } from "./unique-violation.ts";
import { insertWorkspace } from "./workspace-creation.ts";

/** Days in which a deletion can be undone. */
const DELETION_DAYS = 7;
const DAY = 86_400_000;

/** A workspace as its members see it, with what the caller is in it. */
export interface Workspace {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly region: string;
  readonly status: "active" | "deleting";
  /** When the deletion becomes final. */
  readonly delete_at: string | null;
  readonly is_default: boolean;
  readonly role: string | null;
  readonly permissions: Permission[];
  readonly created_at: string;
  readonly updated_at: string;
}

type WorkspaceRow = typeof workspaces.$inferSelect;

function present(row: WorkspaceRow, standing: Pick<Standing, "role" | "permissions">): Workspace {
  return {
    id: row.id,
    name: row.name,
    slug: row.slug,
    region: row.region,
    status: row.status,
    delete_at: row.deleteAt?.toISOString() ?? null,
    is_default: row.isDefault,
    role: standing.role,
    permissions: [...standing.permissions],
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}

/** The workspaces of the caller: a user's memberships (the default one is made if it is missing), a key's own. */
export async function listWorkspaces(ctx: Context, page: PageRequest): Promise<Page<Workspace>> {
  const { actor } = ctx;
  if (actor.type === "api_key") {
    const [row] = await ctx.db.select().from(workspaces).where(eq(workspaces.id, actor.workspaceId));
    const scopes = actor.scopes.filter(isPermission);
    return { data: row && scopes.includes("workspace:read") ? [present(row, { role: null, permissions: scopes })] : [], next_cursor: null };
  }
  if (actor.type !== "user") return { data: [], next_cursor: null };
  await createDefaultWorkspace(ctx, { id: actor.userId, name: actor.name, email: actor.email });
  const after = readCursor(page.cursor);
  const rows = await ctx.db
    .select({ workspace: workspaces, role: workspaceRoles })
    .from(workspaceMembers)
    .innerJoin(workspaces, eq(workspaces.id, workspaceMembers.workspaceId))
    .innerJoin(workspaceRoles, eq(workspaceRoles.id, workspaceMembers.roleId))
    .where(and(eq(workspaceMembers.userId, actor.userId), after === undefined ? undefined : gt(workspaces.id, after)))
    .orderBy(asc(workspaces.id))
    .limit(page.limit + 1);
  const listed = rows.map((row) => ({ ...row, id: row.workspace.id }));
  return toPage(listed, page.limit, ({ workspace, role }) => present(workspace, { role: role.name, permissions: permissionsOfRole(role) }));
}

export async function getWorkspace(ctx: Context, workspaceId: string): Promise<Workspace> {
  const [standing, [row]] = await Promise.all([
    findStanding(ctx, workspaceId),
    ctx.db.select().from(workspaces).where(eq(workspaces.id, workspaceId)),
  ]);
  if (!row) throw notFound("The workspace");
  return present(row, standing);
}

export interface WorkspaceInput {
  readonly name: string;
  readonly slug?: string | undefined;
  readonly region?: Region | undefined;
}

/** Makes a workspace that the calling user owns. Without a slug, one is made from the name. */
export async function createWorkspace(ctx: Context, input: WorkspaceInput): Promise<Workspace> {
  if (ctx.actor.type !== "user") throw new AppError("forbidden", "Only a signed-in user can make a workspace.");
  const fault = input.slug === undefined ? undefined : slugFault(input.slug);
  if (fault) throw validationFailed([fault]);
  const slug = input.slug ?? slugFromName(input.name, ctx.random);
  try {
    const { name, region = "auto" } = input;
    return await getWorkspace(ctx, await insertWorkspace(ctx, { ownerUserId: ctx.actor.userId, name, slug, region, isDefault: false }));
  } catch (error) {
    if (violatedConstraint(error) === "workspaces_slug_unique") throw new AppError("conflict", `The slug "${slug}" is taken.`);
    throw error;
  }
}

export interface WorkspacePatch {
  readonly name?: string | undefined;
  /** `active` undoes a scheduled deletion; only who may delete may undo. */
  readonly status?: "active" | undefined;
}

/** What the workspace had may be gone once the time is over in which its deletion can be undone. */
async function requireRestorable(ctx: Context, { id, delete_at }: Workspace): Promise<void> {
  requirePermission(await findStanding(ctx, id), "workspace:delete");
  if (delete_at === null || Date.parse(delete_at) > ctx.clock.now()) return;
  throw new AppError("invalid_state", `The workspace could be restored until ${delete_at}. Its deletion is final.`);
}

/** Renames a workspace, or undoes its deletion while that can be undone. @throws `forbidden`, `invalid_state` */
export async function updateWorkspace(ctx: Context, workspaceId: string, patch: WorkspacePatch): Promise<Workspace> {
  const before = await getWorkspace(ctx, workspaceId);
  const restores = patch.status === "active" && before.status === "deleting";
  if (restores) await requireRestorable(ctx, before);
  else if (before.status === "deleting") throw new AppError("invalid_state", "The workspace is being deleted. Restore it first.");
  const name = patch.name ?? before.name;
  if (!restores && name === before.name) return before;
  const restored = restores ? ({ status: "active", deleteAt: null } as const) : {};
  const audit = auditRow(ctx, {
    workspaceId,
    action: restores ? "workspace.restored" : "workspace.updated",
    targetType: "workspace",
    targetId: workspaceId,
    before: { name: before.name, status: before.status },
    after: { name, status: "active" },
  });
  await ctx.db.batch([
    ctx.db
      .update(workspaces)
      .set({ name, ...restored, updatedAt: new Date(ctx.clock.now()) })
      .where(eq(workspaces.id, workspaceId)),
    ctx.db.insert(auditLogs).values(audit),
  ]);
  return getWorkspace(ctx, workspaceId);
}

/** Schedules the deletion, after which nothing runs any more; asking again changes nothing. */
export async function deleteWorkspace(ctx: Context, workspaceId: string): Promise<Workspace> {
  const before = await getWorkspace(ctx, workspaceId);
  if (before.status === "deleting") return before;
  const now = ctx.clock.now();
  const deleteAt = new Date(now + DELETION_DAYS * DAY);
  const audit = auditRow(ctx, {
    workspaceId,
    action: "workspace.deletion_scheduled",
    targetType: "workspace",
    targetId: workspaceId,
    after: { delete_at: deleteAt.toISOString() },
  });
  await ctx.db.batch([
    ctx.db
      .update(workspaces)
      .set({ status: "deleting", deleteAt, updatedAt: new Date(now) })
      .where(and(eq(workspaces.id, workspaceId), eq(workspaces.status, "active"))),
    ctx.db.insert(auditLogs).values(audit),
  ]);
  return getWorkspace(ctx, workspaceId);
}
