import { AppError } from "#platform/errors";

/** Seconds that a webhook's time may be away from now, either way; what Stripe's own libraries allow. */
const TOLERANCE = 300;

function refused(reason: string): AppError {
  return new AppError("bad_request", `The webhook was not accepted: ${reason}`);
}

/**
 * Verifies Stripe's signature of a webhook at a time (ms): HMAC-SHA256 of `<seconds>.<body>` in hexadecimal digits, in a header
 * such as `t=1700000000,v1=…,v1=…` (https://docs.stripe.com/webhooks/signature). Of the signatures, one must be right by one of
 * the secrets: so both can be changed without a gap. Refuses with `bad_request`.
 */
export async function verifySignature(secrets: readonly string[], header: string, now: number, body: string): Promise<void> {
  const parts = header.split(",").map((part) => part.trim().split("="));
  const valuesOf = (name: string) => parts.filter(([key]) => key === name).map(([, value = ""]) => value);
  const [time = ""] = valuesOf("t");
  if (!/^\d{1,12}$/.test(time)) throw refused("the header Stripe-Signature must hold the time it was sent at (t).");
  if (Math.abs(now / 1_000 - Number(time)) > TOLERANCE) throw refused(`its time is more than ${TOLERANCE / 60} minutes away from now.`);
  const signed = Uint8Array.from(new TextEncoder().encode(`${time}.${body}`));
  const signatures = valuesOf("v1").map(fromHex);
  for (const secret of secrets) {
    const key = await keyOf(secret);
    for (const signature of signatures) {
      // Compares in constant time.
      if (signature !== null && (await crypto.subtle.verify("HMAC", key, signature, signed))) return;
    }
  }
  throw refused("no signature of it (v1) is right.");
}

function keyOf(secret: string): Promise<CryptoKey> {
  const bytes = Uint8Array.from(new TextEncoder().encode(secret));
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
}

function fromHex(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^([0-9a-f]{2}){32}$/i.test(text)) return null;
  return Uint8Array.from({ length: 32 }, (_, index) => Number.parseInt(text.slice(2 * index, 2 * index + 2), 16));
}
