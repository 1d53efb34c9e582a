import type { InvoiceDetails } from "../invoices.ts";
import { daysOf, type InvoiceLineView } from "../line-view.ts";
import { decimalOf } from "../money.ts";
import { PdfDocument } from "./document.ts";

const LEFT = 48;
const RIGHT = 547;
/** Right ends of the columns with numbers. */
const COLUMNS = { used: 352, included: 412, price: 470, amount: RIGHT } as const;
const ROW = 15;
/** Below this, a page is full. */
const BOTTOM = 780;
/** Characters of a description's line: those that fit before the first column. */
const WRAP_AT = 52;

/** Where the next row goes; begins a page when one is full. */
class Sheet {
  readonly document = new PdfDocument();
  y = BOTTOM;

  room(rows: number): void {
    if (this.y + rows * ROW <= BOTTOM) return;
    this.document.addPage();
    this.y = 64;
  }

  next(rows = 1): void {
    this.y += rows * ROW;
  }
}

/** An invoice as a PDF file: the same numbers as the API's. */
export function invoicePdf(invoice: InvoiceDetails): Uint8Array {
  const sheet = new Sheet();
  sheet.room(12);
  heading(sheet, invoice);
  tableHead(sheet, invoice.currency);
  for (const line of invoice.lines) row(sheet, line, invoice.currency);
  totals(sheet, invoice);
  for (const note of invoice.credit_notes) {
    pair(sheet, `Credit note ${note.number}, ${note.created_at.slice(0, 10)}`, `-${note.amount}`);
  }
  return sheet.document.bytes();
}

function heading(sheet: Sheet, invoice: InvoiceDetails): void {
  const { document } = sheet;
  document.text(LEFT, sheet.y, `Invoice ${invoice.number}`, { size: 18, bold: true });
  sheet.next(2);
  const { customer } = invoice;
  const facts = [
    `Issued ${invoice.issued_at?.slice(0, 10) ?? ""}`,
    `Period ${daysOf(Date.parse(invoice.period_start), Date.parse(invoice.period_end), invoice.time_zone)} (${invoice.time_zone})`,
    `Status ${invoice.status}`,
  ];
  const address = [
    customer.name,
    ...customer.address.split("\n"),
    customer.tax_id === "" ? "" : `Tax id ${customer.tax_id}`,
    customer.email,
  ];
  for (const line of [...facts, "", ...address.filter((text) => text.trim() !== "")].flatMap((text) => wrap(text, 90))) {
    sheet.room(1);
    document.text(LEFT, sheet.y, line);
    sheet.next();
  }
  sheet.next();
}

function tableHead(sheet: Sheet, currency: string): void {
  const { document } = sheet;
  sheet.room(3);
  const head = { bold: true, right: true } as const;
  document.text(LEFT, sheet.y, "Description", { bold: true });
  document.text(COLUMNS.used, sheet.y, "Used", head);
  document.text(COLUMNS.included, sheet.y, "Included", head);
  document.text(COLUMNS.price, sheet.y, "Unit price", head);
  document.text(COLUMNS.amount, sheet.y, currency, head);
  document.rule(LEFT, sheet.y + 5, RIGHT);
  sheet.next(1.25);
}

function row(sheet: Sheet, line: InvoiceLineView, currency: string): void {
  const { document } = sheet;
  const description = wrap(line.description, WRAP_AT);
  sheet.room(description.length);
  const number = { right: true } as const;
  if (line.used !== null) document.text(COLUMNS.used, sheet.y, String(line.used), number);
  if (line.included !== null) document.text(COLUMNS.included, sheet.y, String(line.included), number);
  if (line.unit_price !== null) document.text(COLUMNS.price, sheet.y, line.unit_price, number);
  document.text(COLUMNS.amount, sheet.y, decimalOf(line.amount_minor, currency), number);
  for (const text of description) {
    document.text(LEFT, sheet.y, text);
    sheet.next();
  }
}

function totals(sheet: Sheet, invoice: InvoiceDetails): void {
  sheet.room(6);
  sheet.document.rule(LEFT, sheet.y - 8, RIGHT);
  sheet.next(0.5);
  pair(sheet, "Subtotal", invoice.subtotal);
  pair(sheet, `Tax ${decimalOf(invoice.tax_basis_points, "USD")} %`, invoice.tax);
  pair(sheet, `Total ${invoice.currency}`, invoice.total, true);
  pair(sheet, "To be paid", invoice.due);
}

function pair(sheet: Sheet, label: string, amount: string, bold = false): void {
  sheet.room(1);
  sheet.document.text(COLUMNS.used - 40, sheet.y, label, { bold });
  sheet.document.text(COLUMNS.amount, sheet.y, amount, { bold, right: true });
  sheet.next();
}

/** Breaks a text into lines, at spaces where there are any. */
function wrap(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ").flatMap((one) => one.match(new RegExp(`.{1,${width}}`, "gsu")) ?? [""])) {
    const last = lines.at(-1) ?? "";
    if (last === "") lines[lines.length - 1] = word;
    else if (last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
