import { z } from "zod";
import { AppError } from "#platform/errors";
import type { Collection, CreditToGive, InvoiceToCollect, PaymentProvider } from "../port.ts";
import { stripeAmount } from "./amounts.ts";
import type { StripeClient } from "./client.ts";

/** Days that a customer has to pay. */
const DAYS_UNTIL_DUE = 14;
const DAY_SECONDS = 86_400;

const metadata = z.record(z.string(), z.string()).nullish();

const invoiceSchema = z.object({
  id: z.string(),
  status: z.enum(["draft", "open", "paid", "uncollectible", "void"]),
  /** Whether somebody has tried to pay it. */
  attempted: z.boolean(),
  total: z.number().int(),
  hosted_invoice_url: z.string().nullish(),
  lines: z.object({ data: z.array(z.unknown()) }),
  metadata,
});
type StripeInvoice = z.infer<typeof invoiceSchema>;

const invoicesSchema = z.object({ data: z.array(invoiceSchema) });
const notesSchema = z.object({ data: z.array(z.object({ metadata })) });

function collectionOf({ id, status, attempted, hosted_invoice_url }: StripeInvoice): Collection {
  const unpaid = attempted ? "payment_failed" : "open";
  return { reference: id, status: status === "draft" || status === "open" ? unpaid : status, paymentUrl: hosted_invoice_url ?? null };
}

/**
 * Invoices at Stripe, which have the number and the lines of ours (https://docs.stripe.com/invoicing). Each step is looked for
 * before it is made, since Stripe forgets an idempotency key after a day; the key is for two that look at the same time.
 */
export function stripeInvoices(client: StripeClient): Pick<PaymentProvider, "collect" | "read" | "credit" | "paidElsewhere"> {
  const fetched = (reference: string) => client.need(invoiceSchema, { method: "GET", path: `invoices/${reference}` });

  async function find({ id, customer, issuedAt }: InvoiceToCollect): Promise<StripeInvoice | undefined> {
    // Ours is older than its counterpart, whatever the two clocks say.
    const created = { gte: Math.floor(issuedAt / 1_000) - DAY_SECONDS };
    const form = { customer, created, limit: 100 };
    const { data } = await client.need(invoicesSchema, { method: "GET", path: "invoices", form });
    return data.find((invoice) => invoice.metadata?.["invoice_id"] === id);
  }

  function draft({ id, number, customer, currency }: InvoiceToCollect): Promise<StripeInvoice> {
    return client.need(invoiceSchema, {
      method: "POST",
      path: "invoices",
      form: {
        customer,
        currency: currency.toLowerCase(),
        number,
        collection_method: "send_invoice",
        days_until_due: DAYS_UNTIL_DUE,
        auto_advance: false,
        // What else the customer may owe there is no business of this invoice.
        pending_invoice_items_behavior: "exclude",
        metadata: { invoice_id: id },
      },
      key: `invoice:${id}`,
    });
  }

  function fill({ id: reference }: StripeInvoice, { id, currency, lines }: InvoiceToCollect): Promise<StripeInvoice> {
    const form = {
      lines: lines.map(({ description, amountMinor }) => ({ description, amount: stripeAmount(amountMinor, currency) })),
    };
    return client.need(invoiceSchema, { method: "POST", path: `invoices/${reference}/add_lines`, form, key: `invoice-lines:${id}` });
  }

  async function open(made: StripeInvoice, invoice: InvoiceToCollect): Promise<StripeInvoice> {
    if (made.status !== "draft") return made;
    // Lines are added all together, so a draft has all of them or none.
    const filled = made.lines.data.length > 0 ? made : await fill(made, invoice);
    if (filled.total !== stripeAmount(invoice.totalMinor, invoice.currency)) {
      throw new AppError("invalid_state", `Stripe makes ${filled.total} of invoice ${invoice.number} (${invoice.totalMinor}).`);
    }
    const form = { auto_advance: true };
    return client.need(invoiceSchema, {
      method: "POST",
      path: `invoices/${made.id}/finalize`,
      form,
      key: `invoice-open:${invoice.id}`,
    });
  }

  async function isCredited(reference: string, noteId: string): Promise<boolean> {
    const form = { invoice: reference, limit: 100 };
    const { data } = await client.need(notesSchema, { method: "GET", path: "credit_notes", form });
    return data.some((note) => note.metadata?.["credit_note_id"] === noteId);
  }

  return {
    async collect(invoice) {
      return collectionOf(await open((await find(invoice)) ?? (await draft(invoice)), invoice));
    },
    read: async (reference) => collectionOf(await fetched(reference)),
    async credit(reference, note) {
      const { status } = await fetched(reference);
      if (status === "void" || (await isCredited(reference, note.id))) return;
      const amount = stripeAmount(note.amountMinor, note.currency);
      const form = {
        invoice: reference,
        amount,
        memo: note.reason,
        metadata: { credit_note_id: note.id },
        ...(status === "paid" && wayBack(note, amount)),
      };
      await client.need(z.unknown(), { method: "POST", path: "credit_notes", form, key: `credit-note:${note.id}` });
    },
    async paidElsewhere(reference) {
      const { status } = await fetched(reference);
      if (status === "paid" || status === "void") return;
      const form = { paid_out_of_band: true };
      await client.need(z.unknown(), { method: "POST", path: `invoices/${reference}/pay`, form, key: `invoice-elsewhere:${reference}` });
    },
  };
}

/** How a paid amount goes back to the customer. */
function wayBack({ paidElsewhere }: CreditToGive, amount: number) {
  return paidElsewhere ? { out_of_band_amount: amount } : { refund_amount: amount };
}
