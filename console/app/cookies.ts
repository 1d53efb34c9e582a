/** Holds the language that the visitor chose. */
export const LANGUAGE_COOKIE = "af_language";

/** Holds the id of the workspace that the visitor was in last. */
export const WORKSPACE_COOKIE = "af_workspace";

/** Seconds for which a choice is remembered. */
export const YEAR = 365 * 24 * 3600;

/** Reads one cookie out of a `Cookie` header. */
export function readCookie(headers: Headers, name: string): string | undefined {
  const found = (headers.get("Cookie") ?? "").split(";").find((part) => part.trim().startsWith(`${name}=`));
  return found?.trim().slice(name.length + 1);
}

/** A cookie of the console's own; `maxAge` in seconds. Values must be plain words. */
export function writeCookie(url: URL, name: string, value: string, maxAge: number): string {
  const secure = url.protocol === "https:" ? "; Secure" : "";
  return `${name}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${secure}`;
}
