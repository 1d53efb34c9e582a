/**
 * The path to send somebody on to: only ever one of our own. Anything that a browser could read as another site
 * (`//host`, `/\host`, an absolute address) becomes the fallback.
 */
export function ownPath(wanted: unknown, fallback = "/"): string {
  if (typeof wanted !== "string" || !wanted.startsWith("/")) return fallback;
  const base = "https://console.invalid";
  if (!URL.canParse(wanted, base)) return fallback;
  const url = new URL(wanted, base);
  if (url.origin !== base || url.pathname.startsWith("//")) return fallback;
  return `${url.pathname}${url.search}${url.hash}`;
}

/** The page behind a request, which may be the router asking for that page's data. */
export function pagePath(url: URL): string {
  const pathname = url.pathname.replace(/\/?_root\.data$/, "/").replace(/(\/_)?\.data$/, "");
  const search = new URLSearchParams(url.search);
  search.delete("_routes");
  const query = search.toString();
  return query === "" ? pathname || "/" : `${pathname || "/"}?${query}`;
}
