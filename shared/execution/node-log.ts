/**
 * How much a node log shows of a value: whole up to `bytes` of JSON, else its first `preview` characters. A run's first
 * nodes have more room than the thousands that may follow: all of its logs have to travel as one record.
 */
interface Room {
  readonly bytes: number;
  readonly preview: number;
}
const ROOM: Room = { bytes: 16_384, preview: 2_048 };
const LITTLE_ROOM: Room = { bytes: 512, preview: 128 };
const ROOMY_NODES = 128;

/** The room for each value of the node that started as number `seq` of its run. */
export function roomFor(seq: number): Room {
  return seq < ROOMY_NODES ? ROOM : LITTLE_ROOM;
}

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

/** What stands in a log for a value that is too large for it. */
interface CutValue {
  readonly truncated: true;
  /** Of the whole value, as JSON. */
  readonly bytes: number;
  /** The beginning of its JSON. */
  readonly preview: string;
}

/** A value as a log shows it: whole, or its beginning, and then besides the whole as JSON. */
export type Logged =
  | { readonly kind: "whole"; readonly value: unknown }
  | { readonly kind: "cut"; readonly value: CutValue; readonly json: string };

/** What a log shows of a value: no secrets, nothing that cannot be stored, and no more than there is room for. */
export function forLog(value: unknown, secrets: readonly string[], room = ROOM): Logged {
  const shown = secrets.length === 0 ? value : redact(value, secrets);
  const text = JSON.stringify(shown) ?? "null";
  const isStorable = !UNSTORABLE.test(text);
  const clean = isStorable ? (shown ?? null) : mapTexts(JSON.parse(text), storableText);
  const json = isStorable ? text : JSON.stringify(clean);
  // A character is at most three bytes: most values need no exact count.
  if (json.length * 3 <= room.bytes) return { kind: "whole", value: clean };
  const bytes = new TextEncoder().encode(json).byteLength;
  if (bytes <= room.bytes) return { kind: "whole", value: clean };
  return { kind: "cut", value: { truncated: true, bytes, preview: storableText(json.slice(0, room.preview)) }, json };
}
