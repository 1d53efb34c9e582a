import { describe, expect, it } from "vitest";
import { keyVersions, openSecret, rewrapSecret, type SecretBinding, sealSecret } from "./envelope.ts";

const key = (fill: number) => btoa(String.fromCharCode(...new Uint8Array(32).fill(fill)));
const env = { ENVELOPE_KEYS: `1:${key(1)}` };
const rotated = { ENVELOPE_KEYS: `2:${key(2)},1:${key(1)}` };
const newOnly = { ENVELOPE_KEYS: `2:${key(2)}` };
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

  it("tells the key that seals from those that only open", async () => {
    expect(await keyVersions(rotated)).toEqual({ newest: 2, others: [1] });
    expect(await keyVersions(env)).toEqual({ newest: 1, others: [] });
  });
});

describe("re-wrapping", () => {
  const others = [{ workspaceId: "wrk_b" }, { resource: "workspace_databases" }, { id: "sec_b" }, { field: "sealed_owner" }];

  it("puts a secret under the newest key, and leaves its content as it is", async () => {
    const { sealed } = await sealSecret(env, "secret", binding);
    const rewrapped = await rewrapSecret(rotated, sealed, binding);
    expect(rewrapped.keyVersion).toBe(2);
    const [, version, wrapIv, wrapped, ...content] = rewrapped.sealed.split(".");
    const [, , oldWrapIv, oldWrapped, ...oldContent] = sealed.split(".");
    expect(version).toBe("2");
    expect(content).toEqual(oldContent);
    expect([wrapIv, wrapped]).not.toEqual([oldWrapIv, oldWrapped]);
    expect(await openSecret(newOnly, rewrapped.sealed, binding)).toBe("secret");
    await expect(openSecret(env, rewrapped.sealed, binding)).rejects.toThrow("not configured");
    // The one that was read before it was re-wrapped opens too, for as long as its key is there.
    expect(await openSecret(rotated, sealed, binding)).toBe("secret");
  });

  it("leaves a secret under the newest key as it is", async () => {
    const fresh = await sealSecret(rotated, "secret", binding);
    expect(await rewrapSecret(rotated, fresh.sealed, binding)).toEqual(fresh);
  });

  it("does not carry a secret to another workspace, table, row or field", async () => {
    const { sealed } = await sealSecret(env, "secret", binding);
    const rewrapped = await rewrapSecret(rotated, sealed, binding);
    for (const other of others) {
      await expect(rewrapSecret(rotated, sealed, { ...binding, ...other })).rejects.toThrow("could not be re-wrapped");
      await expect(openSecret(newOnly, rewrapped.sealed, { ...binding, ...other })).rejects.toThrow("could not be opened");
    }
  });

  it("makes nothing open that was changed, before or after", async () => {
    const changed = (sealed: string, index: number) => {
      const parts = sealed.split(".");
      const part = parts[index] ?? "";
      return parts.with(index, `${part.startsWith("A") ? "B" : "A"}${part.slice(1)}`).join(".");
    };
    const { sealed } = await sealSecret(env, "secret", binding);
    const rewrapped = await rewrapSecret(rotated, sealed, binding);
    for (const index of [2, 3]) {
      await expect(rewrapSecret(rotated, changed(sealed, index), binding)).rejects.toThrow("could not be re-wrapped");
    }
    for (const index of [4, 5]) {
      const carried = await rewrapSecret(rotated, changed(sealed, index), binding);
      await expect(openSecret(rotated, carried.sealed, binding)).rejects.toThrow("could not be opened");
    }
    for (const index of [2, 3, 4, 5]) {
      await expect(openSecret(newOnly, changed(rewrapped.sealed, index), binding)).rejects.toThrow("could not be opened");
    }
    // Under one key, said to be under the other.
    await expect(rewrapSecret(rotated, sealed.replace("v1.1.", "v1.2."), binding)).rejects.toThrow("could not be re-wrapped");
    await expect(rewrapSecret(newOnly, sealed, binding)).rejects.toThrow("not configured");
    await expect(rewrapSecret(rotated, "plain text", binding)).rejects.toThrow("format");
  });
});
