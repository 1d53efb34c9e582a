import type { Context } from "#platform/context";
import type { auditLogs } from "#platform/schema";

export interface AuditEntry {
  readonly workspaceId: string;
  /** `<resource>.<verb>`, such as `app.published`. */
  readonly action: string;
  readonly targetType: string;
  readonly targetId: string;
  /** The parts that changed, without secrets. */
  readonly before?: unknown;
  readonly after?: unknown;
}

function actorId({ actor }: Context): string | null {
  switch (actor.type) {
    case "user":
      return actor.userId;
    case "api_key":
      return actor.apiKeyId;
    case "system":
      return actor.name;
    case "anonymous":
      return null;
  }
}

/** The row that describes a change; insert it in the same transaction or batch as the change itself. */
export function auditRow(ctx: Context, entry: AuditEntry): typeof auditLogs.$inferInsert {
  return {
    id: ctx.newId("audit"),
    workspaceId: entry.workspaceId,
    actorType: ctx.actor.type,
    actorId: actorId(ctx),
    action: entry.action,
    targetType: entry.targetType,
    targetId: entry.targetId,
    before: entry.before ?? null,
    after: entry.after ?? null,
    requestId: ctx.requestId,
    ipHash: ctx.source?.ipHash ?? null,
    userAgentHash: ctx.source?.userAgentHash ?? null,
    createdAt: new Date(ctx.clock.now()),
  };
}
