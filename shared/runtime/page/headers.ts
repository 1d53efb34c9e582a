import { STYLES } from "./styles.ts";

let styleHash: string | undefined;

/** The hash by which the policy knows the page's own style (CSP level 3, `'sha256-…'`), computed once. */
async function hashOfStyles(): Promise<string> {
  if (styleHash === undefined) {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(STYLES));
    styleHash = btoa(String.fromCharCode(...new Uint8Array(digest)));
  }
  return styleHash;
}

/**
 * The headers of every page: nothing but our own script and style runs, nothing is loaded from elsewhere, so that text
 * from a model or another visitor can neither act nor report. `frameAncestors` says who may show the page in a frame;
 * `captchaOrigin` whose captcha it may have to show, which is a script and a frame from elsewhere.
 */
export async function pageHeaders(frameAncestors: string, captchaOrigin: string | null = null): Promise<Record<string, string>> {
  const policy = [
    "default-src 'none'",
    captchaOrigin === null ? "script-src 'self'" : `script-src 'self' ${captchaOrigin}`,
    ...(captchaOrigin === null ? [] : [`frame-src ${captchaOrigin}`]),
    `style-src 'sha256-${await hashOfStyles()}'`,
    "connect-src 'self'",
    "img-src 'self' data:",
    "form-action 'self'",
    "base-uri 'none'",
    `frame-ancestors ${frameAncestors}`,
  ];
  return {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": policy.join("; "),
    "X-Content-Type-Options": "nosniff",
    // Our own pages need the origin: without it, browsers send forms as from nowhere.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
  };
}
