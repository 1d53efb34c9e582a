import type { AppRoute } from "#app";
import { AppError, type ErrorCode } from "#platform/errors";
import type { Verdict } from "./visitors/matcher.ts";

/** What a visitor's request wants of an app. */
export type Purpose = "page" | "schema" | "run";

/** What is known about who asks. */
export interface Caller {
  /** A key of this app's workspace with the scope `runs:create`. */
  readonly runKey: boolean;
  /** Whether the caller is a signed-in member of the app's workspace. Only asked for where {@link needsMember} says so. */
  readonly member: boolean;
}

export type Decision = { readonly allow: true } | { readonly allow: false; readonly code: ErrorCode; readonly detail: string };

const ALLOW: Decision = { allow: true };

function deny(code: ErrorCode, detail: string): Decision {
  return { allow: false, code, detail };
}

/** Whether the answer depends on membership, which costs a query that public apps never pay. */
export function needsMember(route: AppRoute): boolean {
  return route.accessPolicy.access_mode === "private";
}

function decideStatus(route: AppRoute): Decision {
  if (route.status === "archived") return deny("not_found", "This app was not found.");
  if (route.status !== "published" || route.versionId === null) return deny("not_available", "This app is not available right now.");
  return ALLOW;
}

function decideMode(route: AppRoute, caller: Caller): Decision {
  switch (route.accessPolicy.access_mode) {
    case "public_anonymous":
      return ALLOW;
    case "private":
      return caller.member ? ALLOW : deny("access_denied", "This app is for members of its workspace. Sign in to use it.");
    case "api_key":
      return deny("not_implemented", "This app is used with an API key; its page is not served yet.");
    case "public_auth":
    case "password":
      return deny("not_implemented", "This access mode is not served yet.");
  }
}

/**
 * Whether a request may go on. Pure: status before access, so that each refusal tells a caller no more than the one before
 * it. A key of the workspace goes past every access mode.
 */
export function decide(route: AppRoute, caller: Caller, purpose: Purpose): Decision {
  const status = decideStatus(route);
  if (!status.allow) return status;
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

/** Throws what {@link decide} refuses. */
export function enforce(decision: Decision): void {
  if (!decision.allow) throw new AppError(decision.code, decision.detail);
}

/** Whether a page of `origin` may call the app. Pages of the app's own origin always may. */
export function isOriginAllowed(route: AppRoute, origin: string, own: string): boolean {
  const { allowed_origins } = route.accessPolicy;
  return origin === own || allowed_origins.includes("*") || allowed_origins.includes(origin);
}

/** The `frame-ancestors` of the app's page: who may call it may also show it in a frame. */
export function frameAncestors(route: AppRoute | null): string {
  const origins = route?.accessPolicy.allowed_origins ?? [];
  if (origins.includes("*")) return "*";
  return ["'self'", ...origins].join(" ");
}
