import { and, eq, gt } from "drizzle-orm";
import type { Context } from "#platform/context";
import { sessions, workspaceMembers, workspaceRoles, workspaces } from "#platform/schema";
import { permissionsOfRole } from "./permissions.ts";

/** A user's sign-in: who it is of, and which one of theirs. */
export interface SignIn {
  readonly userId: string;
  readonly sessionId: string;
}

/** What somebody who is signed in is to a workspace whose app they visit. */
export interface VisitorStanding {
  /** Whether they belong to the workspace, which is active. */
  readonly member: boolean;
  /** Whether they do, with the permission to start runs. */
  readonly mayRun: boolean;
}

/** How long (ms) an isolate trusts what it read: a member who is removed, or signs out, is let in no longer than that. */
const LIFE = 3_000;
const CAPACITY = 1_000;

/** What was true a moment ago, by workspace and sign-in. Isolate-wide state: sign-ins have ids of one deployment. */
const known = new Map<string, { readonly standing: VisitorStanding | null; readonly until: number }>();

/** Where a visitor stands in a workspace; `null` once the sign-in has ended. */
export async function visitorStanding(ctx: Context, workspaceId: string, signIn: SignIn): Promise<VisitorStanding | null> {
  const key = `${workspaceId} ${signIn.sessionId} ${signIn.userId}`;
  const now = ctx.clock.now();
  const entry = known.get(key);
  if (entry && entry.until > now) return entry.standing;
  const standing = await readStanding(ctx, workspaceId, signIn);
  known.delete(key);
  // The oldest entry goes first: maps keep the order of insertion.
  const [oldest] = known.keys();
  if (known.size >= CAPACITY && oldest !== undefined) known.delete(oldest);
  known.set(key, { standing, until: now + LIFE });
  return standing;
}

async function readStanding(ctx: Context, workspaceId: string, { userId, sessionId }: SignIn): Promise<VisitorStanding | null> {
  const membership = and(eq(workspaceMembers.workspaceId, workspaceId), eq(workspaceMembers.userId, sessions.userId));
  const [row] = await ctx.db
    .select({ status: workspaces.status, role: workspaceRoles })
    .from(sessions)
    .leftJoin(workspaceMembers, membership)
    .leftJoin(workspaces, eq(workspaces.id, workspaceMembers.workspaceId))
    .leftJoin(workspaceRoles, eq(workspaceRoles.id, workspaceMembers.roleId))
    .where(and(eq(sessions.id, sessionId), eq(sessions.userId, userId), gt(sessions.expiresAt, new Date(ctx.clock.now()))));
  if (!row) return null;
  const member = row.status === "active" && row.role !== null;
  return { member, mayRun: member && row.role !== null && permissionsOfRole(row.role).includes("runs:create") };
}
