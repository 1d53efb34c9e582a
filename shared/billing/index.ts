/** Billing: plans, the quota in force, and the ledger of what was used. It never runs workflows and never reads users' data. */
export { getUsage, ledgerTotals, requestEvent, type Usage, usageEventsOf, writeUsage } from "./ledger.ts";
export { backupDays, listPlans, monthOf, type OpenPeriod, openPeriod, type Period, type Plan } from "./plans.ts";
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
export { recordStorage, storageAllowance } from "./storage.ts";
