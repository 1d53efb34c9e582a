const LIMIT = 1_024;

/**
 * The path below an app to send somebody on to. Anything else (another app's, and whatever a browser could read as another
 * site: `//host`, `/\\host`, an absolute address) becomes the app's own page.
 */
export function pathWithin(base: string, wanted: string | null | undefined): string {
  const home = base || "/";
  if (!wanted?.startsWith("/") || wanted.length > LIMIT) return home;
  const origin = "https://app.invalid";
  const url = URL.parse(wanted, origin);
  if (url === null || url.origin !== origin || url.pathname.startsWith("//")) return home;
  const within = url.pathname === home || url.pathname.startsWith(`${base}/`);
  return within ? `${url.pathname}${url.search}` : home;
}
