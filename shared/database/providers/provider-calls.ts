import type { Clock, Random } from "#platform/clock";
import { AppError, errorCode } from "#platform/errors";
import { fullJitter } from "#platform/retry";
import type { Provider } from "./provider.ts";

export interface CallOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Waits so many milliseconds; by default, with a timer. */
  readonly wait?: (milliseconds: number) => Promise<void>;
}

/** No request to a provider is waited for longer, in milliseconds. */
export const REQUEST_LIMIT_MS = 30_000;
/** How long a call is tried before its caller is left to come back later, in milliseconds. */
const BUDGET_MS = 30_000;
const BACKOFF = { base: 500, cap: 8_000 };
/** No wait is shorter, in milliseconds: chance alone must not use a provider's patience up. */
const SHORTEST_WAIT_MS = 250;

const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/** Milliseconds until another attempt has a chance, or `null` when it has none. */
function delayAfter(error: unknown, attempt: number, random: Random): number | null {
  if (errorCode(error) !== "upstream_unavailable") return null;
  const asked = error instanceof Error && "retryAfter" in error && typeof error.retryAfter === "number" ? error.retryAfter * 1000 : 0;
  return asked + Math.max(SHORTEST_WAIT_MS, fullJitter(attempt, BACKOFF, random));
}

/**
 * Makes a call that may be repeated, and repeats it while it throws upstream_unavailable, with backoff and never sooner than the
 * provider asks; gives up with the last error when that would take longer than half a minute in all.
 */
export async function untilAnswered<T>(call: () => Promise<T>, { clock, random, wait = pause }: CallOptions): Promise<T> {
  const deadline = clock.now() + BUDGET_MS;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      const delay = delayAfter(error, attempt, random);
      if (delay === null || clock.now() + delay > deadline) throw error;
      await wait(delay);
    }
  }
}

/** The same provider, of which every call goes on while the far side is busy or out of reach. */
export function persistent(provider: Provider, options: CallOptions): Provider {
  return {
    engine: provider.engine,
    create: (target) => untilAnswered(() => provider.create(target), options),
    status: (target) => untilAnswered(() => provider.status(target), options),
    issue: (target, role, draft) => untilAnswered(() => provider.issue(target, role, draft), options),
    revokeOthers: (target, role, generation) => untilAnswered(() => provider.revokeOthers(target, role, generation), options),
    suspend: (target) => untilAnswered(() => provider.suspend(target), options),
    resume: (target) => untilAnswered(() => provider.resume(target), options),
    destroy: (target) => untilAnswered(() => provider.destroy(target), options),
    address: (target, entry) => provider.address(target, entry),
  };
}

/** What came back instead of an answer. */
export interface Refusal {
  /** The provider's name, for people. */
  readonly provider: string;
  /** `undefined` when no response came. */
  readonly response: Pick<Response, "status" | "headers"> | undefined;
  /** The provider's own code of the error. */
  readonly code: unknown;
}

const LOCKED = 423;
const TOO_MANY_REQUESTS = 429;

/** Whole seconds of a `Retry-After` header, which holds seconds or a date (RFC 9110, 10.2.3). */
function retryAfter(headers: Headers, clock: Clock): number | undefined {
  const text = headers.get("retry-after")?.trim() ?? "";
  if (/^\d{1,9}$/.test(text)) return Number(text);
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - clock.now()) / 1000));
}

const busy = (message: string, after?: number) =>
  new AppError("upstream_unavailable", message, after === undefined ? {} : { retryAfter: after });

/** What a refusal means to whoever asked for a database. Nothing of the provider's own words is repeated but its code. */
export function providerFailure({ provider, response, code }: Refusal, clock: Clock): AppError {
  if (!response) return busy(`${provider} cannot be reached.`);
  const { status, headers } = response;
  const known = typeof code === "string" && /^[A-Za-z_]{1,60}$/.test(code) ? code : "";
  const detail = known === "" ? "" : ` (${known})`;
  if (status === LOCKED) return busy(`${provider} is still at work on the database.`, retryAfter(headers, clock));
  if (status === TOO_MANY_REQUESTS) return busy(`${provider} takes no more requests for the moment.`, retryAfter(headers, clock));
  if (status >= 500) return busy(`${provider} is out of order (status ${status}).`, retryAfter(headers, clock));
  if (/LIMIT_EXCEEDED$/i.test(known)) {
    return new AppError("database_unavailable", `${provider} makes no further database: a limit of the account is reached${detail}.`);
  }
  if (status === 401) return new AppError("database_unavailable", `${provider} does not accept this deployment's credentials.`);
  if (status === 403) return new AppError("database_unavailable", `${provider} allows this deployment's credentials too little${detail}.`);
  return new AppError("database_unavailable", `${provider} refused the request (status ${status})${detail}.`);
}

/** An answer of another shape than the provider's documentation promises. */
export function notUnderstood(provider: string): AppError {
  return new AppError("database_unavailable", `${provider} answered in a way that is not understood.`);
}
