import { and, desc, eq, lt, or } from "drizzle-orm";
import type { Context } from "#platform/context";
import { AppError } from "#platform/errors";
import type { Page, PageRequest } from "#platform/pages";
import { runtimeEvents } from "#platform/schema";

/** Something that happened while apps were served, as the API shows it. */
export interface RuntimeEventView {
  readonly id: string;
  readonly app_id: string | null;
  readonly run_id: string | null;
  readonly type: string;
  readonly payload: unknown;
  readonly occurred_at: string;
}

type EventRow = typeof runtimeEvents.$inferSelect;

/** The runtime events of a workspace, or of one of its apps, newest first. */
export async function listRuntimeEvents(
  ctx: Context,
  workspaceId: string,
  page: PageRequest,
  filter: { readonly appId?: string | undefined } = {},
): Promise<Page<RuntimeEventView>> {
  const { appId } = filter;
  const after = readPosition(page.cursor);
  const rows = await ctx.db
    .select()
    .from(runtimeEvents)
    .where(
      and(
        eq(runtimeEvents.workspaceId, workspaceId),
        appId === undefined ? undefined : eq(runtimeEvents.appId, appId),
        after && olderThan(after),
      ),
    )
    .orderBy(desc(runtimeEvents.occurredAt), desc(runtimeEvents.id))
    .limit(page.limit + 1);
  const shown = rows.slice(0, page.limit);
  const last = shown.at(-1);
  return { data: shown.map(present), next_cursor: rows.length > page.limit && last ? positionOf(last) : null };
}

function present(row: EventRow): RuntimeEventView {
  return {
    id: row.id,
    app_id: row.appId,
    run_id: row.executionId,
    type: row.type,
    payload: row.payload,
    occurred_at: row.occurredAt.toISOString(),
  };
}

interface Position {
  readonly occurredAt: Date;
  readonly id: string;
}

function olderThan({ occurredAt, id }: Position) {
  return or(lt(runtimeEvents.occurredAt, occurredAt), and(eq(runtimeEvents.occurredAt, occurredAt), lt(runtimeEvents.id, id)));
}

/** Events are ordered by time, and their ids are not: a cursor names both. */
function positionOf(row: EventRow): string {
  return `${row.occurredAt.getTime()}.${row.id}`;
}

function readPosition(cursor: string | undefined): Position | undefined {
  if (cursor === undefined) return undefined;
  const [, time, id] = /^(\d{1,15})\.([\w:]{1,120})$/.exec(cursor) ?? [];
  if (time !== undefined && id !== undefined) return { occurredAt: new Date(Number(time)), id };
  throw new AppError("validation_failed", "cursor: is not one that this API gave.", {
    faults: [{ path: "cursor", code: "invalid_cursor", message: "Use a next_cursor from an earlier answer." }],
  });
}
