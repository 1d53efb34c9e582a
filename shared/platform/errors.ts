/** Every `code` an answer may carry, with the HTTP status it maps to. The list is published in the API description. */
export const ERROR_STATUS = {
  bad_request: 400,
  unauthenticated: 401,
  hand_off_refused: 401,
  access_denied: 403,
  blocked: 403,
  forbidden: 403,
  captcha_required: 403,
  not_found: 404,
  method_not_allowed: 405,
  not_acceptable: 406,
  conflict: 409,
  invalid_state: 409,
  idempotency_in_progress: 409,
  migration_not_confirmed: 409,
  not_available: 410,
  revision_mismatch: 412,
  payload_too_large: 413,
  unsupported_media_type: 415,
  misdirected_request: 421,
  validation_failed: 422,
  idempotency_key_reused: 422,
  rate_limited: 429,
  quota_exceeded: 429,
  client_closed: 499,
  internal: 500,
  not_implemented: 501,
  node_failed: 502,
  model_failed: 502,
  upstream_unavailable: 503,
  overloaded: 503,
  model_unavailable: 503,
  database_unavailable: 503,
  node_timeout: 504,
  run_timeout: 504,
} as const satisfies Record<string, number>;

export type ErrorCode = keyof typeof ERROR_STATUS;

/** One fault in a submitted document: where it is (`workflow.nodes[2].config.table`), which rule, and what would be right. */
export interface Fault {
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

export interface AppErrorOptions {
  readonly cause?: unknown;
  readonly faults?: readonly Fault[];
  /** Whole seconds until a retry can succeed; becomes `Retry-After`. */
  readonly retryAfter?: number;
  /** Further members of the problem document, such as the plan that is to be confirmed. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Extra response headers, such as `RateLimit`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * A failure that callers are meant to see. `message` is written for them: no SQL, no hosts, no secrets.
 * Decide on `code`, never on `instanceof`: classes do not survive an RPC boundary (see {@link errorCode}).
 */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly faults: readonly Fault[];
  readonly retryAfter: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.faults = options.faults ?? [];
    this.retryAfter = options.retryAfter;
    this.headers = options.headers ?? {};
    this.details = options.details ?? {};
  }
}

/** The published code an error carries, or `undefined` for one that was never meant for callers. */
export function errorCode(error: unknown): ErrorCode | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  const { code } = error;
  return typeof code === "string" && code in ERROR_STATUS ? (code as ErrorCode) : undefined;
}

/** The message of anything thrown, for logs and records. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function notFound(what: string): AppError {
  return new AppError("not_found", `${what} was not found.`);
}

export function validationFailed(faults: readonly Fault[]): AppError {
  const [first] = faults;
  const detail = first ? `${first.path || "body"}: ${first.message}` : "The request is not valid.";
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : "";
  return new AppError("validation_failed", `${detail}${more}`, { faults });
}
