import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { openToken, signToken } from "./signed-token.ts";
import { SESSION_KEYS } from "./testing/context.ts";

const env = { SESSION_KEYS };
const schema = z.object({ app: z.string() });

describe("a signed token", () => {
  it("is opened as what it was made, and as nothing else", async () => {
    const token = await signToken(env, "password", { app: "app_1" });
    expect(await openToken(env, "password", token, schema)).toEqual({ app: "app_1" });
    for (const kind of ["session", "sign-in", "hand-off"] as const) expect(await openToken(env, kind, token, schema)).toBeNull();
    expect(await openToken(env, "password", token, z.object({ user: z.string() }))).toBeNull();
  });

  it("does not survive a change of any character", async () => {
    const token = await signToken(env, "sign-in", { app: "app_1" });
    await fc.assert(
      fc.asyncProperty(fc.nat(token.length - 1), fc.constantFrom(..."Aa0-_.é "), async (index, character) => {
        const changed = token.slice(0, index) + character + token.slice(index + 1);
        const opened = await openToken(env, "sign-in", changed, schema);
        expect(opened).toEqual(changed === token ? { app: "app_1" } : null);
      }),
    );
  });

  it("goes on through a rotation of keys, until its key is gone", async () => {
    const token = await signToken(env, "sign-in", { app: "app_1" });
    const newer = `k2:${btoa("another session key, long enough")}`;
    expect(await openToken({ SESSION_KEYS: `${newer},${SESSION_KEYS}` }, "sign-in", token, schema)).not.toBeNull();
    expect(await openToken({ SESSION_KEYS: newer }, "sign-in", token, schema)).toBeNull();
  });
});
