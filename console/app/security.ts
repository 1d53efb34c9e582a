const SAFE_METHODS = ["GET", "HEAD", "OPTIONS"];

/** Whether a state-changing request comes from one of our own pages. Browsers always say where a form came from. */
export function isOwnRequest(request: Request): boolean {
  if (SAFE_METHODS.includes(request.method)) return true;
  const origin = request.headers.get("Origin");
  if (origin !== null) return origin === new URL(request.url).origin;
  return request.headers.get("Sec-Fetch-Site") === "same-origin";
}

/** Nothing runs or loads that is not ours: scripts and styles by file or nonce, no frames, no foreign forms. */
function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'self' 'nonce-${nonce}'`,
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

/** Headers of every answer that the console itself makes. */
export function secure(headers: Headers, nonce: string): void {
  headers.set("Content-Security-Policy", contentSecurityPolicy(nonce));
  headers.set("X-Content-Type-Options", "nosniff");
  headers.set("X-Frame-Options", "DENY");
  // Not `no-referrer`: browsers would then hide the origin of our own forms, which the same-origin check needs.
  headers.set("Referrer-Policy", "same-origin");
  headers.set("Permissions-Policy", "camera=(), microphone=(), geolocation=()");
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Strict-Transport-Security", "max-age=31536000");
  headers.set("Cache-Control", "private, no-store");
  headers.set("Vary", "Cookie, Accept-Language");
}
