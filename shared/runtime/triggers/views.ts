import { and, asc, desc, eq, lt, sql } from "drizzle-orm";
import { unionAll } from "drizzle-orm/pg-core";
import { z } from "zod";
import type { Context } from "#platform/context";
import { AppError, notFound } from "#platform/errors";
import { type Page, type PageRequest, readCursor, toPage } from "#platform/pages";
import { deadLetters, deliveries, deliveryAttempts } from "#platform/schema";
import { reviveDelivery } from "./deliveries.ts";
import { executionsMessageSchema } from "./messages.ts";

/** A callback of a run, and what came of each attempt at it. */
export interface CallbackView {
  readonly id: string;
  readonly url: string;
  readonly status: (typeof deliveries.$inferSelect)["status"];
  readonly error: string | null;
  /** When it is tried next. */
  readonly due_at: string | null;
  readonly attempts: {
    readonly attempt: number;
    readonly status: number | null;
    readonly error: string | null;
    readonly duration_ms: number;
    readonly attempted_at: string;
  }[];
}

const urlSchema = z.object({ url: z.string() });

/** The callbacks of a run, with their attempts. */
export async function listCallbacks(ctx: Context, workspaceId: string, runId: string): Promise<CallbackView[]> {
  const id = `${runId}:callback`;
  const [[row], attempts] = await Promise.all([
    ctx.db
      .select()
      .from(deliveries)
      .where(and(eq(deliveries.workspaceId, workspaceId), eq(deliveries.id, id))),
    ctx.db
      .select()
      .from(deliveryAttempts)
      .where(and(eq(deliveryAttempts.workspaceId, workspaceId), eq(deliveryAttempts.deliveryId, id)))
      .orderBy(asc(deliveryAttempts.attempt)),
  ]);
  if (!row) return [];
  return [
    {
      id,
      url: urlSchema.parse(row.payload).url,
      status: row.status,
      error: row.error,
      due_at: row.status === "due" ? row.dueAt.toISOString() : null,
      attempts: attempts.map(({ attempt, status, error, durationMs, attemptedAt }) => ({
        attempt,
        status,
        error,
        duration_ms: durationMs,
        attempted_at: attemptedAt.toISOString(),
      })),
    },
  ];
}

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

/** The dead letters of a workspace. */
export async function listDeadLetters(ctx: Context, workspaceId: string, page: PageRequest): Promise<Page<DeadLetter>> {
  const before = readCursor(page.cursor);
  const rows = await unionAll(
    ctx.db
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
      .where(
        and(
          eq(deliveries.workspaceId, workspaceId),
          eq(deliveries.status, "dead"),
          before === undefined ? undefined : lt(deliveries.id, before),
        ),
      ),
    ctx.db
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
      .where(
        and(
          eq(deadLetters.workspaceId, workspaceId),
          sql`${deadLetters.replayedAt} IS NULL`,
          before === undefined ? undefined : lt(deadLetters.id, before),
        ),
      ),
  )
    .orderBy(desc(sql`id`))
    .limit(page.limit + 1);
  return toPage(rows, page.limit, (row) => ({
    id: row.id,
    kind: row.kind,
    app_id: row.appId,
    run_id: row.executionId,
    error: row.error,
    attempts: row.attempts,
    payload: row.payload,
    created_at: row.createdAt.toISOString(),
  }));
}

/** Puts a dead letter on its way again. @throws `not_found`, `invalid_state` */
export async function replayDeadLetter(ctx: Context, workspaceId: string, id: string): Promise<void> {
  if (await reviveDelivery(ctx, workspaceId, id)) return;
  const [letter] = await ctx.db
    .select()
    .from(deadLetters)
    .where(and(eq(deadLetters.workspaceId, workspaceId), eq(deadLetters.id, id), sql`${deadLetters.replayedAt} IS NULL`));
  if (!letter) throw notFound("The dead letter");
  const message = executionsMessageSchema.safeParse(letter.body);
  if (!message.success) throw new AppError("invalid_state", "Nothing can be made of this message, so there is nothing to try again.");
  await ctx.env.EXECUTIONS.send(message.data);
  await ctx.db
    .update(deadLetters)
    .set({ replayedAt: new Date(ctx.clock.now()) })
    .where(eq(deadLetters.id, id));
}

const ownedSchema = z.object({ workspaceId: z.string() });

/** Keeps a message that no consumer got through with. Keeping it again changes nothing. */
export async function storeDeadLetter(
  ctx: Context,
  letter: { readonly id: string; readonly queue: string; readonly body: unknown; readonly error: string },
): Promise<void> {
  const { id, queue, body, error } = letter;
  const workspaceId = ownedSchema.safeParse(body).data?.workspaceId ?? null;
  await ctx.db
    .insert(deadLetters)
    .values({ id: `dlt_${id}`, workspaceId, queue, body: body ?? null, error: error.slice(0, 1_000) })
    .onConflictDoNothing();
}
