import { data, Link } from "react-router";
import { z } from "zod";
import { type Invoice, invoiceSchema, planSchema, planStateSchema, previewSchema, profileSchema } from "../api/billing-schemas.ts";
import { readOne, readPage, writeOnly } from "../api/client.server.ts";
import { formatMoney } from "../billing/format.ts";
import { InvoiceStatus } from "../billing/invoice-status.tsx";
import { NextPlan, PeriodDays, PlanChange, Plans } from "../billing/plans.tsx";
import { PROFILE_FIELDS, ProfileForm } from "../billing/profile-form.tsx";
import { Moment } from "../components/moment.tsx";
import { Empty, Heading, Title } from "../components/page.tsx";
import { Pager, pageQuery } from "../components/pager.tsx";
import { ProblemNote } from "../components/problem.tsx";
import { type Column, Rows } from "../components/rows.tsx";
import { redirectWithFlash } from "../flash.ts";
import { entry, readForm } from "../form.ts";
import { useLocale, useText } from "../i18n/use-text.ts";
import { paths } from "../paths.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/billing.ts";
import { useWorkspace } from "./workspace.tsx";

const apiPath = (workspaceId: string) => `/workspaces/${encodeURIComponent(workspaceId)}`;

export async function loader({ params, context }: Route.LoaderArgs) {
  const visit = context.get(visitContext);
  const path = apiPath(params.workspaceId);
  const [plans, state, profile, invoices] = await Promise.all([
    readPage(visit, "/billing/plans", planSchema),
    readOne(visit, `${path}/plan`, planStateSchema),
    readOne(visit, `${path}/billing-profile`, profileSchema),
    readPage(visit, `${path}/invoices${pageQuery(visit.url)}`, invoiceSchema),
  ]);
  const wanted = plans.data.find(({ code }) => code === visit.url.searchParams.get("plan"));
  const preview = wanted && (await readOne(visit, `${path}/plan/preview?plan=${encodeURIComponent(wanted.code)}`, previewSchema));
  return { plans: plans.data, state, profile, invoices, change: wanted && preview ? { plan: wanted, preview } : null };
}

const entries = z.discriminatedUnion("intent", [
  z.object({ intent: z.literal("plan"), plan: z.string() }),
  z.object({
    intent: z.literal("profile"),
    customer_name: entry,
    address: entry.transform((value) => value.replaceAll("\r\n", "\n")),
    tax_id: entry,
    email: entry,
    time_zone: entry,
    // What is no number is refused by the API, which says what would be right.
    anchor_day: z.coerce.number().catch(0),
  }),
]);

export async function action({ params, request, context }: Route.ActionArgs) {
  const visit = context.get(visitContext);
  const { intent, ...body } = entries.parse(await readForm(request));
  const path = apiPath(params.workspaceId);
  const saved =
    intent === "plan"
      ? await writeOnly(visit, { method: "POST", path: `${path}/plan`, body })
      : await writeOnly(visit, { method: "PATCH", path: `${path}/billing-profile`, body });
  if (saved.ok) return redirectWithFlash(visit, paths.billing(params.workspaceId), intent === "plan" ? "plan_changed" : "profile_saved");
  return data(saved.problem, { status: saved.problem.status });
}

export default function Billing({ loaderData, actionData: problem }: Route.ComponentProps) {
  const { plans, state, profile, invoices, change } = loaderData;
  const text = useText();
  const { workspace, may } = useWorkspace();
  const mayChange = may("billing:manage");
  return (
    <div className="flex flex-col gap-6">
      <Title>{[text.billing.title, workspace.name]}</Title>
      <Heading title={text.billing.title} lead={text.billing.lead} />
      {problem ? <ProblemNote problem={problem} fields={PROFILE_FIELDS} /> : null}
      <section className="flex flex-col gap-4">
        <h2 className="text-base font-semibold">
          {text.billing.plan}{" "}
          <span className="text-sm font-normal text-ink-soft">
            <PeriodDays state={state} />
          </span>
        </h2>
        <NextPlan plans={plans} state={state} mayChange={mayChange} />
        {change && mayChange ? <PlanChange plan={change.plan} preview={change.preview} back={paths.billing(workspace.id)} /> : null}
        <Plans plans={plans} state={state} mayChange={mayChange} />
      </section>
      <section className="flex flex-col gap-4">
        <h2 className="text-base font-semibold">{text.billing.invoices}</h2>
        {profile.payments === "stripe" ? <p className="text-sm text-ink-soft">{text.billing.paidOnline}</p> : null}
        {invoices.data.length === 0 ? (
          <Empty title={text.billing.empty} lead={text.billing.emptyLead} />
        ) : (
          <Invoices invoices={invoices.data} />
        )}
        <Pager next={invoices.next_cursor} />
      </section>
      <ProfileForm profile={profile} problem={problem} mayChange={mayChange} />
    </div>
  );
}

function Invoices({ invoices }: { readonly invoices: readonly Invoice[] }) {
  const text = useText();
  const locale = useLocale();
  const { workspace } = useWorkspace();
  const columns: Column<Invoice>[] = [
    {
      header: text.billing.number,
      kind: "title",
      cell: ({ id, number }) => (
        <Link to={paths.invoice(workspace.id, id)} className="text-accent underline-offset-4 hover:underline">
          {number}
        </Link>
      ),
    },
    {
      header: text.usage.period,
      cell: ({ period_start, period_end, time_zone }) => (
        <>
          <Moment at={period_start} zone={time_zone} day /> – <Moment at={period_end} zone={time_zone} day />
        </>
      ),
    },
    { header: text.billing.status, cell: (invoice) => <InvoiceStatus {...invoice} /> },
    { header: text.billing.amount, kind: "number", cell: ({ total, currency }) => formatMoney(total, currency, locale) },
    { header: text.billing.due, kind: "number", cell: ({ due, currency }) => formatMoney(due, currency, locale) },
  ];
  return <Rows label={text.billing.invoices} columns={columns} items={invoices} keyOf={({ id }) => id} />;
}
