import { parse } from "tldts";

/*
 * Where domains begin (https://publicsuffix.org), the suffixes that companies give away names below among them: whoever has
 * `shop.uk.com` has a domain of their own, though `uk.com` is somebody's.
 */

function split(hostname: string) {
  return parse(hostname, { allowPrivateDomains: true, validateHostname: false, extractHostname: false });
}

/** Whether a name is one that others register theirs below, such as `co.uk`: nobody's to claim. */
export function isPublicSuffix(hostname: string): boolean {
  return split(hostname).domain === null;
}

/** Whether a host is the very top of its domain, where DNS allows no alias (RFC 1912, section 2.4). */
export function isApex(hostname: string): boolean {
  return split(hostname).domain === hostname;
}

/** The other half of a pair: `www.example.com` of `example.com`, and back; `null` for hosts that are neither. */
export function wwwPair(hostname: string): string | null {
  if (isApex(hostname)) return `www.${hostname}`;
  const rest = hostname.startsWith("www.") ? hostname.slice("www.".length) : "";
  return rest !== "" && isApex(rest) ? rest : null;
}
