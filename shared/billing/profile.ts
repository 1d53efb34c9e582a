import { eq } from "drizzle-orm";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import type { Transaction } from "#platform/db";
import { notFound, validationFailed } from "#platform/errors";
import { auditLogs, billingProfiles, type InvoiceCustomer, workspaces } from "#platform/schema";
import { isTimeZone } from "./calendar.ts";

/** Whom invoices are made out to, and when periods begin. */
export interface BillingProfile {
  readonly customer_name: string;
  /** Lines, parted by line breaks. */
  readonly address: string;
  readonly tax_id: string;
  readonly email: string;
  /** IANA name. */
  readonly time_zone: string;
  /** 1 to 31. */
  readonly anchor_day: number;
}

export type ProfileRow = typeof billingProfiles.$inferSelect;

function present(row: ProfileRow): BillingProfile {
  return {
    customer_name: row.customerName,
    address: row.address,
    tax_id: row.taxId,
    email: row.email,
    time_zone: row.timeZone,
    anchor_day: row.anchorDay,
  };
}

/** The customer as an invoice shows it. */
export function customerOf({ customerName, address, taxId, email }: ProfileRow): InvoiceCustomer {
  return { name: customerName, address, tax_id: taxId, email };
}

/**
 * Takes the workspace's billing until the transaction ends, so that opening and billing periods, changes of plan and of the
 * profile happen one after the other. Errors: `not_found`.
 */
export async function lockBilling(tx: Transaction, workspaceId: string): Promise<ProfileRow> {
  const [workspace] = await tx.select({ name: workspaces.name }).from(workspaces).where(eq(workspaces.id, workspaceId));
  if (!workspace) throw notFound("The workspace");
  await tx.insert(billingProfiles).values({ workspaceId, customerName: workspace.name }).onConflictDoNothing();
  const [row] = await tx.select().from(billingProfiles).where(eq(billingProfiles.workspaceId, workspaceId)).for("update");
  if (!row) throw notFound("The workspace");
  return row;
}

/** The workspace's billing profile; made, with the workspace's name, when it is first asked for. */
export async function getBillingProfile(ctx: Context, workspaceId: string): Promise<BillingProfile> {
  const [row] = await ctx.db.select().from(billingProfiles).where(eq(billingProfiles.workspaceId, workspaceId));
  return present(row ?? (await ctx.transaction((tx) => lockBilling(tx, workspaceId))));
}

/**
 * Changes a billing profile. Time zone and anchor day hold from the end of the current period on; the rest is printed on the
 * next invoice. Errors: `validation_failed`.
 */
export async function updateBillingProfile(
  ctx: Context,
  workspaceId: string,
  change: { readonly [Field in keyof BillingProfile]?: BillingProfile[Field] | undefined },
): Promise<BillingProfile> {
  const { time_zone } = change;
  if (time_zone !== undefined && !isTimeZone(time_zone)) {
    throw validationFailed([
      { path: "time_zone", code: "invalid_time_zone", message: "Give the IANA name of a time zone, such as Europe/Berlin." },
    ]);
  }
  return ctx.transaction(async (tx) => {
    const before = present(await lockBilling(tx, workspaceId));
    const [row] = await tx
      .update(billingProfiles)
      .set({
        customerName: change.customer_name,
        address: change.address,
        taxId: change.tax_id,
        email: change.email,
        timeZone: time_zone,
        anchorDay: change.anchor_day,
        updatedAt: new Date(ctx.clock.now()),
      })
      .where(eq(billingProfiles.workspaceId, workspaceId))
      .returning();
    if (!row) throw notFound("The workspace");
    const after = present(row);
    const target = { workspaceId, targetType: "billing_profile", targetId: workspaceId };
    await tx.insert(auditLogs).values(auditRow(ctx, { ...target, action: "billing_profile.updated", before, after }));
    return after;
  });
}
