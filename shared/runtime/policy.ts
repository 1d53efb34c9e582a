import { type AppRoute, isModeAllowed } from "#app";
import { AppError, type ErrorCode } from "#platform/errors";
import type { Verdict } from "./visitors/matcher.ts";

/** What a visitor's request wants of an app. */
export type Purpose = "page" | "schema" | "run";

/** What a signed-in user is to the app's workspace. */
interface Person {
  readonly member: boolean;
  /** Whether they are a member with the permission to start runs. */
  readonly mayRun: boolean;
}

/** What is known about who asks. */
export interface Caller {
  /** A key of this app's workspace with the scope `runs:create`. */
  readonly runKey: boolean;
  /** Who is signed in, or `null` for nobody. Only asked for where {@link needsSignIn} says so. */
  readonly person: Person | null;
  /** Whether the caller has proved to know the app's password. Only asked for where {@link needsPassword} says so. */
  readonly password: boolean;
}

export type Decision = { readonly allow: true } | { readonly allow: false; readonly code: ErrorCode; readonly detail: string };

const ALLOW: Decision = { allow: true };

function deny(code: ErrorCode, detail: string): Decision {
  return { allow: false, code, detail };
}

/** Whether the answer depends on a sign-in, which costs a query that public apps never pay. */
export function needsSignIn({ accessPolicy: { access_mode } }: AppRoute): boolean {
  return access_mode === "private" || access_mode === "public_auth";
}

/** Whether the answer depends on the app's password. */
export function needsPassword({ accessPolicy }: AppRoute): boolean {
  return accessPolicy.access_mode === "password";
}

function decideStatus(route: AppRoute): Decision {
  if (route.status === "archived") return deny("not_found", "This app was not found.");
  if (route.status !== "published" || route.versionId === null) return deny("not_available", "This app is not available right now.");
  return ALLOW;
}

function decideMode(route: AppRoute, { person, password }: Caller): Decision {
  switch (route.accessPolicy.access_mode) {
    case "public_anonymous":
      return ALLOW;
    case "private":
      if (person === null) return deny("unauthenticated", "This app is for members of its workspace. Sign in to use it.");
      return person.member ? ALLOW : deny("access_denied", "This app is for members of its workspace.");
    case "public_auth":
      return person === null ? deny("unauthenticated", "Sign in to use this app.") : ALLOW;
    case "password":
      return password ? ALLOW : deny("unauthenticated", "This app asks for its password: send it as X-App-Password.");
    case "api_key":
      return deny("unauthenticated", "This app is used with an API key. Send it as `Authorization: Bearer afk_…`.");
  }
}

/**
 * What the class of the app's data demands besides its mode. A mode that is too wide for it was refused when it was set; that
 * it is refused here as well keeps an app closed whatever way its policy came to be.
 */
function decideClass({ accessPolicy }: AppRoute, { runKey, person }: Caller): Decision {
  if (!isModeAllowed(accessPolicy)) return deny("access_denied", "This app's data may not be used in its access mode.");
  if (accessPolicy.data_classification !== "restricted") return ALLOW;
  if (runKey) return deny("forbidden", "This app's data is restricted to members: API keys may not use it.");
  if (person?.member && !person.mayRun) return deny("forbidden", "This app's data is restricted to members who may start runs.");
  return ALLOW;
}

/**
 * Whether a request may go on. Pure: status before access, so that each refusal tells a caller no more than the one before
 * it. A key of the workspace goes past every access mode; only restricted data it does not get at.
 */
export function decide(route: AppRoute, caller: Caller, purpose: Purpose): Decision {
  const status = decideStatus(route);
  if (!status.allow) return status;
  const classed = decideClass(route, caller);
  if (!classed.allow) return classed;
  if (caller.runKey && purpose !== "page") return ALLOW;
  return decideMode(route, caller);
}

/**
 * The moment (ms) since when a visitor must have been found to be human to run the app; `null` when nobody asks. Keys are not
 * asked: captchas are for people.
 */
export function humanSince(route: AppRoute, caller: Caller, { challengedSince }: Verdict): number | null {
  if (caller.runKey) return null;
  return challengedSince ?? (route.accessPolicy.require_captcha ? 0 : null);
}

/** Whether the app may ask some visitor for a captcha, so that its pages have to be able to show one. */
export function mayAskForCaptcha({ accessPolicy, visitorRules }: AppRoute): boolean {
  const { require_captcha, anomaly } = accessPolicy;
  const reactions = Object.values(anomaly ?? {});
  return require_captcha || reactions.some((rule) => rule?.action === "challenge") || visitorRules.some(({ kind }) => kind === "challenge");
}

/** Every app that can be used at all can be used with a key, except one whose data is restricted (RFC 9110, section 11.6.1). */
const CHALLENGE = { "WWW-Authenticate": 'Bearer realm="AgentFlow"' };

/** Throws what {@link decide} refuses. */
export function enforce(decision: Decision): void {
  if (decision.allow) return;
  const headers = decision.code === "unauthenticated" ? CHALLENGE : {};
  throw new AppError(decision.code, decision.detail, { headers });
}

/** Whether a page of `origin` may call the app. Pages of the app's own origin always may. */
export function isOriginAllowed(route: AppRoute, origin: string, own: string): boolean {
  return route.accessPolicy.allowed_origins.includes("*") || isOriginTrusted(route, origin, own);
}

/** Whether a page of `origin` may act for this browser's visitor: only the app's own pages, and those of origins that are listed by name. */
export function isOriginTrusted(route: AppRoute, origin: string, own: string): boolean {
  return origin === own || (origin !== "*" && route.accessPolicy.allowed_origins.includes(origin));
}

/** The `frame-ancestors` of the app's page: who may call it may also show it in a frame. */
export function frameAncestors(route: AppRoute | null): string {
  const origins = route?.accessPolicy.allowed_origins ?? [];
  if (origins.includes("*")) return "*";
  return ["'self'", ...origins].join(" ");
}
