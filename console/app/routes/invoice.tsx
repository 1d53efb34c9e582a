import { Link } from "react-router";
import { type CreditNote, type InvoiceDetails, type InvoiceLine, invoiceDetailsSchema } from "../api/billing-schemas.ts";
import { readOne } from "../api/client.server.ts";
import { formatMoney, formatPrice, formatQuantity } from "../billing/format.ts";
import { InvoiceStatus } from "../billing/invoice-status.tsx";
import { Card } from "../components/card.tsx";
import { Moment } from "../components/moment.tsx";
import { Heading, Title } from "../components/page.tsx";
import { Rows } from "../components/rows.tsx";
import { useLocale, useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/invoice.ts";
import { useWorkspace } from "./workspace.tsx";

export function loader({ params, context }: Route.LoaderArgs) {
  const path = `/workspaces/${encodeURIComponent(params.workspaceId)}/invoices/${encodeURIComponent(params.invoiceId)}`;
  return readOne(context.get(visitContext), path, invoiceDetailsSchema);
}

export default function InvoicePage({ loaderData: invoice }: Route.ComponentProps) {
  const text = useText();
  const { workspace } = useWorkspace();
  return (
    <div className="flex flex-col gap-6">
      <Title>{[text.invoice.title(invoice.number), workspace.name]}</Title>
      <Link to={paths.billing(workspace.id)} className="text-sm font-medium text-accent underline-offset-4 hover:underline">
        {text.invoice.all}
      </Link>
      <Heading title={text.invoice.title(invoice.number)}>
        {invoice.payment_url === null ? null : (
          <a
            href={invoice.payment_url}
            target="_blank"
            rel="noopener"
            className="inline-flex min-h-9 items-center gap-2 rounded-lg bg-accent px-3.5 py-1.5 text-sm font-medium text-on-accent hover:bg-accent-strong"
          >
            {text.invoice.pay} <span aria-hidden="true">↗</span>
          </a>
        )}
        <a
          href={paths.invoiceDownload(workspace.id, invoice.id)}
          download
          className="inline-flex min-h-9 items-center rounded-lg border border-line bg-surface px-3.5 py-1.5 text-sm font-medium hover:border-line-strong hover:bg-sunken"
        >
          {text.invoice.download}
        </a>
      </Heading>
      <Facts invoice={invoice} />
      <Lines invoice={invoice} />
      <Totals invoice={invoice} />
      {invoice.credit_notes.length === 0 ? null : <Credits notes={invoice.credit_notes} currency={invoice.currency} />}
    </div>
  );
}

function Facts({ invoice }: { readonly invoice: InvoiceDetails }) {
  const text = useText();
  const { customer } = invoice;
  return (
    <Card>
      <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-2 text-sm">
        <dt className="text-ink-soft">{text.billing.status}</dt>
        <dd>
          <InvoiceStatus {...invoice} />
        </dd>
        <dt className="text-ink-soft">{text.usage.period}</dt>
        <dd>
          <Moment at={invoice.period_start} zone={invoice.time_zone} day /> –{" "}
          <Moment at={invoice.period_end} zone={invoice.time_zone} day />
        </dd>
        {invoice.issued_at === null ? null : (
          <>
            <dt className="text-ink-soft">{text.invoice.issued}</dt>
            <dd>
              <Moment at={invoice.issued_at} day />
            </dd>
          </>
        )}
        {invoice.paid_at === null ? null : (
          <>
            <dt className="text-ink-soft">{text.invoice.paid}</dt>
            <dd>
              <Moment at={invoice.paid_at} day />
            </dd>
          </>
        )}
        <dt className="text-ink-soft">{text.invoice.customer}</dt>
        <dd className="min-w-0 break-words whitespace-pre-line">
          {[customer.name, customer.address, customer.tax_id, customer.email].filter((line) => line !== "").join("\n")}
        </dd>
      </dl>
    </Card>
  );
}

function Lines({ invoice }: { readonly invoice: InvoiceDetails }) {
  const text = useText();
  const locale = useLocale();
  const { currency, time_zone } = invoice;
  const quantity = ({ meter }: InvoiceLine, units: number | null) =>
    meter === null || units === null ? text.none : formatQuantity(meter, units, locale);
  return (
    <Rows
      label={text.invoice.lines}
      columns={[
        {
          header: text.invoice.description,
          kind: "title",
          cell: ({ kind, plan_name, meter }) => text.invoice.kinds[kind](plan_name ?? "", meter === null ? "" : text.usage.meters[meter]),
        },
        {
          header: text.invoice.covers,
          cell: ({ covers_start, covers_end }) => (
            <>
              <Moment at={covers_start} zone={time_zone} /> – <Moment at={covers_end} zone={time_zone} />
            </>
          ),
        },
        { header: text.invoice.used, kind: "number", cell: (line) => quantity(line, line.used) },
        { header: text.invoice.included, kind: "number", cell: (line) => quantity(line, line.included) },
        {
          header: text.invoice.unitPrice,
          kind: "number",
          cell: ({ unit_price }) => (unit_price === null ? text.none : formatPrice(unit_price, currency, locale)),
        },
        { header: text.invoice.amount, kind: "number", cell: ({ amount }) => formatMoney(amount, currency, locale) },
      ]}
      items={invoice.lines}
      keyOf={({ line }) => String(line)}
    />
  );
}

function Totals({ invoice }: { readonly invoice: InvoiceDetails }) {
  const text = useText();
  const locale = useLocale();
  const rate = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 2 }).format(invoice.tax_basis_points / 10_000);
  const money = (amount: string) => formatMoney(amount, invoice.currency, locale);
  const rows = [
    [text.invoice.subtotal, money(invoice.subtotal)],
    [text.invoice.tax(rate), money(invoice.tax)],
    [text.invoice.total, money(invoice.total)],
    [text.invoice.due, money(invoice.due)],
  ] as const;
  return (
    <dl className="ms-auto grid grid-cols-[auto_auto] gap-x-8 gap-y-1 px-4 text-sm">
      {rows.map(([label, amount]) => (
        <div key={label} className="contents">
          <dt className="text-ink-soft">{label}</dt>
          <dd className="text-end font-medium tabular-nums">{amount}</dd>
        </div>
      ))}
    </dl>
  );
}

function Credits({ notes, currency }: { readonly notes: readonly CreditNote[]; readonly currency: string }) {
  const text = useText();
  const locale = useLocale();
  return (
    <Card title={text.invoice.credits}>
      <Rows
        label={text.invoice.credits}
        columns={[
          { header: text.billing.number, kind: "title", cell: ({ number }) => number },
          { header: text.invoice.issued, cell: ({ created_at }) => <Moment at={created_at} day /> },
          { header: text.invoice.reason, cell: ({ reason }) => reason },
          { header: text.invoice.amount, kind: "number", cell: ({ amount }) => formatMoney(amount, currency, locale) },
        ]}
        items={notes}
        keyOf={({ id }) => id}
      />
    </Card>
  );
}
