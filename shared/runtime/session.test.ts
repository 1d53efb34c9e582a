import { describe, expect, it } from "vitest";
import { humanSession, openSession, SESSION_COOKIE, SESSION_HEADER, sessionCookie } from "./session.ts";
import { SESSION_KEYS, testContext } from "./testing/context.ts";

const HOUR = 60 * 60 * 1000;
const NEWER_KEYS = `k2:${btoa("another session key, long enough")},${SESSION_KEYS}`;

function cookie(token: string): Headers {
  return new Headers({ Cookie: `theme=dark; ${SESSION_COOKIE}=${token}` });
}

function header(token: string): Headers {
  return new Headers({ [SESSION_HEADER]: token });
}

describe("openSession", () => {
  it("names a new visitor, and knows them again by cookie or header", async () => {
    const { ctx } = testContext({});
    const first = await openSession(ctx, "app_1", new Headers());
    expect(first).toMatchObject({ fresh: true });
    expect(first.id).toMatch(/^vis_/);
    expect(first.token).not.toContain(first.id);
    for (const headers of [cookie(first.token), header(first.token)]) {
      expect(await openSession(ctx, "app_1", headers)).toEqual({ id: first.id, token: first.token, fresh: false, humanAt: null });
    }
  });

  it("slides: an older token is renewed for the same visitor, one past its day is not", async () => {
    const { ctx, tick } = testContext({});
    const first = await openSession(ctx, "app_1", new Headers());
    tick(23 * HOUR);
    const renewed = await openSession(ctx, "app_1", cookie(first.token));
    expect(renewed).toMatchObject({ id: first.id, fresh: true });
    tick(2 * HOUR);
    expect((await openSession(ctx, "app_1", cookie(first.token))).id).not.toBe(first.id);
    expect((await openSession(ctx, "app_1", cookie(renewed.token))).id).toBe(first.id);
  });

  it("remembers when its visitor was found to be human, across renewals and for nobody else", async () => {
    const { ctx, tick } = testContext({});
    const first = await openSession(ctx, "app_1", new Headers());
    const human = await humanSession(ctx, "app_1", first);
    expect(human).toMatchObject({ id: first.id, fresh: true, humanAt: ctx.clock.now() });
    expect(await openSession(ctx, "app_1", cookie(human.token))).toMatchObject({ fresh: false, humanAt: human.humanAt });
    tick(2 * HOUR);
    expect(await openSession(ctx, "app_1", cookie(human.token))).toMatchObject({ id: first.id, fresh: true, humanAt: human.humanAt });
    expect(await openSession(ctx, "app_2", cookie(human.token))).toMatchObject({ humanAt: null });
    expect(await openSession(ctx, "app_1", cookie(first.token))).toMatchObject({ humanAt: null });
  });

  it("does not take one app's visitor for another's", async () => {
    const { ctx } = testContext({});
    const first = await openSession(ctx, "app_1", new Headers());
    expect((await openSession(ctx, "app_2", header(first.token))).id).not.toBe(first.id);
  });

  it("believes nothing that was not signed", async () => {
    const { ctx } = testContext({});
    const first = await openSession(ctx, "app_1", new Headers());
    const [body = "", signature = ""] = first.token.split(".");
    const other = await openSession(ctx, "app_1", new Headers());
    const flipped = `${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`;
    const unsigned = btoa(JSON.stringify({ id: first.id, app: "app_1", iat: 0, exp: 9e15 })).replaceAll("=", "");
    const forged = [
      `${body}.${flipped}`,
      `${other.token.split(".")[0]}.${signature}`,
      `${unsigned}.${signature}`,
      `${body}.`,
      body,
      "",
      "a.b.c",
      "é",
      "x".repeat(5000),
    ];
    for (const token of forged) {
      const session = await openSession(ctx, "app_1", cookie(token));
      expect(session).toMatchObject({ fresh: true });
      expect(session.id).not.toBe(first.id);
    }
  });

  it("goes on through a rotation of keys, and ends sessions of keys that are gone", async () => {
    const first = await openSession(testContext({}).ctx, "app_1", new Headers());
    const rotated = testContext({ SESSION_KEYS: NEWER_KEYS }).ctx;
    expect((await openSession(rotated, "app_1", cookie(first.token))).id).toBe(first.id);
    const newer = await openSession(rotated, "app_1", new Headers());
    expect((await openSession(testContext({}).ctx, "app_1", cookie(newer.token))).id).not.toBe(newer.id);
    expect(
      (await openSession(testContext({ SESSION_KEYS: NEWER_KEYS.split(",")[0] ?? "" }).ctx, "app_1", cookie(first.token))).id,
    ).not.toBe(first.id);
  });
});

describe("sessionCookie", () => {
  const session = { id: "vis_1", token: "t.s", fresh: true, humanAt: null };

  it("is kept from scripts and other sites, and to the app's own path", () => {
    expect(sessionCookie(session, { base: "/acme/desk", secure: true })).toBe(
      "af_session=t.s; Path=/acme/desk; Max-Age=86400; HttpOnly; SameSite=Lax; Secure",
    );
    expect(sessionCookie(session, { base: "", secure: false })).toBe("af_session=t.s; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax");
  });
});
