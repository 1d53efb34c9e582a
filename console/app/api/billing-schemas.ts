import { z } from "zod";
import { INVOICE_LINE_KINDS, INVOICE_STATUSES, METERS, PAYMENT_STATUSES } from "./words.ts";

/*
 * What the console reads of the API's answers about money. Amounts are decimal numbers: the console shows them, it never computes with them.
 */

const time = z.string();
const meter = z.enum(METERS);
const units = z.number().nullable();

const pointSchema = z.object({ at: time, meter, quantity: z.number() });
export type UsagePoint = z.infer<typeof pointSchema>;

export const usageSchema = z.object({ points: z.array(pointSchema).default([]) });

export const upcomingSchema = z.object({
  currency: z.string(),
  total: z.string(),
  projected_total: z.string(),
  meters: z.array(z.object({ meter, used: z.number(), included: units, unit_price: z.string().nullable() })),
});

export const planSchema = z.object({
  code: z.string(),
  name: z.string(),
  currency: z.string(),
  price_minor: z.number(),
  limits: z.partialRecord(meter, units),
  overage_micros: z.partialRecord(meter, z.number()),
});
export type Plan = z.infer<typeof planSchema>;

export const planStateSchema = z.object({ plan: z.string(), next_plan: z.string().nullable(), period_start: time, period_end: time });
export type PlanState = z.infer<typeof planStateSchema>;

export const previewSchema = z.object({
  when: z.enum(["now", "period_end"]),
  effective_at: time,
  currency: z.string(),
  lines: z.array(z.object({ kind: z.enum(INVOICE_LINE_KINDS), plan_name: z.string().nullable(), amount_minor: z.number() })),
  total: z.string(),
});
export type Preview = z.infer<typeof previewSchema>;

export const profileSchema = z.object({
  customer_name: z.string(),
  address: z.string(),
  tax_id: z.string(),
  email: z.string(),
  time_zone: z.string(),
  anchor_day: z.number(),
  payments: z.enum(["stripe", "manual"]),
});
export type Profile = z.infer<typeof profileSchema>;

export const invoiceSchema = z.object({
  id: z.string(),
  number: z.string(),
  status: z.enum(INVOICE_STATUSES),
  period_start: time,
  period_end: time,
  time_zone: z.string(),
  currency: z.string(),
  total: z.string(),
  due: z.string(),
  payment_status: z.enum(PAYMENT_STATUSES).nullable(),
  payment_url: z.url({ protocol: /^https$/ }).nullable(),
});
export type Invoice = z.infer<typeof invoiceSchema>;

const lineSchema = z.object({
  line: z.number(),
  kind: z.enum(INVOICE_LINE_KINDS),
  plan_name: z.string().nullable(),
  meter: meter.nullable(),
  covers_start: time,
  covers_end: time,
  used: units,
  included: units,
  unit_price: z.string().nullable(),
  amount: z.string(),
});
export type InvoiceLine = z.infer<typeof lineSchema>;

const creditNoteSchema = z.object({ id: z.string(), number: z.string(), amount: z.string(), reason: z.string(), created_at: time });
export type CreditNote = z.infer<typeof creditNoteSchema>;

export const invoiceDetailsSchema = invoiceSchema.extend({
  customer: z.object({ name: z.string(), address: z.string(), tax_id: z.string(), email: z.string() }),
  subtotal: z.string(),
  tax_basis_points: z.number(),
  tax: z.string(),
  issued_at: time.nullable(),
  paid_at: time.nullable(),
  lines: z.array(lineSchema),
  credit_notes: z.array(creditNoteSchema),
});
export type InvoiceDetails = z.infer<typeof invoiceDetailsSchema>;
