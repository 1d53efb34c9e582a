/** How a caller would like to be answered (RFC 7240). */
export interface Preferences {
  /** At once, with where to look later. */
  readonly async: boolean;
  /** Milliseconds that the caller is ready to wait, or `null`. */
  readonly waitMs: number | null;
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
