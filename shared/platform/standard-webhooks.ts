import { AppError } from "#platform/errors";

/*
 * Messages signed as the Standard Webhooks specification says: HMAC-SHA256 over `<id>.<seconds>.<body>`, by a secret that is
 * written `whsec_` and base64.
 */

/** Seconds that a message's time may be away from now, either way. */
const TOLERANCE = 300;

const PREFIX = "whsec_";

/** Bytes in base64, as the specification writes secrets and signatures. */
function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}

/** A secret of these bytes, as it is shown to people. */
export function webhookSecret(bytes: Uint8Array): string {
  return PREFIX + toBase64(bytes);
}

function keyOf(secret: string): Promise<CryptoKey> {
  const bytes = fromBase64(secret.slice(PREFIX.length));
  if (!secret.startsWith(PREFIX) || bytes === null) throw new Error("this is no webhook secret");
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
}

function signedBytes(id: string, seconds: number, body: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(new TextEncoder().encode(`${id}.${seconds}.${body}`));
}

/** The headers that a message is sent with at a time (ms). */
export async function webhookHeaders(secret: string, id: string, now: number, body: string): Promise<Record<string, string>> {
  const seconds = Math.floor(now / 1_000);
  const signature = await crypto.subtle.sign("HMAC", await keyOf(secret), signedBytes(id, seconds, body));
  return {
    "webhook-id": id,
    "webhook-timestamp": String(seconds),
    "webhook-signature": `v1,${toBase64(new Uint8Array(signature))}`,
  };
}

function refused(reason: string): AppError {
  return new AppError("unauthenticated", `The webhook was not accepted: ${reason}`);
}

/**
 * Verifies a message that came in at a time (ms), and gives its id. Of several signatures (`v1,…`, separated by spaces) one must be
 * right. Refuses with `unauthenticated`.
 */
export async function verifyWebhook(secret: string, headers: Headers, now: number, body: string): Promise<string> {
  const [id, timestamp, signatures] = ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) => headers.get(name) ?? "");
  if (!id || !timestamp || !signatures) throw refused("the headers webhook-id, webhook-timestamp and webhook-signature must be there.");
  if (!/^\d{1,12}$/.test(timestamp)) throw refused("webhook-timestamp is not a number of seconds.");
  const seconds = Number(timestamp);
  if (Math.abs(now / 1_000 - seconds) > TOLERANCE) throw refused(`its time is more than ${TOLERANCE / 60} minutes away from now.`);
  const [key, signed] = [await keyOf(secret), signedBytes(id, seconds, body)];
  for (const entry of signatures.split(" ")) {
    const signature = entry.startsWith("v1,") ? fromBase64(entry.slice("v1,".length)) : null;
    if (signature !== null && (await crypto.subtle.verify("HMAC", key, signature, signed))) return id;
  }
  throw refused("no signature of it is right.");
}
