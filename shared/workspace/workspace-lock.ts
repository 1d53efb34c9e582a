import { eq } from "drizzle-orm";
import type { Transaction } from "#platform/db";
import { notFound } from "#platform/errors";
import { workspaces } from "#platform/schema";

/**
 * Takes the workspace's row until the transaction ends, so that changes of its members, roles and owner happen one after
 * the other and none is decided on what another is about to change.
 */
export async function lockWorkspace(tx: Transaction, workspaceId: string): Promise<{ ownerUserId: string; name: string }> {
  const [row] = await tx
    .select({ ownerUserId: workspaces.ownerUserId, name: workspaces.name })
    .from(workspaces)
    .where(eq(workspaces.id, workspaceId))
    .for("update");
  if (!row) throw notFound("The workspace");
  return row;
}
