import { z } from "zod";
import type { en } from "../i18n/en.ts";
import type { Visit } from "../visit.ts";
import { callApi, readJson, refuse } from "./client.server.ts";
import { readProblem } from "./problem.ts";
import { type SessionUser, sessionSchema } from "./schemas.ts";

/** Who is signed in; `null` for nobody. */
export async function readSession(visit: Visit): Promise<SessionUser | null> {
  const response = await callApi(visit, { method: "GET", path: "/api/auth/get-session" });
  const body = await readJson(response);
  if (response.status === 401) return null;
  const session = sessionSchema.safeParse(body ?? null);
  if (!response.ok || !session.success) return refuse(readProblem(response.ok ? 502 : response.status, body));
  return session.data?.user ?? null;
}

export type SignInFailure = keyof typeof en.auth.failures;

const failureSchema = z.object({ code: z.string() });

/** The auth library's codes, and what a page says to each. What it does not know stays vague on purpose. */
const FAILURES: Readonly<Record<string, SignInFailure>> = {
  INVALID_EMAIL_OR_PASSWORD: "credentials",
  unauthenticated: "credentials",
  USER_ALREADY_EXISTS: "taken",
  USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL: "taken",
  PASSWORD_TOO_SHORT: "password",
  PASSWORD_TOO_LONG: "password",
  INVALID_EMAIL: "email",
};

/** Signs in or up. The session's cookie goes back with the page; `null` means that it worked. */
export async function authenticate(
  visit: Visit,
  way: "sign-in" | "sign-up",
  entries: Record<string, string>,
): Promise<SignInFailure | null> {
  const response = await callApi(visit, { method: "POST", path: `/api/auth/${way}/email`, body: entries });
  const body = await readJson(response);
  if (response.ok) return null;
  if (response.status === 429) return "many";
  const failure = failureSchema.safeParse(body);
  const known = failure.success ? FAILURES[failure.data.code] : undefined;
  return known ?? (way === "sign-in" && response.status === 401 ? "credentials" : "unknown");
}

/** Ends the session. Signing out of an ended one is fine. */
export async function signOut(visit: Visit): Promise<void> {
  const response = await callApi(visit, { method: "POST", path: "/api/auth/sign-out", body: {} });
  const body = await readJson(response);
  if (!response.ok && response.status !== 401) refuse(readProblem(response.status, body));
}
