import { isUnreachable } from "#platform/db";
import { AppError, ERROR_STATUS, type ErrorCode, errorCode, type Fault } from "#platform/errors";
import type { Logger } from "#platform/log";

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad request",
  401: "Not signed in",
  403: "Not allowed",
  404: "Not found",
  405: "Method not allowed",
  406: "Not acceptable",
  409: "Conflict",
  410: "Not available",
  412: "Changed meanwhile",
  413: "Too large",
  415: "Unsupported media type",
  421: "Misdirected request",
  422: "Not valid",
  429: "Too many requests",
  499: "Client closed the request",
  500: "Something went wrong",
  501: "Not supported yet",
  502: "A step failed",
  503: "Not available right now",
  504: "Took too long",
};

const UNEXPLAINED: Readonly<Partial<Record<ErrorCode, string>>> = {
  database_unavailable: "The database cannot be reached right now. Nothing was changed; try again shortly.",
  internal: "The request could not be completed. It has been logged under its request id.",
};

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly request_id: string;
  readonly errors: readonly Fault[];
  /** Extension members (RFC 9457, section 3.2). */
  readonly [extension: string]: unknown;
}

/** What an error may say to the outside. Anything without a published code is an internal error and says nothing. */
export function problemOf(error: unknown, requestId: string): Problem {
  const code = errorCode(error) ?? (isUnreachable(error) ? "database_unavailable" : "internal");
  const status = ERROR_STATUS[code];
  const known = errorCode(error) !== undefined && code !== "internal" && error instanceof Error;
  return {
    ...(error instanceof AppError ? error.details : {}),
    type: `https://agentflow.dev/errors/${code}`,
    title: TITLES[status] ?? "Error",
    status,
    detail: known ? error.message : (UNEXPLAINED[code] ?? ""),
    code,
    request_id: requestId,
    errors: error instanceof AppError ? error.faults : [],
  };
}

/** The one place where a thrown error becomes an answer (RFC 9457). */
export function problemResponse(error: unknown, requestId: string, log: Logger): Response {
  const problem = problemOf(error, requestId);
  if (problem.status >= 500 && problem.code !== "not_implemented") log.error("request failed", error, { problem: problem.code });
  const headers = new Headers({ "Content-Type": "application/problem+json", "Cache-Control": "no-store", "X-Request-Id": requestId });
  if (error instanceof AppError) {
    for (const [name, value] of Object.entries(error.headers)) headers.set(name, value);
    if (error.retryAfter !== undefined) headers.set("Retry-After", String(error.retryAfter));
  }
  if (problem.status === 503 && !headers.has("Retry-After")) headers.set("Retry-After", "2");
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}
