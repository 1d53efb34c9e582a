import { describe, expect, it } from "vitest";
import { systemRandom } from "#platform/clock";
import { hashPassword, verifyPassword } from "./password.ts";

describe("a password", () => {
  it("fits its hash and no other", async () => {
    const hash = await hashPassword("correct horse", systemRandom);
    expect(await verifyPassword("correct horse", hash)).toBe(true);
    expect(await verifyPassword("correct hors", hash)).toBe(false);
    expect(hash).not.toBe(await hashPassword("correct horse", systemRandom));
  });

  it("fits in whichever way its characters were composed", async () => {
    expect(await verifyPassword("cafe\u0301s and more", await hashPassword("caf\u00e9s and more", systemRandom))).toBe(true);
  });

  it("still fits a hash made at another cost", async () => {
    // RFC 7914, section 12: scrypt("password", "NaCl", N = 1024, r = 8, p = 16, 64).
    const key =
      "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640";
    expect(await verifyPassword("password", `scrypt$1024$8$16$4e61436c$${key}`)).toBe(true);
  });

  it.each(["", "plain", "scrypt$1$2$3", "bcrypt$1024$8$16$4e61436c$00"])("fits nothing in another format: %j", async (hash) => {
    expect(await verifyPassword("plain", hash)).toBe(false);
  });
});
