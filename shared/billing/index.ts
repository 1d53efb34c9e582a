/** Billing: plans, the quota in force, and the ledger of what was used. It never runs workflows and never reads users' data. */
export { type Budget, getBudget } from "./budgets.ts";
export { type CounterName, readCounterName } from "./counters.ts";
export { getUsage, ledgerTotals, requestEvent, tokenEvents, type Usage, usageEventsOf, writeUsage } from "./ledger.ts";
export { giveNotices, type QuotaNotice } from "./notices.ts";
export { backupDays, listPlans, monthOf, type OpenPeriod, openPeriod, type Period, type Plan } from "./plans.ts";
export { putBudget } from "./put-budget.ts";
export { admitRequest, knownQuotaRefusal, type QuotaRefusal, type QuotaTake } from "./quota.ts";
export { type QuotaDrift, type QuotaSnapshot, quotaSnapshot, reconcileQuota, refreshQuota } from "./quota-state.ts";
export { recordStorage, storageAllowance } from "./storage.ts";
export { budgetTerms, countedUse, type QuotaTerms, workspaceTerms } from "./terms.ts";
export { refundTokens, reserveTokens, type TokenCall, type TokenHold } from "./tokens.ts";
