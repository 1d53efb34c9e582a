import type { ApiAnswer } from "../api-double.ts";
import type { DoubleClock } from "../double-clock.ts";
import { failure, formAt, itemsAt, list, type Parameters, textAt, textsAt } from "./wire.ts";

interface Line {
  readonly description: string;
  readonly amount: number;
}

/** An invoice as the account holds it. */
export interface Invoice {
  readonly id: string;
  readonly customer: string;
  readonly currency: string;
  readonly number: string;
  readonly created: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly lines: Line[];
  status: "draft" | "open" | "paid" | "uncollectible" | "void";
  attempted: boolean;
  paidOutOfBand: boolean;
}

interface CreditNote {
  readonly id: string;
  readonly invoice: string;
  readonly amount: number;
  readonly refunded: number;
  readonly outOfBand: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Invoices and credit notes, as far as billing uses them. */
export function createInvoices(clock: DoubleClock) {
  const invoices: Invoice[] = [];
  const notes: CreditNote[] = [];
  const totalOf = ({ lines }: Invoice) => lines.reduce((sum, { amount }) => sum + amount, 0);
  const creditedOf = ({ id }: Invoice) =>
    notes.filter(({ invoice }) => invoice === id).reduce((sum, { amount, refunded, outOfBand }) => sum + amount - refunded - outOfBand, 0);

  function onWire(invoice: Invoice): object {
    const { id, customer, currency, number, created, metadata, lines, status, attempted } = invoice;
    return {
      id,
      object: "invoice",
      customer,
      currency,
      number,
      created,
      metadata,
      status,
      attempted,
      collection_method: "send_invoice",
      total: totalOf(invoice),
      amount_remaining: status === "paid" ? 0 : totalOf(invoice) - creditedOf(invoice),
      hosted_invoice_url: status === "draft" ? null : `https://invoice.stripe.com/i/acct_double/${id}`,
      lines: { object: "list", data: lines.map((line, index) => ({ id: `il_${index}`, object: "line_item", ...line })), has_more: false },
    };
  }

  const found = (invoice: Invoice): ApiAnswer => ({ status: 200, body: onWire(invoice) });
  const find = (id: string) => invoices.find((invoice) => invoice.id === id);

  function create(form: Parameters): ApiAnswer {
    const number = textAt(form, "number") ?? "";
    if (invoices.some((invoice) => invoice.number === number)) return failure(400, "An invoice with this number already exists.");
    const invoice: Invoice = {
      id: `in_${invoices.length + 1}`,
      customer: textAt(form, "customer") ?? "",
      currency: textAt(form, "currency") ?? "usd",
      number,
      created: Math.floor(clock.now() / 1_000),
      metadata: textsAt(form, "metadata"),
      lines: [],
      status: "draft",
      attempted: false,
      paidOutOfBand: false,
    };
    invoices.push(invoice);
    return found(invoice);
  }

  function addLines(invoice: Invoice, form: Parameters): ApiAnswer {
    if (invoice.status !== "draft") return failure(400, "Only a draft invoice can be changed.", "invoice_not_editable");
    for (const line of itemsAt(form, "lines")) {
      invoice.lines.push({ description: textAt(line, "description") ?? "", amount: Number(textAt(line, "amount")) });
    }
    return found(invoice);
  }

  function finalize(invoice: Invoice): ApiAnswer {
    if (invoice.status !== "draft") return failure(400, "This invoice is already finalized.", "invoice_not_editable");
    invoice.status = totalOf(invoice) === 0 ? "paid" : "open";
    return found(invoice);
  }

  function pay(invoice: Invoice, form: Parameters): ApiAnswer {
    if (invoice.status !== "open" && invoice.status !== "uncollectible") return failure(400, "Invoice is already paid");
    if (textAt(form, "paid_out_of_band") !== "true") return failure(402, "Your card was declined.", "card_declined", "card_error");
    invoice.status = "paid";
    invoice.paidOutOfBand = true;
    return found(invoice);
  }

  function credit(form: Parameters): ApiAnswer {
    const invoice = find(textAt(form, "invoice") ?? "");
    if (!invoice) return failure(404, "No such invoice", "resource_missing");
    const [amount, refunded, outOfBand] = ["amount", "refund_amount", "out_of_band_amount"].map((name) => Number(textAt(form, name) ?? 0));
    if (amount === undefined || refunded === undefined || outOfBand === undefined) return failure(400, "Missing required param: amount.");
    const back = refunded + outOfBand;
    if (invoice.status === "paid" ? back !== amount : back !== 0) return failure(400, "The amounts of the credit note do not add up.");
    if (refunded > 0 && invoice.paidOutOfBand) return failure(400, "There is no payment that could be refunded.");
    const note = { id: `cn_${notes.length + 1}`, invoice: invoice.id, amount, refunded, outOfBand, metadata: textsAt(form, "metadata") };
    notes.push(note);
    if (invoice.status === "open" && totalOf(invoice) === creditedOf(invoice)) invoice.status = "paid";
    return { status: 200, body: { ...note, object: "credit_note" } };
  }

  function ofInvoice(method: string, id: string, part: string | undefined, form: Parameters): ApiAnswer {
    const invoice = find(id);
    if (!invoice) return failure(404, `No such invoice: '${id}'`, "resource_missing");
    switch (`${method} ${part ?? ""}`) {
      case "GET ":
        return found(invoice);
      case "POST add_lines":
        return addLines(invoice, form);
      case "POST finalize":
        return finalize(invoice);
      case "POST pay":
        return pay(invoice, form);
      default:
        return failure(404, "Unrecognized request URL.");
    }
  }

  function change(id: string, apply: (invoice: Invoice) => void): void {
    const invoice = find(id);
    if (!invoice) throw new Error(`there is no invoice ${id}`);
    apply(invoice);
  }

  return {
    all: invoices,
    notes,
    respond(method: string, [id, part]: readonly string[], form: Parameters): ApiAnswer {
      if (id !== undefined) return ofInvoice(method, id, part, form);
      if (method === "POST") return create(form);
      const since = Number(textAt(formAt(form, "created"), "gte") ?? 0);
      const customer = textAt(form, "customer");
      return list(invoices.filter((one) => one.customer === customer && one.created >= since).map(onWire), "/v1/invoices");
    },
    respondNotes(method: string, form: Parameters): ApiAnswer {
      if (method === "POST") return credit(form);
      return list(
        notes.filter(({ invoice }) => invoice === textAt(form, "invoice")),
        "/v1/credit_notes",
      );
    },
    /** What customers, and who runs the account, do at Stripe itself. */
    failPayment: (id: string) => change(id, (invoice) => Object.assign(invoice, { attempted: true })),
    payOnline: (id: string) => change(id, (invoice) => Object.assign(invoice, { status: "paid", attempted: true })),
    voidInvoice: (id: string) => change(id, (invoice) => Object.assign(invoice, { status: "void" })),
  };
}
