import { and, desc, eq, lt } from "drizzle-orm";
import type { Context } from "#platform/context";
import { type Page, type PageRequest, readCursor, toPage } from "#platform/pages";
import { auditLogs } from "#platform/schema";

export interface AuditLog {
  readonly id: string;
  readonly actor_type: "anonymous" | "user" | "api_key" | "system";
  readonly actor_id: string | null;
  readonly action: string;
  readonly target_type: string;
  readonly target_id: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly request_id: string;
  readonly created_at: string;
}

function present(row: typeof auditLogs.$inferSelect): AuditLog {
  return {
    id: row.id,
    actor_type: row.actorType,
    actor_id: row.actorId,
    action: row.action,
    target_type: row.targetType,
    target_id: row.targetId,
    before: row.before,
    after: row.after,
    request_id: row.requestId,
    created_at: row.createdAt.toISOString(),
  };
}

/** What was changed in a workspace and by whom, newest first. */
export async function listAuditLogs(ctx: Context, workspaceId: string, page: PageRequest): Promise<Page<AuditLog>> {
  const after = readCursor(page.cursor);
  const rows = await ctx.db
    .select()
    .from(auditLogs)
    .where(and(eq(auditLogs.workspaceId, workspaceId), after === undefined ? undefined : lt(auditLogs.id, after)))
    .orderBy(desc(auditLogs.id))
    .limit(page.limit + 1);
  return toPage(rows, page.limit, present);
}
