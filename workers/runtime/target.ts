import type { AppRoute } from "#app";
import type { Context } from "#platform/context";
import { AppError, notFound } from "#platform/errors";
import { atVersion, type RouteAddress, resolveRoute } from "#runtime";

/** Which app a request is for, and what of the path is left: the gateway has read host and path. */
export type VisitorTarget = (
  | { readonly kind: "path"; readonly workspaceSlug: string; readonly appSlug: string }
  | {
      readonly kind: "host";
      readonly workspaceId: string;
      readonly appId: string;
      /** The version that is served at this host, whatever the app publishes; `null`: whichever it publishes. */
      readonly versionId: string | null;
    }
) & {
  /** The path below the app, without the slash before it. */
  readonly rest: string;
  /** The app's own path; empty at the root of a host. */
  readonly base: string;
};

/** Where visitors come in and go out. */
type EntryName = "sign_in" | "callback" | "password" | "sign_out" | "end_session";

export type Endpoint =
  | { readonly name: "page" | "schema" | "runs" | "files"; readonly methods: readonly string[] }
  | { readonly name: EntryName; readonly methods: readonly string[] }
  | { readonly name: "run" | "run_events"; readonly methods: readonly string[]; readonly runId: string };

const READ = ["GET", "HEAD"];

const ENTRIES: Readonly<Record<string, Endpoint>> = {
  "auth/sign-in": { name: "sign_in", methods: ["GET"] },
  "auth/callback": { name: "callback", methods: ["GET"] },
  "auth/password": { name: "password", methods: ["POST"] },
  "auth/sign-out": { name: "sign_out", methods: ["POST"] },
  "session/end": { name: "end_session", methods: ["POST"] },
};

function addressOf(target: VisitorTarget): RouteAddress {
  return target.kind === "path" ? { workspaceSlug: target.workspaceSlug, appSlug: target.appSlug } : { appId: target.appId };
}

/** What is served to whom at a target, as it is now. Throws `not_found`, and `rate_limited` for too many addresses (`ip`) that are no app's. */
export async function routeOf(ctx: Context, target: VisitorTarget, ip?: string): Promise<AppRoute> {
  const route = await resolveRoute(ctx, addressOf(target), ip);
  return target.kind === "host" ? atVersion(ctx, route, target.versionId) : route;
}

/** What the rest of a path names. One slash at its end makes no difference. Throws `not_found` for anything else. */
export function endpointOf(rest: string): Endpoint {
  const path = rest.replace(/\/$/, "");
  const entry = Object.hasOwn(ENTRIES, path) ? ENTRIES[path] : undefined;
  if (entry !== undefined) return entry;
  const [first = "", runId, third, ...more] = path.split("/");
  if (first === "" && runId === undefined) return { name: "page", methods: READ };
  if (first === "schema" && runId === undefined) return { name: "schema", methods: READ };
  if (first === "runs" && runId === undefined) return { name: "runs", methods: ["POST"] };
  if (first === "files" && runId === undefined) return { name: "files", methods: ["POST"] };
  if (first === "runs" && runId && more.length === 0) {
    if (third === undefined) return { name: "run", methods: READ, runId };
    if (third === "events") return { name: "run_events", methods: READ, runId };
  }
  throw notFound("The page");
}

export function requireMethod(endpoint: Endpoint, method: string): void {
  if (endpoint.methods.includes(method)) return;
  const allowed = [...endpoint.methods, "OPTIONS"].join(", ");
  throw new AppError("method_not_allowed", `This address takes ${allowed}.`, { headers: { Allow: allowed } });
}
