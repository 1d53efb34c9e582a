import { and, eq } from "drizzle-orm";
import { type Context, withActor } from "#platform/context";
import { workspaces } from "#platform/schema";
import { slugFromName } from "./slugs.ts";
import { violatedConstraint } from "./unique-violation.ts";
import { insertWorkspace } from "./workspace-creation.ts";

export interface NewUser {
  readonly id: string;
  readonly name: string;
  readonly email: string;
}

/** Suffixes are random, so meeting a taken one twice means that something else is wrong. */
const ATTEMPTS = 3;

/** Makes the workspace that a user begins with, unless there is one already. Safe to call again, and at the same time. */
export async function createDefaultWorkspace(ctx: Context, user: NewUser): Promise<void> {
  const existing = await ctx.db
    .select({ id: workspaces.id })
    .from(workspaces)
    .where(and(eq(workspaces.ownerUserId, user.id), eq(workspaces.isDefault, true)));
  if (existing.length > 0) return;
  const asUser = withActor(ctx, { type: "user", userId: user.id, name: user.name, email: user.email });
  const name = workspaceName(user.name);
  for (let attempt = 1; ; attempt += 1) {
    try {
      await insertWorkspace(asUser, {
        ownerUserId: user.id,
        name,
        slug: slugFromName(user.name, ctx.random),
        region: "auto",
        isDefault: true,
      });
      return;
    } catch (error) {
      const constraint = violatedConstraint(error);
      if (constraint === "workspaces_default_key") return;
      if (constraint !== "workspaces_slug_unique" || attempt === ATTEMPTS) throw error;
    }
  }
}

function workspaceName(userName: string): string {
  const name = userName.trim().slice(0, 60);
  return name === "" ? "My workspace" : `${name}'s workspace`;
}
