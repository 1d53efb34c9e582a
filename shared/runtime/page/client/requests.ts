import type { CaptchaOffer } from "./captcha.ts";

/** What is wrong with one field. */
export interface Fault {
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

/** What the server would not do, as it explained it. */
export interface Refusal {
  readonly code: string;
  readonly errors: readonly Fault[];
  /** Whole seconds until it is worth trying again. */
  readonly retryAfter: number | null;
  /** The captcha that would change its mind. */
  readonly captcha?: CaptchaOffer | undefined;
}

const SESSION_HEADER = "X-App-Session-Id";

/** Sent back by hand where the cookie does not travel, as in a frame on another site. */
let session: string | null = null;

export function currentSession(): string | null {
  return session;
}

/** Goes on as the visitor that an earlier page was. */
export function resumeSession(token: string | null): void {
  session = token;
}

/** A request as this page's visitor. Fails when there is no network. */
export async function request(address: string, init: RequestInit & { readonly headers: Record<string, string> }): Promise<Response> {
  const headers = session === null ? init.headers : { ...init.headers, [SESSION_HEADER]: session };
  const response = await fetch(address, { ...init, headers });
  session = response.headers.get(SESSION_HEADER) ?? session;
  return response;
}

export async function refusalOf(response: Response): Promise<Refusal> {
  const after = Number(response.headers.get("Retry-After") ?? Number.NaN);
  const retryAfter = Number.isFinite(after) ? after : null;
  if (!response.headers.get("Content-Type")?.includes("json")) return { code: "internal", errors: [], retryAfter };
  const { code, errors = [], captcha } = await response.json();
  return { code, errors, retryAfter, captcha };
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

/** Waits before attempt `attempt + 1` (from 1), longer each time and never as long as others; less when the network comes back. */
export function pause(attempt: number): Promise<void> {
  const ceiling = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1));
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, ceiling * (0.5 + Math.random() / 2));
    addEventListener("online", done);
  });
}
