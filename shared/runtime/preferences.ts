/** How a caller would like to be answered (RFC 7240). */
export interface Preferences {
  /** At once, with where to look later. */
  readonly async: boolean;
  /** Milliseconds that the caller is ready to wait, or `null`. */
  readonly waitMs: number | null;
}

/** The longest (ms) that a caller is kept waiting: what lies between us and it gives up at about this time. */
const MAX_WAIT_MS = 100_000;

/** Milliseconds that a caller is kept waiting for a run that may take `timeoutMs`. */
export function patienceOf({ async, waitMs }: Preferences, timeoutMs: number): number {
  return Math.min(waitMs ?? (async ? 0 : MAX_WAIT_MS), timeoutMs, MAX_WAIT_MS);
}

/** What a request's `Prefer` says, as far as it means something here; of a preference given twice the first one counts. */
export function preferencesOf(headers: Headers): Preferences {
  const wishes = new Map<string, string>();
  for (const part of (headers.get("Prefer") ?? "").split(",")) {
    const [name = "", value = ""] = (part.split(";", 1)[0] ?? "").split("=").map((text) => text.trim());
    const key = name.toLowerCase();
    if (!wishes.has(key)) wishes.set(key, value.replace(/^"(.*)"$/, "$1"));
  }
  const wait = wishes.get("wait") ?? "";
  return { async: wishes.has("respond-async"), waitMs: /^\d{1,6}$/.test(wait) ? Number(wait) * 1_000 : null };
}
