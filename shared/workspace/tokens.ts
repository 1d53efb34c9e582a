import type { Random } from "#platform/clock";

/** 256 bits as 43 characters of base64url: nothing that can be guessed, so a plain hash of it is enough to store. */
export function randomToken(random: Random): string {
  return btoa(String.fromCharCode(...random.bytes(32)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** SHA-256 of a token, in hexadecimal. */
export async function hashToken(token: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
