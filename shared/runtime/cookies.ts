/** The value of a cookie that a request brings, or `null`. */
export function readCookie(headers: Headers, name: string): string | null {
  for (const pair of (headers.get("Cookie") ?? "").split(";")) {
    const [known, value] = pair.trim().split("=", 2);
    if (known === name && value !== undefined) return value;
  }
  return null;
}

export interface CookieSetting {
  /** Path of the app, to which the cookie is kept; empty at the root of a host. */
  readonly base: string;
  readonly secure: boolean;
}

/**
 * A `Set-Cookie` line: for the app's own addresses on this very host, out of reach of scripts and of other sites' forms.
 * A life of 0 seconds takes the cookie away.
 */
export function cookieLine(name: string, value: string, seconds: number, { base, secure }: CookieSetting): string {
  return `${name}=${value}; Path=${base || "/"}; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}`;
}
