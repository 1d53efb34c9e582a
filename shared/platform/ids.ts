import type { Clock, Random } from "#platform/clock";

/** What each id names. The prefix makes a pasted id explain itself and a mixed-up one fail. */
const ID_PREFIXES = {
  user: "usr",
  account: "acc",
  session: "ses",
  verification: "ver",
  workspace: "wrk",
  member: "mem",
  role: "rol",
  invitation: "inv",
  apiKey: "key",
  secret: "sec",
  app: "app",
  version: "apv",
  workflow: "wfl",
  domain: "dom",
  run: "run",
  visitor: "vis",
  visitorRule: "vru",
  event: "evt",
  audit: "aud",
  invoice: "ivc",
  creditNote: "crn",
  trigger: "trg",
  file: "fil",
  deadLetter: "dlt",
  backup: "bkp",
  restore: "rst",
  request: "req",
} as const;

export type IdKind = keyof typeof ID_PREFIXES;

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
/** Letters of an id that hold its time: 48 bits, after the 2 that pad 128 bits to 26 letters. */
const TIME_LETTERS = 10;

/** The 128 bits of a UUIDv7 (RFC 9562, section 5.7): 48 bits of milliseconds, then version, variant and chance. */
function uuidv7Bytes(now: number, random: Random): Uint8Array<ArrayBuffer> {
  const bytes = random.bytes(16);
  let time = now;
  for (let index = 5; index >= 0; index -= 1) {
    bytes[index] = time % 256;
    time = Math.floor(time / 256);
  }
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes;
}

/** A UUIDv7 in its canonical text form, as the id columns of workspace databases hold it. */
export function uuidv7(now: number, random: Random): string {
  const hex = Array.from(uuidv7Bytes(now, random), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** 16 bytes as 26 characters of Crockford's base32, in an order that sorts like the bytes (the TypeID suffix). */
function base32(bytes: Uint8Array): string {
  let text = "";
  // Bits that no letter holds yet, and how many; the two zeros at first pad 128 bits to 26 letters.
  let [rest, bits] = [0, 2];
  for (const byte of bytes) {
    rest = ((rest & 31) << 8) | byte;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += ALPHABET.charAt((rest >> (bits - 5)) & 31);
  }
  return text;
}

/** A new id such as `app_01k9z…`: ordered by time, opaque to clients. */
export function newId(kind: IdKind, clock: Clock, random: Random): string {
  return `${ID_PREFIXES[kind]}_${base32(uuidv7Bytes(clock.now(), random))}`;
}

/** Whether a text could be an id of this kind, so that garbage in a path never reaches the database. */
export function isId(kind: IdKind, text: string): boolean {
  return text.startsWith(`${ID_PREFIXES[kind]}_`) && /^[a-z]{3}_[0-7][0-9a-hjkmnp-tv-z]{25}$/.test(text);
}

/** The least id of this kind that can be made at a time (ms): ids after it were made then or later. */
export function firstIdAt(kind: IdKind, time: number): string {
  return `${ID_PREFIXES[kind]}_${base32(uuidv7Bytes(time, { bytes: (length) => new Uint8Array(length), float: () => 0 })).slice(0, TIME_LETTERS)}`;
}
