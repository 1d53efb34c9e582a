import { z } from "@hono/zod-openapi";
import { INVOICE_LINE_KINDS, INVOICE_STATUSES, METERS, PAYMENT_STATUSES } from "#platform/schema";

const minor = z.number().int().openapi({ description: "Minor units of the currency" });
const decimal = z.string().openapi({ description: "The same as a decimal number" });
const units = z.number().int().nullable();

const lineSchema = z
  .object({
    line: z.number().int().openapi({ description: "From 1, in the order shown" }),
    kind: z.enum(INVOICE_LINE_KINDS),
    description: z.string(),
    plan_name: z.string().nullable(),
    meter: z.enum(METERS).nullable(),
    covers_start: z.string(),
    covers_end: z.string(),
    used: units,
    included: units,
    billable: units.openapi({ description: "Units that have their price: those above what is included" }),
    unit_price: z.string().nullable(),
    amount_minor: minor,
    amount: decimal,
  })
  .openapi("InvoiceLine");

const customerSchema = z.object({ name: z.string(), address: z.string(), tax_id: z.string(), email: z.string() });

export const invoiceSchema = z
  .object({
    id: z.string(),
    number: z.string(),
    status: z.enum(INVOICE_STATUSES),
    period_start: z.string(),
    period_end: z.string(),
    time_zone: z.string(),
    currency: z.string(),
    customer: customerSchema,
    subtotal_minor: minor,
    subtotal: decimal,
    tax_basis_points: z.number().int(),
    tax_minor: minor,
    tax: decimal,
    total_minor: minor,
    total: decimal,
    credited_minor: minor,
    due_minor: minor,
    due: decimal,
    issued_at: z.string().nullable(),
    paid_at: z.string().nullable(),
    payment_status: z
      .enum(PAYMENT_STATUSES)
      .nullable()
      .openapi({ description: "How it stands with the provider that collects it; null: it is paid by hand" }),
    payment_url: z.string().nullable().openapi({ description: "Where it can be paid" }),
  })
  .openapi("Invoice");

export const invoiceDetailsSchema = invoiceSchema
  .extend({
    lines: z.array(lineSchema),
    credit_notes: z.array(
      z.object({
        id: z.string(),
        number: z.string(),
        amount_minor: minor,
        amount: decimal,
        tax_minor: minor,
        reason: z.string(),
        created_at: z.string(),
      }),
    ),
  })
  .openapi("InvoiceDetails");

export const upcomingSchema = z
  .object({
    status: z.literal("draft"),
    period_start: z.string(),
    period_end: z.string(),
    time_zone: z.string(),
    currency: z.string(),
    customer: customerSchema,
    lines: z.array(lineSchema),
    subtotal_minor: minor,
    tax_basis_points: z.number().int(),
    tax_minor: minor,
    total_minor: minor,
    total: decimal,
    projected_total_minor: minor.openapi({ description: "What the period comes to if use goes on as it was" }),
    projected_total: decimal,
    meters: z.array(
      z.object({
        meter: z.enum(METERS),
        used: z.number().int(),
        included: units.openapi({ description: "Units that are included in the period; null is without limit" }),
        unit_price: z.string().nullable().openapi({ description: "Price of a unit above that; null: the meter stops there" }),
      }),
    ),
  })
  .openapi("UpcomingInvoice");

export const ledgerEventSchema = z
  .object({
    id: z.string(),
    run_id: z.string().nullable(),
    app_id: z.string().nullable(),
    meter: z.enum(METERS),
    quantity: z.number().int(),
    reason: z.string().nullable().openapi({ description: "Why a correction was made" }),
    occurred_at: z.string(),
    recorded_at: z.string(),
  })
  .openapi("UsageEvent");

export const billedEventSchema = ledgerEventSchema
  .extend({
    invoice_line: z
      .object({ invoice_id: z.string(), number: z.string(), line: z.number().int() })
      .nullable()
      .openapi({ description: "Where it was billed; null where it was not, or not yet" }),
  })
  .openapi("BilledUsageEvent");
