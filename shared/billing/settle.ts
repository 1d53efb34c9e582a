import { and, asc, eq, isNull, lte, sql } from "drizzle-orm";
import type { Context } from "#platform/context";
import type { Transaction } from "#platform/db";
import { invoiceLines, invoices, usageWatermark, workspaceQuotas } from "#platform/schema";
import { type Bill, billOf } from "./bill.ts";
import { nextNumber } from "./document-numbers.ts";
import { leaveToProvider } from "./payments/owed.ts";
import type { PeriodRow } from "./periods.ts";
import { customerOf, lockBilling, type ProfileRow } from "./profile.ts";

/** Milliseconds after its end at which a period is billed: its last records have arrived by then. What is later is adjusted. */
const GRACE_MS = 3_600_000;
/** Workspaces looked at together. */
const AT_ONCE = 100;

/** Bills every period that is over, the earliest of each workspace first. One that fails holds up no other. */
export async function settlePeriods(ctx: Context): Promise<void> {
  const { workspaceId } = workspaceQuotas;
  for (let after = ""; ; ) {
    const due = await ctx.db
      .selectDistinct({ workspaceId })
      .from(workspaceQuotas)
      .where(and(isNull(workspaceQuotas.ratedTo), lte(workspaceQuotas.periodEnd, dueBy(ctx)), sql`${workspaceId} > ${after}`))
      .orderBy(asc(workspaceId))
      .limit(AT_ONCE);
    for (const workspace of due) {
      await settleWorkspace(ctx, workspace.workspaceId).catch((error: unknown) =>
        ctx.log.error("a period could not be billed", error, { workspace_id: workspace.workspaceId }),
      );
    }
    const last = due.at(-1);
    if (last === undefined) return;
    after = last.workspaceId;
  }
}

/** Bills the periods of a workspace that are over. Any number of calls, at once or later, make one invoice a period. */
export async function settleWorkspace(ctx: Context, workspaceId: string): Promise<void> {
  while (await ctx.transaction((tx) => settleNext(ctx, tx, workspaceId)));
}

function dueBy(ctx: Context): Date {
  return new Date(ctx.clock.now() - GRACE_MS);
}

/** Bills the earliest period that is due; `false` when there is none. */
async function settleNext(ctx: Context, tx: Transaction, workspaceId: string): Promise<boolean> {
  const profile = await lockBilling(tx, workspaceId);
  const [row] = await tx
    .select()
    .from(workspaceQuotas)
    .where(and(eq(workspaceQuotas.workspaceId, workspaceId), isNull(workspaceQuotas.ratedTo), lte(workspaceQuotas.periodEnd, dueBy(ctx))))
    .orderBy(asc(workspaceQuotas.periodStart))
    .limit(1);
  if (!row) return false;
  // Held, so that the hours stay at this position until the lines are written.
  const [watermark] = await tx.select({ position: usageWatermark.position }).from(usageWatermark).for("share");
  if (!watermark) throw new Error("the watermark is not seeded");
  const { position } = watermark;
  const bill = await billOf(ctx, tx, row, position);
  if (bill.lines.length > 0) await writeInvoice(ctx, tx, row, profile, bill);
  await tx
    .update(workspaceQuotas)
    .set({ ratedTo: position })
    .where(and(eq(workspaceQuotas.workspaceId, workspaceId), eq(workspaceQuotas.periodStart, row.periodStart)));
  return true;
}

async function writeInvoice(ctx: Context, tx: Transaction, row: PeriodRow, profile: ProfileRow, bill: Bill): Promise<void> {
  const { lines, totalMinor, ...amounts } = bill;
  const now = new Date(ctx.clock.now());
  const id = ctx.newId("invoice");
  const { workspaceId, periodStart, periodEnd } = row;
  await tx.insert(invoices).values({
    id,
    workspaceId,
    number: await nextNumber(tx, "invoice"),
    status: totalMinor === 0 ? "paid" : "open",
    periodStart,
    periodEnd,
    timeZone: profile.timeZone,
    customer: customerOf(profile),
    ...amounts,
    totalMinor,
    issuedAt: now,
    paidAt: totalMinor === 0 ? now : null,
    createdAt: now,
  });
  await tx.insert(invoiceLines).values(
    lines.map(({ coversStart, coversEnd, ...line }, index) => ({
      ...line,
      invoiceId: id,
      line: index + 1,
      workspaceId,
      coversStart: new Date(coversStart),
      coversEnd: new Date(coversEnd),
    })),
  );
  if (totalMinor > 0) await leaveToProvider(ctx, tx, workspaceId, id);
}
