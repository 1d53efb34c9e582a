import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createContext } from "#platform/context";
import { handleApi } from "./index.ts";
import { API_ORIGIN, CONSOLE_ORIGIN, cookieOf, type Platform, startPlatform } from "./testing/platform.ts";

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform();
}, 60_000);
afterAll(() => platform.stop());

const password = "correct horse battery";

describe("signing up", () => {
  it("makes a user with a default workspace that they own", async () => {
    const answer = await platform.call("POST /api/auth/sign-up/email", {
      body: { name: "Ada Lovelace", email: "Ada@Example.test", password },
    });
    expect(answer.status).toBe(200);
    expect(answer.body.user).toMatchObject({ id: expect.stringMatching(/^usr_/), email: "ada@example.test", name: "Ada Lovelace" });
    const { body } = await platform.call("GET /api/v1/workspaces", { as: { Cookie: cookieOf(answer) } });
    expect(body).toEqual({
      data: [
        expect.objectContaining({
          name: "Ada Lovelace's workspace",
          slug: expect.stringMatching(/^ada-lovelace-[0-9a-z]{6}$/),
          role: "owner",
          is_default: true,
          permissions: expect.arrayContaining(["workspace:delete", "billing:manage"]),
        }),
      ],
      next_cursor: null,
    });
  });

  it("sets a cookie that scripts cannot read and other sites cannot send", async () => {
    const answer = await platform.call("POST /api/auth/sign-up/email", { body: { name: "Bo", email: "bo@example.test", password } });
    const [cookie = ""] = answer.headers.getSetCookie();
    expect(cookie).toMatch(/^agentflow\.session_token=/);
    expect(cookie).toMatch(/; HttpOnly/i);
    expect(cookie).toMatch(/; SameSite=Lax/i);
    expect(cookie).toMatch(/; Max-Age=604800/i);
    expect(answer.headers.get("X-Request-Id")).toMatch(/^req_/);
  });

  it("leaves nothing behind when it fails in the middle, so that the address can be used again", async () => {
    const { db } = platform.context();
    await db.execute("ALTER TABLE accounts ADD CONSTRAINT broken CHECK (user_id IS NULL) NOT VALID");
    const body = { name: "Cy", email: "cy@example.test", password };
    const failed = await platform.call("POST /api/auth/sign-up/email", { body });
    await db.execute("ALTER TABLE accounts DROP CONSTRAINT broken");
    expect(failed.status).toBe(500);
    expect((await platform.call("POST /api/auth/sign-up/email", { body })).status).toBe(200);
  });

  it.each([
    ["a taken address", { name: "Ada", email: "ADA@example.test", password }],
    ["a short password", { name: "X", email: "x1@example.test", password: "seven77" }],
    ["a long password", { name: "X", email: "x2@example.test", password: "x".repeat(129) }],
    ["no e-mail", { name: "X", password }],
    ["a malformed e-mail", { name: "X", email: "x", password }],
    ["an empty name", { name: " ", email: "x3@example.test", password }],
    ["a very long name", { name: "x".repeat(201), email: "x4@example.test", password }],
    ["a NUL in the name", { name: "a\u0000b", email: "x5@example.test", password }],
    ["values of other types", { name: 1, email: [], password: {} }],
    ["a list", []],
    ["null", "null"],
  ])("refuses %s", async (_, body) => {
    const answer = await platform.call("POST /api/auth/sign-up/email", { body });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
  });
});

describe("sessions", () => {
  it("begin with the right password, are known by their cookie and end with signing out", async () => {
    const person = await platform.signUp("Dee");
    const wrong = await platform.call("POST /api/auth/sign-in/email", { body: { email: person.email, password: "wrong horse battery" } });
    expect(wrong.status).toBe(401);
    const signedIn = await platform.call("POST /api/auth/sign-in/email", { body: { email: person.email.toUpperCase(), password } });
    expect(signedIn.status).toBe(200);
    const as = { Cookie: cookieOf(signedIn) };
    expect((await platform.call("GET /api/auth/get-session", { as })).body.user.id).toBe(person.userId);

    expect((await platform.call("POST /api/auth/sign-out", { as })).status).toBe(200);
    expect((await platform.call("GET /api/v1/workspaces", { as })).status).toBe(401);
    // The other session of the same user goes on.
    expect((await platform.call("GET /api/v1/workspaces", { as: person.as })).status).toBe(200);
  });

  it("are none for a forged cookie", async () => {
    const person = await platform.signUp("Eve");
    const forged = person.as.Cookie.replace(/\.[^.]*$/, ".AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%3D");
    expect((await platform.call("GET /api/v1/workspaces", { as: { Cookie: forged } })).status).toBe(401);
    expect((await platform.call("GET /api/v1/workspaces", { as: { Cookie: "agentflow.session_token=%" } })).status).toBe(401);
  });

  it("cannot be begun from a foreign page", async () => {
    const person = await platform.signUp("Fay");
    const call = { body: { email: person.email, password } };
    const from = (Origin: string) => platform.call("POST /api/auth/sign-in/email", { ...call, headers: { Origin } });
    expect((await from("https://evil.test")).status).toBe(403);
    expect((await from("null")).status).toBe(403);
    expect((await from(CONSOLE_ORIGIN)).status).toBe(200);
    expect((await from("http://localhost:8788")).status).toBe(200);
  });
});

it("has no other addresses", async () => {
  const answer = await platform.call("GET /api/auth/nothing-here");
  expect(answer).toMatchObject({ status: 404, body: { code: "not_found" } });
});

describe("without a database", () => {
  const send = (path: string, body: unknown, headers: Record<string, string> = {}) => {
    // Port 9 answers nobody.
    const env = { ...platform.env, SQL_GATEWAY_ORIGIN: "http://127.0.0.1:9" };
    const request = new Request(`${API_ORIGIN}${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: { "Content-Type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return handleApi(request, createContext(env, { waitUntil: () => undefined }));
  };

  it("says so, and when to come back", async () => {
    const person = await platform.signUp("Gil");
    const answers = await Promise.all([
      send("/api/v1/workspaces", undefined, person.as),
      send("/api/v1/workspaces", undefined, { Authorization: `Bearer afk_${"A".repeat(43)}` }),
      send("/api/auth/sign-in/email", { email: person.email, password }),
      send("/api/auth/sign-up/email", { name: "New", email: "new@example.test", password }),
    ]);
    for (const answer of answers) {
      expect([answer.status, answer.headers.get("Retry-After")]).toEqual([503, "2"]);
      expect(await answer.json()).toMatchObject({ code: "database_unavailable" });
    }
  });
});

it("lets an address guess passwords only so often", async () => {
  const guess = (ip: string) =>
    platform.call("POST /api/auth/sign-in/email", { body: { email: "nobody", password }, headers: { "cf-connecting-ip": ip } });
  for (let attempt = 0; attempt < 120; attempt += 1) expect((await guess("192.0.2.1")).status).toBe(400);
  const refused = await guess("192.0.2.1");
  expect(refused).toMatchObject({ status: 429, body: { code: "rate_limited" } });
  expect(Number(refused.headers.get("Retry-After"))).toBeGreaterThan(0);
  expect(refused.headers.get("RateLimit-Policy")).toBe('"sign-in";q=120;w=60');
  expect((await guess("192.0.2.2")).status).toBe(400);
});
