/** Billing: plans and periods, the quota in force, the ledger of what was used, and the invoices made of it. It never runs workflows and never reads users' data. */
export { aggregateUsage } from "./aggregate.ts";
export { type Anchor, monthOf, type Period, periodFrom } from "./calendar.ts";
export { correctUsage } from "./corrections.ts";
export { addCreditNote } from "./credit-notes.ts";
export { getInvoice, type InvoiceDetails, listInvoices, markInvoicePaid } from "./invoices.ts";
export { getUsage, ledgerTotals, requestEvent, type Usage, usageEventsOf, writeUsage } from "./ledger.ts";
export { collectPayments } from "./payments/collect.ts";
export { collectorOf } from "./payments/configured.ts";
export { sendMeterEvents } from "./payments/meter-events.ts";
export { mirrorSubscriptions } from "./payments/subscriptions.ts";
export { forgetPaymentEvents, receivePaymentEvent } from "./payments/webhook.ts";
export { invoicePdf } from "./pdf/invoice.ts";
export { type OpenPeriod, openDuePeriods, openPeriod } from "./periods.ts";
export { changePlan, getPlanState, previewPlanChange } from "./plan-change.ts";
export { backupDays, listPlans, type Plan } from "./plans.ts";
export { type BillingProfile, getBillingProfile, updateBillingProfile } from "./profile.ts";
export {
  admitRequest,
  knownQuotaRefusal,
  type QuotaDrift,
  type QuotaRefusal,
  type QuotaSnapshot,
  type QuotaTake,
  quotaSnapshot,
  reconcileQuota,
  refreshQuota,
  requireTokens,
  spendTokens,
} from "./quota.ts";
export { settlePeriods, settleWorkspace } from "./settle.ts";
export { recordStorage, storageAllowance } from "./storage.ts";
export { eventsOfLine, usageOfRun } from "./trace.ts";
export { upcomingInvoice } from "./upcoming.ts";
export { INTERVALS, seriesCsv, usageSeries } from "./usage-series.ts";
