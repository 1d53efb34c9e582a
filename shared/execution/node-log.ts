/** Bytes of JSON that a node log keeps of a value. */
const MAX_LOGGED = 16_384;
/** Characters shown of a value that is larger. */
const PREVIEW = 2_048;

const REDACTED = "[secret]";

/** Signs, in JSON, of what a jsonb column cannot hold: NUL, and halves of surrogate pairs. */
const UNSTORABLE = /\\u(?:0000|[dD][89a-fA-F])/;

/** A text that PostgreSQL can hold: without NUL, and with U+FFFD for halves of surrogate pairs. */
function storableText(text: string): string {
  return text.toWellFormed().replaceAll("\u0000", "");
}

function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [change(key), mapTexts(item, change)]));
}

/** The value as jsonb can hold it. The value itself when that is so already. */
export function storable<T>(value: T): T;
export function storable(value: unknown): unknown {
  const json = JSON.stringify(value) ?? "null";
  return UNSTORABLE.test(json) ? mapTexts(JSON.parse(json), storableText) : value;
}

/** Puts `[secret]` in the place of every secret in a text. */
export function redactText(text: string, secrets: readonly string[]): string {
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, REDACTED), text);
}

/** The value with `[secret]` in the place of every secret in its texts. */
export function redact(value: unknown, secrets: readonly string[]): unknown {
  return mapTexts(value, (text) => redactText(text, secrets));
}

/** What a log shows of a value: no secrets, nothing that cannot be stored, and of large values the beginning only. */
export function forLog(value: unknown, secrets: readonly string[]): unknown {
  const shown = secrets.length === 0 ? value : redact(value, secrets);
  const json = JSON.stringify(shown) ?? "null";
  const clean = UNSTORABLE.test(json) ? mapTexts(JSON.parse(json), storableText) : (shown ?? null);
  // A character is at most three bytes: most values need no exact count.
  if (json.length * 3 <= MAX_LOGGED) return clean;
  const bytes = new TextEncoder().encode(json).byteLength;
  if (bytes <= MAX_LOGGED) return clean;
  return { truncated: true, bytes, preview: storableText(JSON.stringify(clean).slice(0, PREVIEW)) };
}
