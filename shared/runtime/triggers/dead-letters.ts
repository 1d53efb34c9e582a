import { and, desc, eq, isNull, type SQL, sql } from "drizzle-orm";
import { unionAll } from "drizzle-orm/pg-core";
import { z } from "zod";
import { storable } from "#execution";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import { AppError, notFound, validationFailed } from "#platform/errors";
import type { Page, PageRequest } from "#platform/pages";
import { apps, auditLogs, deadLetters, deliveries } from "#platform/schema";
import { reviveDelivery } from "./deliveries.ts";
import { executionsMessageSchema } from "./messages.ts";

/** Something that could not be done, and will not be tried again unless somebody says so. */
export interface DeadLetter {
  readonly id: string;
  /** `schedule`, `app` and `callback` are owed by the platform; `message` is what a queue could make nothing of. */
  readonly kind: string;
  readonly app_id: string | null;
  readonly run_id: string | null;
  readonly error: string;
  readonly attempts: number;
  readonly payload: unknown;
  readonly created_at: string;
}

/** Where a page ends. Ids alone are in no order of time: they say what a delivery is for. */
interface Cursor {
  readonly createdAt: Date;
  readonly id: string;
}

function readLetterCursor(cursor: string | undefined): Cursor | undefined {
  if (cursor === undefined) return undefined;
  const [, time, id] = /^(\d{13})~([\w:.-]{1,150})$/.exec(cursor) ?? [];
  if (time !== undefined && id !== undefined) return { createdAt: new Date(Number(time)), id };
  throw validationFailed([{ path: "cursor", code: "invalid_cursor", message: "Use a next_cursor from an earlier answer." }]);
}

function isBefore(cursor: Cursor | undefined, { createdAt, id }: typeof deliveries | typeof deadLetters): SQL | undefined {
  return cursor && sql`(${createdAt}, ${id}) < (${cursor.createdAt.toISOString()}::timestamptz, ${cursor.id})`;
}

function deadDeliveries(ctx: Context, workspaceId: string, cursor: Cursor | undefined) {
  return ctx.db
    .select({
      id: deliveries.id,
      kind: sql<string>`${deliveries.kind}`,
      appId: sql<string | null>`${deliveries.appId}`,
      executionId: deliveries.executionId,
      error: sql<string>`coalesce(${deliveries.error}, '')`,
      attempts: deliveries.attempts,
      payload: deliveries.payload,
      createdAt: deliveries.createdAt,
    })
    .from(deliveries)
    .where(and(eq(deliveries.workspaceId, workspaceId), eq(deliveries.status, "dead"), isBefore(cursor, deliveries)));
}

function deadMessages(ctx: Context, workspaceId: string, cursor: Cursor | undefined) {
  return ctx.db
    .select({
      id: deadLetters.id,
      kind: sql<string>`'message'`,
      appId: sql<string | null>`NULL`,
      executionId: sql<string | null>`NULL`,
      error: deadLetters.error,
      attempts: sql<number>`1`,
      payload: deadLetters.body,
      createdAt: deadLetters.createdAt,
    })
    .from(deadLetters)
    .where(and(eq(deadLetters.workspaceId, workspaceId), isNull(deadLetters.replayedAt), isBefore(cursor, deadLetters)));
}

/** The dead letters of a workspace, newest first. @throws `validation_failed` */
export async function listDeadLetters(ctx: Context, workspaceId: string, page: PageRequest): Promise<Page<DeadLetter>> {
  const cursor = readLetterCursor(page.cursor);
  const rows = await unionAll(deadDeliveries(ctx, workspaceId, cursor), deadMessages(ctx, workspaceId, cursor))
    .orderBy(desc(sql`created_at`), desc(sql`id`))
    .limit(page.limit + 1);
  const shown = rows.slice(0, page.limit);
  const last = shown.at(-1);
  return {
    data: shown.map(({ appId, executionId, createdAt, ...letter }) => ({
      ...letter,
      app_id: appId,
      run_id: executionId,
      created_at: createdAt.toISOString(),
    })),
    next_cursor: rows.length > page.limit && last ? `${last.createdAt.getTime()}~${last.id}` : null,
  };
}

/** Puts a dead letter on its way again. @throws `not_found`, `invalid_state` */
export async function replayDeadLetter(ctx: Context, workspaceId: string, id: string): Promise<void> {
  await revive(ctx, workspaceId, id);
  const entry = { workspaceId, action: "dead_letter.replayed", targetType: "dead_letter", targetId: id };
  await ctx.db.insert(auditLogs).values(auditRow(ctx, entry));
}

async function revive(ctx: Context, workspaceId: string, id: string): Promise<void> {
  if (await reviveDelivery(ctx, workspaceId, id)) return;
  const owned = and(eq(deadLetters.workspaceId, workspaceId), eq(deadLetters.id, id), isNull(deadLetters.replayedAt));
  const [letter] = await ctx.db.select().from(deadLetters).where(owned);
  if (!letter) throw notFound("The dead letter");
  const message = executionsMessageSchema.safeParse(letter.body);
  if (!message.success) throw new AppError("invalid_state", "Nothing can be made of this message, so there is nothing to try again.");
  await ctx.env.EXECUTIONS.send(message.data);
  await ctx.db
    .update(deadLetters)
    .set({ replayedAt: new Date(ctx.clock.now()) })
    .where(owned);
}

/** A message that no consumer got through with. */
interface LostMessage {
  /** The queue's own id for it. */
  readonly id: string;
  readonly queue: string;
  readonly body: unknown;
  readonly error: string;
}

/**
 * Keeps a message that no consumer got through with, for the workspace that it is about. One that is about none is for operators:
 * they find it in the log and in the table, and no workspace sees it. Keeping it again changes nothing.
 */
export async function storeDeadLetter(ctx: Context, { id, queue, body, error }: LostMessage): Promise<void> {
  const json = storable(body ?? null);
  const workspaceId = await ownerOf(ctx, json);
  await ctx.db
    .insert(deadLetters)
    // The driver takes a bare null for no value at all.
    .values({ id: `dlt_${id}`, workspaceId, queue, body: json ?? sql`'null'::jsonb`, error: storable(error.slice(0, 1_000)) })
    .onConflictDoNothing();
  ctx.log.error("a message of a queue is given up", new Error(error), { message_id: id, queue, workspace_id: workspaceId });
}

const namesApp = z.object({ appId: z.string() });
const namesDelivery = z.object({ type: z.literal("delivery"), id: z.string() });

/** Whose a message is: by the app or the delivery that it names, whatever else is wrong with it. */
async function ownerOf(ctx: Context, body: unknown): Promise<string | null> {
  const [app, delivery] = [namesApp.safeParse(body).data, namesDelivery.safeParse(body).data];
  const [row] = app
    ? await ctx.db.select({ workspaceId: apps.workspaceId }).from(apps).where(eq(apps.id, app.appId))
    : delivery
      ? await ctx.db.select({ workspaceId: deliveries.workspaceId }).from(deliveries).where(eq(deliveries.id, delivery.id))
      : [];
  return row?.workspaceId ?? null;
}
