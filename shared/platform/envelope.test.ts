import { describe, expect, it } from "vitest";
import { openSecret, type SecretBinding, sealSecret } from "./envelope.ts";

const key = (fill: number) => btoa(String.fromCharCode(...new Uint8Array(32).fill(fill)));
const env = { ENVELOPE_KEYS: `1:${key(1)}` };
const rotated = { ENVELOPE_KEYS: `2:${key(2)},1:${key(1)}` };
const binding: SecretBinding = { workspaceId: "wrk_a", resource: "workspace_secrets", id: "sec_a", field: "sealed_value" };

describe("envelope", () => {
  it("opens what it sealed", async () => {
    for (const plaintext of ["", "geheim é 🔑", "x".repeat(200_000)]) {
      const { sealed, keyVersion } = await sealSecret(env, plaintext, binding);
      expect(keyVersion).toBe(1);
      expect(sealed).toMatch(/^v1\.1(\.[\w-]+){4}$/);
      expect(await openSecret(env, sealed, binding)).toBe(plaintext);
    }
  });

  it("never seals the same secret to the same text", async () => {
    const [one, two] = await Promise.all([sealSecret(env, "same", binding), sealSecret(env, "same", binding)]);
    expect(one.sealed).not.toBe(two.sealed);
  });

  it.each([
    ["workspace", { workspaceId: "wrk_b" }],
    ["resource", { resource: "workspace_databases" }],
    ["row", { id: "sec_b" }],
    ["field", { field: "sealed_owner" }],
  ])("does not open in another %s", async (_, other) => {
    const { sealed } = await sealSecret(env, "secret", binding);
    await expect(openSecret(env, sealed, { ...binding, ...other })).rejects.toThrow("could not be opened");
  });

  it("does not confuse bindings whose parts join to the same text", async () => {
    const { sealed } = await sealSecret(env, "secret", { ...binding, id: 'a","b', field: "c" });
    await expect(openSecret(env, sealed, { ...binding, id: "a", field: 'b","c' })).rejects.toThrow("could not be opened");
  });

  it("does not open a text in which anything was changed", async () => {
    const { sealed } = await sealSecret(rotated, "secret", binding);
    const parts = sealed.split(".");
    for (const index of [2, 3, 4, 5]) {
      const part = parts[index] ?? "";
      const changed = parts.with(index, `${part.startsWith("A") ? "B" : "A"}${part.slice(1)}`).join(".");
      await expect(openSecret(rotated, changed, binding)).rejects.toThrow("could not be opened");
    }
    await expect(openSecret(rotated, parts.with(1, "1").join("."), binding)).rejects.toThrow("could not be opened");
    await expect(openSecret(rotated, `${sealed}.AAAA`, binding)).rejects.toThrow("format");
    await expect(openSecret(rotated, "plain text", binding)).rejects.toThrow("format");
  });

  it("seals by the newest key and opens by the one that the text names", async () => {
    const old = await sealSecret(env, "old", binding);
    const fresh = await sealSecret(rotated, "fresh", binding);
    expect(fresh.keyVersion).toBe(2);
    expect(await openSecret(rotated, old.sealed, binding)).toBe("old");
    await expect(openSecret(env, fresh.sealed, binding)).rejects.toThrow("not configured");
  });

  it("refuses keys that are not 32 bytes under a version of their own", async () => {
    for (const ENVELOPE_KEYS of ["", `x:${key(1)}`, `1:${btoa("short")}`, `1:${key(1)},1:${key(2)}`]) {
      await expect(sealSecret({ ENVELOPE_KEYS }, "secret", binding)).rejects.toThrow("ENVELOPE_KEYS");
    }
  });
});
