import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { errorCode } from "#platform/errors";
import { STAND_IN_KEYS, standInToken, startTurnstile, type Turnstile } from "../../../dev/turnstile/server.ts";
import { openSession } from "../session.ts";
import { testContext } from "../testing/context.ts";
import { type BroughtProof, requireHuman } from "./require-human.ts";

const MINUTE = 60_000;
const APP = { appId: "app_1", endedSessions: [] };

let turnstile: Turnstile;
let world: ReturnType<typeof testContext>;
let tokens = 0;

beforeAll(async () => {
  turnstile = await startTurnstile({ port: 0, now: () => world.ctx.clock.now() });
});
afterAll(() => turnstile.close());
beforeEach(() => {
  turnstile.interfere(null);
  world = contextWith();
});

function contextWith(changes: Record<string, string> = {}) {
  const { siteKey, secretKey } = STAND_IN_KEYS;
  return testContext({ TURNSTILE_ORIGIN: turnstile.origin, TURNSTILE_SITE_KEY: siteKey, TURNSTILE_SECRET_KEY: secretKey, ...changes });
}

function token(changes: Partial<Parameters<typeof standInToken>[0]> = {}): string {
  tokens += 1;
  return standInToken({ hostname: "app.test", action: "app_1", at: world.ctx.clock.now(), id: String(tokens), ...changes });
}

function proof(text: string | null): BroughtProof {
  return { token: text, appId: "app_1", hostnames: ["app.test"], ip: "203.0.113.7" };
}

async function outcome(text: string | null, since: number | null = 0, { ctx } = world): Promise<string> {
  const session = await openSession(ctx, APP, new Headers());
  return requireHuman(ctx, session, since, proof(text)).then(
    () => "let in",
    (error: unknown) => errorCode(error) ?? "thrown",
  );
}

describe("requireHuman", () => {
  it("lets everybody in where nobody asks, without a call", async () => {
    expect(await outcome(null, null)).toBe("let in");
    expect(turnstile.seen).toHaveLength(0);
  });

  it("tells how to ask when there is no token", async () => {
    const session = await openSession(world.ctx, APP, new Headers());
    await expect(requireHuman(world.ctx, session, 0, proof(null))).rejects.toMatchObject({
      code: "captcha_required",
      details: { captcha: { site_key: "stand-in", action: "app_1", script: `${turnstile.origin}/turnstile/v0/api.js?render=explicit` } },
    });
    expect(turnstile.seen).toHaveLength(0);
  });

  it("remembers a passed captcha in the session for an hour, or until a newer proof is asked for", async () => {
    const { ctx, tick } = world;
    const human = await requireHuman(ctx, await openSession(ctx, APP, new Headers()), 0, proof(token()));
    const again = (since: number) => requireHuman(ctx, human, since, proof(null)).then(() => "let in", errorCode);
    expect(human.fresh).toBe(true);
    expect(await again(0)).toBe("let in");
    expect(await again(ctx.clock.now() + 1)).toBe("captcha_required");
    tick(59 * MINUTE);
    expect(await again(0)).toBe("let in");
    tick(MINUTE);
    expect(await again(0)).toBe("captcha_required");
    expect(turnstile.seen).toHaveLength(1);
  });

  it("takes a token once, but from the same visitor again", async () => {
    const { ctx } = world;
    const [session, other] = [await openSession(ctx, APP, new Headers()), await openSession(ctx, APP, new Headers())];
    const shared = token();
    const bring = (who: typeof session) => requireHuman(ctx, who, 0, proof(shared)).then(() => "let in", errorCode);
    expect(await bring(session)).toBe("let in");
    expect(await bring(session)).toBe("let in");
    expect(await bring(other)).toBe("captcha_required");
  });

  it.each([
    ["of another host", () => token({ hostname: "evil.test" })],
    ["of another app", () => token({ action: "app_2" })],
    ["that is too old", () => token({ at: world.ctx.clock.now() - 6 * MINUTE })],
    ["from the future", () => token({ at: world.ctx.clock.now() + 2 * MINUTE })],
    ["that is none", () => "nonsense"],
  ])("refuses a token %s", async (_, make) => {
    expect(await outcome(make())).toBe("captcha_required");
  });

  it.each([
    ["always fails", "2x0000000000000000000000000000000AA"],
    ["calls every token spent", "3x0000000000000000000000000000000AA"],
  ])("refuses under the test key that %s", async (_, TURNSTILE_SECRET_KEY) => {
    expect(await outcome(token(), 0, contextWith({ TURNSTILE_SECRET_KEY }))).toBe("captcha_required");
  });

  it("asks once more when the far side stumbles, and lets nobody in when it is down", async () => {
    turnstile.interfere(({ number }) => (number === 1 ? { when: "after" } : null));
    expect(await outcome(token())).toBe("let in");
    turnstile.interfere(() => ({ when: "before", answer: { status: 500, body: { success: false, "error-codes": ["internal-error"] } } }));
    const session = await openSession(world.ctx, APP, new Headers());
    await expect(requireHuman(world.ctx, session, 0, proof(token()))).rejects.toMatchObject({
      code: "upstream_unavailable",
      retryAfter: 5,
    });
    expect(turnstile.seen).toHaveLength(2);
  });

  it("lets nobody in with a secret key that is wrong, or where none is set up", async () => {
    expect(await outcome(token(), 0, contextWith({ TURNSTILE_SECRET_KEY: "mistyped" }))).toBe("upstream_unavailable");
    expect(await outcome(token(), 0, contextWith({ TURNSTILE_SECRET_KEY: "" }))).toBe("captcha_required");
  });
});
