import { scrypt, timingSafeEqual } from "node:crypto";
import type { Random } from "#platform/clock";

/** OWASP's parameters for scrypt with 16 MiB. The hash names them, so that they can be raised without locking anyone out. */
const COST = { N: 16_384, r: 8, p: 5 } as const;
const KEY_BYTES = 64;
const FORMAT = /^scrypt\$(\d+)\$(\d+)\$(\d+)\$([0-9a-f]+)\$([0-9a-f]+)$/;

/** Native scrypt: the auth library's own runs in JavaScript on Workers, several times slower. */
export async function hashPassword(password: string, random: Random): Promise<string> {
  const salt = random.bytes(16);
  const key = await derive(password, salt, KEY_BYTES, COST);
  return ["scrypt", COST.N, COST.r, COST.p, toHex(salt), toHex(key)].join("$");
}

/** Whether a password is the one that was hashed. A hash in another format fits none. */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const [, N, r, p, salt = "", key = ""] = FORMAT.exec(hash) ?? [];
  if (N === undefined) return false;
  const expected = fromHex(key);
  const actual = await derive(password, fromHex(salt), expected.length, { N: Number(N), r: Number(r), p: Number(p) });
  return timingSafeEqual(actual, expected);
}

function derive(
  password: string,
  salt: Uint8Array<ArrayBuffer>,
  length: number,
  cost: { N: number; r: number; p: number },
): Promise<Uint8Array<ArrayBuffer>> {
  // The same character can be typed in several ways (RFC 8265 asks for one of them).
  const normal = password.normalize("NFKC");
  return new Promise((resolve, reject) => {
    scrypt(normal, salt, length, cost, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fromHex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
