/**
 * Domain: which custom hostname serves which app, from its claim over its proof and its certificate to its end. It never serves a
 * request and never changes an app.
 */

export type { Domain } from "./domain-view.ts";
export { addDomain, getDomain, listDomains, removeDomain, verifyDomain } from "./domains.ts";
export { checkDueDomains } from "./due.ts";
export { normalizeHostname } from "./hostnames.ts";
export { type DomainQuota, readQuota } from "./quota.ts";
export { reconcileDomains } from "./reconcile.ts";
export { findActiveHostname, type HostnameTarget } from "./routing.ts";
export { activateDomain, rollBackDomain } from "./switch.ts";
export { renewCertificate, updateDomain } from "./update.ts";
