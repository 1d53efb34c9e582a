import { describe, expect, it } from "vitest";
import { testContext } from "../testing/context.ts";
import { readSignIn, signInCookie } from "./sign-in.ts";

const PLACE = { appId: "app_1", host: "desk.example.com" };
const SIGN_IN = { userId: "usr_1", sessionId: "ses_1" };
const HOUR = 60 * 60 * 1000;

async function signedIn(ctx: ReturnType<typeof testContext>["ctx"]): Promise<Headers> {
  const line = await signInCookie(ctx, PLACE, SIGN_IN, { base: "", secure: true });
  expect(line).toMatch(/; Path=\/; Max-Age=86400; HttpOnly; SameSite=Lax; Secure$/);
  return new Headers({ Cookie: `theme=dark; ${line.split(";")[0]}` });
}

describe("the cookie of a sign-in", () => {
  it("says who it is, in its app at its host", async () => {
    const { ctx } = testContext({});
    const headers = await signedIn(ctx);
    expect(await readSignIn(ctx, PLACE, headers)).toEqual(SIGN_IN);
    expect(await readSignIn(ctx, { ...PLACE, appId: "app_2" }, headers)).toBeNull();
    expect(await readSignIn(ctx, { ...PLACE, host: "evil.test" }, headers)).toBeNull();
    expect(await readSignIn(ctx, PLACE, new Headers())).toBeNull();
  });

  it("ends after a day", async () => {
    const { ctx, tick } = testContext({});
    const headers = await signedIn(ctx);
    tick(24 * HOUR - 1);
    expect(await readSignIn(ctx, PLACE, headers)).toEqual(SIGN_IN);
    tick(1);
    expect(await readSignIn(ctx, PLACE, headers)).toBeNull();
  });
});
