import { createRoute, z } from "@hono/zod-openapi";
import {
  addCreditNote,
  eventsOfLine,
  getInvoice,
  type InvoiceDetails,
  invoicePdf,
  listInvoices,
  markInvoicePaid,
  upcomingInvoice,
} from "#billing";
import { pageQuerySchema } from "#platform/pages";
import { invoiceDetailsSchema, invoiceSchema, ledgerEventSchema, upcomingSchema } from "./invoice-schema.ts";
import { byOperator, inBilling } from "./operators.ts";
import { createRouter, dataOf, jsonBody, jsonContent, pageOf, problemResponses } from "./router.ts";

const tags = ["Billing"];
const parameters = z.object({ id: z.string() });
const ofInvoice = parameters.extend({ invoice_id: z.string() });
const ofLine = ofInvoice.extend({ line: z.coerce.number().int().min(1) });

const PDF = ".pdf";

function pdfResponse(invoice: InvoiceDetails): Response {
  return new Response(invoicePdf(invoice).slice(), {
    headers: { "Content-Type": "application/pdf", "Content-Disposition": `attachment; filename="${invoice.number}.pdf"` },
  });
}

/** What the handlers answer: the same invoice, with lists that the schema may own. */
function shown(invoice: InvoiceDetails) {
  return { ...invoice, lines: [...invoice.lines], credit_notes: [...invoice.credit_notes] };
}

export const invoicesRouter = createRouter()
  .openapi(
    createRoute({
      method: "get",
      path: "/workspaces/{id}/invoices",
      tags,
      summary: "The workspace's invoices, newest first",
      ...inBilling("billing:read"),
      request: { params: parameters, query: pageQuerySchema },
      responses: { 200: jsonContent(pageOf(invoiceSchema), "A page of invoices"), ...problemResponses },
    }),
    async (c) => c.json(await listInvoices(c.get("ctx"), c.get("workspaceId"), c.req.valid("query")), 200),
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/workspaces/{id}/invoices/upcoming",
      tags,
      summary: "The invoice of the current period as it stands",
      ...inBilling("billing:read"),
      request: { params: parameters },
      responses: { 200: jsonContent(dataOf(upcomingSchema), "The invoice so far"), ...problemResponses },
    }),
    async (c) => {
      const { lines, meters, ...invoice } = await upcomingInvoice(c.get("ctx"), c.get("workspaceId"));
      return c.json({ data: { ...invoice, lines: [...lines], meters: [...meters] } }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/workspaces/{id}/invoices/{invoice_id}",
      tags,
      summary: "An invoice; as a PDF with `.pdf` behind its id",
      ...inBilling("billing:read"),
      request: { params: ofInvoice },
      responses: {
        200: {
          description: "The invoice",
          content: {
            "application/json": { schema: dataOf(invoiceDetailsSchema) },
            "application/pdf": { schema: z.string().openapi({ format: "binary" }) },
          },
        },
        ...problemResponses,
      },
    }),
    async (c) => {
      const { invoice_id } = c.req.valid("param");
      const invoice = await getInvoice(c.get("ctx"), c.get("workspaceId"), invoice_id.replace(/\.pdf$/, ""));
      return invoice_id.endsWith(PDF) ? pdfResponse(invoice) : c.json({ data: shown(invoice) }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/workspaces/{id}/invoices/{invoice_id}/lines/{line}/events",
      tags,
      summary: "The events that a line of an invoice adds up",
      ...inBilling("billing:read"),
      request: { params: ofLine, query: pageQuerySchema },
      responses: { 200: jsonContent(pageOf(ledgerEventSchema), "A page of events, in the order of their ids"), ...problemResponses },
    }),
    async (c) => {
      const { invoice_id, line } = c.req.valid("param");
      return c.json(await eventsOfLine(c.get("ctx"), c.get("workspaceId"), invoice_id, line, c.req.valid("query")), 200);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/workspaces/{id}/invoices/{invoice_id}/mark-paid",
      tags,
      summary: "Note that an invoice was paid (operators)",
      ...byOperator(),
      request: { params: ofInvoice },
      responses: { 200: jsonContent(dataOf(invoiceDetailsSchema), "The invoice"), ...problemResponses },
    }),
    async (c) => {
      const invoice = await markInvoicePaid(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").invoice_id);
      return c.json({ data: shown(invoice) }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/workspaces/{id}/invoices/{invoice_id}/credit-notes",
      tags,
      summary: "Give back a part of an invoice, or all of it (operators)",
      ...byOperator(),
      request: {
        params: ofInvoice,
        body: jsonBody(
          z.strictObject({
            amount_minor: z.number().int().positive().openapi({ description: "Minor units of the currency, tax included" }),
            reason: z.string().trim().min(1).max(500),
          }),
        ),
      },
      responses: { 201: jsonContent(dataOf(invoiceDetailsSchema), "The invoice"), ...problemResponses },
    }),
    async (c) => {
      const invoice = await addCreditNote(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").invoice_id, c.req.valid("json"));
      return c.json({ data: shown(invoice) }, 201);
    },
  );
