/** Domain: which custom hostname serves which app. It never serves a request and never changes an app. */
export { addDomain, type Domain, getDomain, listDomains, removeDomain } from "./domains.ts";
export { normalizeHostname } from "./hostnames.ts";
export { findActiveHostname, type HostnameTarget } from "./routing.ts";
