import { and, desc, eq, getTableColumns, gte, lt, type SQL, sql } from "drizzle-orm";
import { byteStream } from "#platform/byte-stream";
import type { Context } from "#platform/context";
import { csvField, csvLine } from "#platform/csv";
import { type Page, type PageRequest, readCursor, toPage } from "#platform/pages";
import { apiKeys, auditLogs, users } from "#platform/schema";

export interface AuditLog {
  readonly id: string;
  readonly actor_type: "anonymous" | "user" | "api_key" | "system";
  readonly actor_id: string | null;
  /** What the user or the key is called now; `null` once there is none any more. */
  readonly actor_name: string | null;
  readonly action: string;
  readonly target_type: string;
  readonly target_id: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly request_id: string;
  /** Keyed hashes of the address and the browser that the request came from. */
  readonly ip_hash: string | null;
  readonly user_agent_hash: string | null;
  readonly created_at: string;
}

/** Which entries are wanted: all that agree with everything given. */
export interface AuditFilter {
  /** Id of a user or a key. */
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly targetType?: string | undefined;
  readonly targetId?: string | undefined;
  /** RFC 3339; from this moment on. */
  readonly from?: string | undefined;
  /** RFC 3339; before this moment. */
  readonly to?: string | undefined;
}

export type AuditFormat = "csv" | "ndjson";

/** Entries that an export reads at a time. */
const EXPORT_ROWS = 500;

const COLUMNS = [
  "created_at",
  "actor_type",
  "actor_id",
  "action",
  "target_type",
  "target_id",
  "before",
  "after",
  "request_id",
  "ip_hash",
  "user_agent_hash",
  "id",
  "actor_name",
] as const satisfies readonly (keyof AuditLog)[];

interface Row extends Readonly<typeof auditLogs.$inferSelect> {
  readonly actorName: string | null;
}

function present(row: Row): AuditLog {
  return {
    id: row.id,
    actor_type: row.actorType,
    actor_id: row.actorId,
    actor_name: row.actorName,
    action: row.action,
    target_type: row.targetType,
    target_id: row.targetId,
    before: row.before,
    after: row.after,
    request_id: row.requestId,
    ip_hash: row.ipHash,
    user_agent_hash: row.userAgentHash,
    created_at: row.createdAt.toISOString(),
  };
}

function conditionOf(workspaceId: string, filter: AuditFilter, after: string | undefined): SQL | undefined {
  const { actor, action, targetType, targetId, from, to } = filter;
  return and(
    eq(auditLogs.workspaceId, workspaceId),
    after === undefined ? undefined : lt(auditLogs.id, after),
    actor === undefined ? undefined : eq(auditLogs.actorId, actor),
    action === undefined ? undefined : eq(auditLogs.action, action),
    targetType === undefined ? undefined : eq(auditLogs.targetType, targetType),
    targetId === undefined ? undefined : eq(auditLogs.targetId, targetId),
    from === undefined ? undefined : gte(auditLogs.createdAt, new Date(from)),
    to === undefined ? undefined : lt(auditLogs.createdAt, new Date(to)),
  );
}

/** What was changed in a workspace and by whom, newest first. */
export async function listAuditLogs(
  ctx: Context,
  workspaceId: string,
  page: PageRequest,
  filter: AuditFilter = {},
): Promise<Page<AuditLog>> {
  const rows = await ctx.db
    .select({ ...getTableColumns(auditLogs), actorName: sql<string | null>`coalesce(${users.name}, ${apiKeys.name})` })
    .from(auditLogs)
    .leftJoin(users, eq(users.id, auditLogs.actorId))
    .leftJoin(apiKeys, eq(apiKeys.id, auditLogs.actorId))
    .where(conditionOf(workspaceId, filter, readCursor(page.cursor)))
    .orderBy(desc(auditLogs.id))
    .limit(page.limit + 1);
  return toPage(rows, page.limit, present);
}

/** Everything that {@link listAuditLogs} finds as a file, read while it is taken; a later failure breaks the stream off. */
export function exportAuditLogs(ctx: Context, workspaceId: string, filter: AuditFilter, format: AuditFormat): ReadableStream<Uint8Array> {
  return byteStream(exportTexts(ctx, workspaceId, filter, format));
}

async function* exportTexts(ctx: Context, workspaceId: string, filter: AuditFilter, format: AuditFormat): AsyncGenerator<string> {
  const line = format === "csv" ? csvEntry : (entry: AuditLog) => `${JSON.stringify(entry)}\n`;
  if (format === "csv") yield csvLine(COLUMNS);
  let cursor: string | undefined;
  do {
    const { data, next_cursor } = await listAuditLogs(ctx, workspaceId, { limit: EXPORT_ROWS, cursor }, filter);
    yield data.map(line).join("");
    cursor = next_cursor ?? undefined;
  } while (cursor !== undefined);
}

function csvEntry(entry: AuditLog): string {
  return csvLine(COLUMNS.map((column) => csvField(entry[column])));
}
