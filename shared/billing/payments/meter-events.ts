import { and, asc, eq, gt, inArray, isNull, lte, or, sql } from "drizzle-orm";
import type { Context } from "#platform/context";
import { type Meter, meterEvents, paymentCustomers, usageHours } from "#platform/schema";
import { meterNames, paymentProvider } from "./configured.ts";
import type { PaymentProvider } from "./port.ts";

const HOUR_MS = 3_600_000;
/** Milliseconds after its end at which an hour is told: most of its records have arrived by then. What is later is told by itself. */
const GRACE_MS = HOUR_MS / 4;
/** Stripe takes events of the past 35 days; a day of them is kept for what has to be sent again. */
const TOLD_MS = 34 * 24 * HOUR_MS;
/** Stripe knows an identifier for at least a day. What was offered longer ago without an answer may have been counted already. */
const OFFERED_AGAIN_MS = 23 * HOUR_MS;
/** Events sent together. */
const AT_ONCE = 20;

type MeterRow = typeof meterEvents.$inferSelect;

/**
 * Tells the payment provider what its customers have used, by hours, each quantity once. First what is to be told is written
 * down, then that it is being offered, then it is sent under an identifier made of its row, then that it was sent. So after a
 * crash anywhere it is offered again under the same identifier, as long as the provider would know it; after that, never.
 */
export async function sendMeterEvents(ctx: Context): Promise<void> {
  const names = meterNames(ctx.env);
  const provider = names.size === 0 ? null : await paymentProvider(ctx);
  if (!provider) return;
  await writeDown(ctx, [...names.keys()]);
  for (let after: MeterRow | undefined; ; ) {
    const due = await unsent(ctx, [...names.keys()], after);
    const outcomes = await Promise.allSettled(due.map((offer) => send(ctx, provider, offer, names.get(offer.event.meter) ?? "")));
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed) throw failed.reason;
    after = due.at(-1)?.event;
    if (after === undefined) break;
  }
  await reportDoubtful(ctx);
}

/**
 * Writes down what finished hours have come to beyond what was written down of them before. Of two that do so at the same time
 * one finds the number taken, and leaves the rest to the next call.
 */
async function writeDown(ctx: Context, meters: readonly Meter[]): Promise<void> {
  const [from, to] = [ctx.clock.now() - TOLD_MS, ctx.clock.now() - HOUR_MS - GRACE_MS].map((at) => new Date(at).toISOString());
  const told = sql`
    SELECT ${meterEvents.workspaceId} AS workspace_id, ${meterEvents.meter} AS meter, ${meterEvents.hour} AS hour,
      sum(${meterEvents.quantity}) AS quantity, max(${meterEvents.sequence}) AS sequence
    FROM ${meterEvents} WHERE ${meterEvents.hour} >= ${from}::timestamptz GROUP BY 1, 2, 3`;
  const used = sql`
    SELECT ${usageHours.workspaceId} AS workspace_id, ${usageHours.meter} AS meter, ${usageHours.hour} AS hour, sum(${usageHours.quantity}) AS quantity
    FROM ${usageHours} JOIN ${paymentCustomers} ON ${paymentCustomers.workspaceId} = ${usageHours.workspaceId}
    WHERE ${usageHours.hour} >= ${from}::timestamptz AND ${usageHours.hour} <= ${to}::timestamptz
      AND ${usageHours.meter} IN (${sql.join(
        meters.map((meter) => sql`${meter}`),
        sql`, `,
      )})
    GROUP BY 1, 2, 3`;
  await ctx.db.execute(sql`
    INSERT INTO ${meterEvents} (workspace_id, meter, hour, sequence, quantity)
    SELECT used.workspace_id, used.meter, used.hour, coalesce(told.sequence, 0) + 1, used.quantity - coalesce(told.quantity, 0)
    FROM (${used}) AS used LEFT JOIN (${told}) AS told USING (workspace_id, meter, hour)
    WHERE used.quantity <> coalesce(told.quantity, 0)
    ON CONFLICT DO NOTHING`);
}

interface Offer {
  readonly event: MeterRow;
  readonly customer: string;
}

/** The next rows that may be offered: never before, or so recently that the provider would know them. */
function unsent(ctx: Context, meters: readonly Meter[], after: MeterRow | undefined): Promise<Offer[]> {
  const { workspaceId, hour, meter, sequence } = meterEvents;
  const beyond =
    after &&
    sql`(${hour}, ${workspaceId}, ${meter}, ${sequence})
      > (${after.hour.toISOString()}::timestamptz, ${after.workspaceId}, ${after.meter}, ${after.sequence}::integer)`;
  return ctx.db
    .select({ event: meterEvents, customer: paymentCustomers.reference })
    .from(meterEvents)
    .innerJoin(paymentCustomers, eq(paymentCustomers.workspaceId, workspaceId))
    .where(and(mayBeOffered(ctx), gt(hour, new Date(ctx.clock.now() - TOLD_MS)), inArray(meter, [...meters]), beyond))
    .orderBy(asc(hour), asc(workspaceId), asc(meter), asc(sequence))
    .limit(AT_ONCE);
}

function mayBeOffered(ctx: Context) {
  const since = new Date(ctx.clock.now() - OFFERED_AGAIN_MS);
  return and(isNull(meterEvents.sentAt), or(isNull(meterEvents.offeredAt), gt(meterEvents.offeredAt, since)));
}

async function send(ctx: Context, provider: PaymentProvider, { event, customer }: Offer, name: string): Promise<void> {
  const { workspaceId, meter, hour, sequence, quantity } = event;
  const row = and(
    eq(meterEvents.workspaceId, workspaceId),
    eq(meterEvents.meter, meter),
    eq(meterEvents.hour, hour),
    eq(meterEvents.sequence, sequence),
  );
  const now = new Date(ctx.clock.now());
  const offeredAt = sql`coalesce(${meterEvents.offeredAt}, ${now.toISOString()}::timestamptz)`;
  const [offered] = await ctx.db
    .update(meterEvents)
    .set({ offeredAt })
    .where(and(row, mayBeOffered(ctx)))
    .returning();
  if (!offered) return;
  const identifier = `${workspaceId}:${meter}:${hour.toISOString().slice(0, 13)}:${sequence}`;
  if (await provider.meter({ identifier, name, customer, quantity, at: hour.getTime() })) {
    await ctx.db.update(meterEvents).set({ sentAt: now }).where(row);
    return;
  }
  ctx.log.warn("a meter event was refused", { workspace_id: workspaceId, identifier });
  // Refused now does not mean that it was not counted before.
  if (event.offeredAt === null) await ctx.db.update(meterEvents).set({ offeredAt: null }).where(row);
}

/** Says how many quantities may have been told or not: whoever runs the deployment can look for their identifiers at the provider. */
async function reportDoubtful(ctx: Context): Promise<void> {
  const since = new Date(ctx.clock.now() - OFFERED_AGAIN_MS);
  const doubtful = await ctx.db.$count(meterEvents, and(isNull(meterEvents.sentAt), lte(meterEvents.offeredAt, since)));
  if (doubtful > 0) ctx.log.warn("meter events were offered and never answered", { count: doubtful });
}
