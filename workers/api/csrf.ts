import type { Env } from "#platform/env";
import { AppError } from "#platform/errors";
import { platformOrigins } from "./platform-origins.ts";

const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** Whether a page gains anything by having a browser send it with the user's cookie: by a change, or by a socket, which it could read. */
function isGuarded({ method, headers }: Request): boolean {
  return !SAFE_METHODS.has(method) || headers.get("Upgrade")?.toLowerCase() === "websocket";
}

/**
 * Refuses a change or a WebSocket that a page of a foreign origin asks for. Browsers say where a request comes from, in `Origin` or
 * `Sec-Fetch-Site`; clients that say neither are no browsers and carry no cookie but their own. Keys are exempt: no page
 * can make a browser send one.
 * @throws `access_denied`
 */
export function refuseForeignOrigin(request: Request, env: Pick<Env, "API_ORIGIN" | "CONSOLE_ORIGIN" | "PLATFORM_HOSTS">): void {
  if (!isGuarded(request) || request.headers.has("Authorization")) return;
  const origin = request.headers.get("Origin");
  const site = request.headers.get("Sec-Fetch-Site");
  const trusted = origin === null ? site === null || site === "same-origin" || site === "none" : platformOrigins(env).includes(origin);
  if (!trusted) throw new AppError("access_denied", "Changes and sockets are accepted from the platform's own pages only.");
}
