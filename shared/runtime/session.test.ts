import { describe, expect, it } from "vitest";
import { humanSession, openSession, SESSION_COOKIE, SESSION_HEADER, sessionCookie } from "./session.ts";
import { SESSION_KEYS, testContext } from "./testing/context.ts";

const HOUR = 60 * 60 * 1000;
const APP = { appId: "app_1", endedSessions: [] };
const OTHER = { appId: "app_2", endedSessions: [] };
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
    const first = await openSession(ctx, APP, new Headers());
    expect(first).toMatchObject({ fresh: true, returning: false });
    expect(first.id).toMatch(/^vis_/);
    expect(first.token).not.toContain(first.id);
    for (const headers of [cookie(first.token), header(first.token)]) {
      expect(await openSession(ctx, APP, headers)).toEqual({
        id: first.id,
        token: first.token,
        fresh: false,
        humanAt: null,
        returning: true,
      });
    }
  });

  it("slides: an older token is renewed for the same visitor, one past its day is not", async () => {
    const { ctx, tick } = testContext({});
    const first = await openSession(ctx, APP, new Headers());
    tick(23 * HOUR);
    const renewed = await openSession(ctx, APP, cookie(first.token));
    expect(renewed).toMatchObject({ id: first.id, fresh: true, returning: true });
    tick(2 * HOUR);
    expect((await openSession(ctx, APP, cookie(first.token))).id).not.toBe(first.id);
    expect((await openSession(ctx, APP, cookie(renewed.token))).id).toBe(first.id);
  });

  it("remembers when its visitor was found to be human, across renewals and for nobody else", async () => {
    const { ctx, tick } = testContext({});
    const first = await openSession(ctx, APP, new Headers());
    const human = await humanSession(ctx, "app_1", first);
    expect(human).toMatchObject({ id: first.id, fresh: true, humanAt: ctx.clock.now() });
    expect(await openSession(ctx, APP, cookie(human.token))).toMatchObject({ fresh: false, humanAt: human.humanAt });
    tick(2 * HOUR);
    expect(await openSession(ctx, APP, cookie(human.token))).toMatchObject({ id: first.id, fresh: true, humanAt: human.humanAt });
    expect(await openSession(ctx, OTHER, cookie(human.token))).toMatchObject({ humanAt: null });
    expect(await openSession(ctx, APP, cookie(first.token))).toMatchObject({ humanAt: null });
  });

  it("does not take one app's visitor for another's", async () => {
    const { ctx } = testContext({});
    const first = await openSession(ctx, APP, new Headers());
    expect((await openSession(ctx, OTHER, header(first.token))).id).not.toBe(first.id);
  });

  it("takes a visitor whose session was ended for a new one, also one that a seed stands for", async () => {
    const { ctx, tick } = testContext({});
    const [first, seeded] = [await openSession(ctx, APP, new Headers()), await openSession(ctx, APP, new Headers(), "a seed")];
    const ended = { ...APP, endedSessions: [first.id, seeded.id] };
    for (const age of [0, 2 * HOUR]) {
      tick(age);
      for (const headers of [cookie(first.token), header(first.token)]) {
        const session = await openSession(ctx, ended, headers);
        expect(session).toMatchObject({ fresh: true, returning: false });
        expect(session.id).not.toBe(first.id);
      }
    }
    expect((await openSession(ctx, ended, new Headers(), "a seed")).id).not.toBe(seeded.id);
  });

  it("believes nothing that was not signed", async () => {
    const { ctx } = testContext({});
    const first = await openSession(ctx, APP, new Headers());
    const [body = "", signature = ""] = first.token.split(".");
    const other = await openSession(ctx, APP, new Headers());
    const flipped = `${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`;
    const unsigned = btoa(JSON.stringify({ id: first.id, app: APP, iat: 0, exp: 9e15 })).replaceAll("=", "");
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
      const session = await openSession(ctx, APP, cookie(token));
      expect(session).toMatchObject({ fresh: true });
      expect(session.id).not.toBe(first.id);
    }
  });

  it("goes on through a rotation of keys, and ends sessions of keys that are gone", async () => {
    const first = await openSession(testContext({}).ctx, APP, new Headers());
    const rotated = testContext({ SESSION_KEYS: NEWER_KEYS }).ctx;
    expect((await openSession(rotated, APP, cookie(first.token))).id).toBe(first.id);
    const newer = await openSession(rotated, APP, new Headers());
    expect((await openSession(testContext({}).ctx, APP, cookie(newer.token))).id).not.toBe(newer.id);
    expect((await openSession(testContext({ SESSION_KEYS: NEWER_KEYS.split(",")[0] ?? "" }).ctx, APP, cookie(first.token))).id).not.toBe(
      first.id,
    );
  });
});

describe("sessionCookie", () => {
  const session = { id: "vis_1", token: "t.s", fresh: true, humanAt: null, returning: false };

  it("is kept from scripts and other sites, and to the app's own path", () => {
    expect(sessionCookie(session, { base: "/acme/desk", secure: true })).toBe(
      "af_session=t.s; Path=/acme/desk; Max-Age=86400; HttpOnly; SameSite=Lax; Secure",
    );
    expect(sessionCookie(session, { base: "", secure: false })).toBe("af_session=t.s; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax");
  });
});
