import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Person } from "../api/testing/platform.ts";
import { CONSOLE_ORIGIN, type Site, startSite, withCookies } from "../runtime/testing/site.ts";

const HTML = { Accept: "text/html" };
const SHOP = "http://shop.example.test:8787";
const OTHER = "http://other.example.test:8787";

let site: Site;
let owner: Person;
let stranger: Person;
let appId: string;
let slug: string;

beforeAll(async () => {
  site = await startSite();
  [owner, stranger] = [await site.signUp("Owner"), await site.signUp("Stranger")];
  const workspace = await site.call(`GET /api/v1/workspaces/${owner.workspaceId}`, { as: owner.as });
  slug = workspace.body.data.slug;
  appId = await site.publish(owner, "members", { access_mode: "private" });
  const otherId = await site.publish(owner, "others", { access_mode: "public_auth" });
  await site.publish(owner, "open", { access_mode: "public_anonymous" });
  await Promise.all([site.bind(owner, appId, "shop.example.test"), site.bind(owner, otherId, "other.example.test")]);
}, 90_000);
afterAll(() => site.stop());

/** A browser's first visit to an app that wants to know who it is: where it is sent, and the cookies it has then. */
async function depart(address: string, cookies = "") {
  const sent = await site.visit(address, { headers: { ...HTML, Cookie: cookies } });
  expect(sent.status).toBe(303);
  return { platform: sent.headers.get("Location") ?? "", cookies: withCookies(sent, cookies) };
}

/** What the platform answers to the browser of a signed-in user: the address to go on to. */
async function handOver(platform: string, person: Person): Promise<string> {
  const page = await site.visit(platform, { headers: { ...HTML, ...person.as } });
  expect(page.status).toBe(200);
  return (page.headers.get("Refresh") ?? "").replace("0; url=", "");
}

/** The whole way in, as one browser takes it. */
async function enter(address: string, person: Person) {
  const { platform, cookies } = await depart(address);
  const arrived = await site.visit(await handOver(platform, person), { headers: { ...HTML, Cookie: cookies } });
  return { arrived, cookies: withCookies(arrived, cookies) };
}

const refused = async (address: string, cookies: string) => {
  const answer = await site.visit(address, { headers: { ...HTML, Cookie: cookies } });
  const html = await answer.text();
  expect([answer.status, answer.headers.getSetCookie()]).toEqual([401, []]);
  expect(html).toContain("That sign-in did not work");
};

describe("signing in at a custom hostname", () => {
  it("lands a member where they were going, known to that app at that host alone", async () => {
    const { arrived, cookies } = await enter(`${SHOP}/?a=1`, owner);
    expect([arrived.status, arrived.headers.get("Location")]).toEqual([303, "/?a=1"]);
    const [line = ""] = arrived.headers.getSetCookie();
    expect(line).toMatch(/^af_sign_in=[^;]+; Path=\/; Max-Age=86400; HttpOnly; SameSite=Lax$/);
    expect(line).not.toContain("Domain");
    const ask = (address: string) => site.visit(`${address}/schema`, { headers: { Cookie: cookies } });
    expect((await ask(SHOP)).status).toBe(200);
    expect((await ask(OTHER)).status).toBe(401);
    expect((await ask(`/${slug}/members`)).status).toBe(401);
    expect((await ask("http://shop.example.test:9999")).status).toBe(401);
  });

  it("tells somebody who is no member that the app is not for them", async () => {
    const { cookies } = await enter(SHOP, stranger);
    const page = await site.visit(SHOP, { headers: { ...HTML, Cookie: cookies } });
    expect([page.status, (await page.text()).includes("For members only")]).toEqual([403, true]);
  });

  it("serves whoever is signed in where the app says so", async () => {
    const { cookies } = await enter(OTHER, stranger);
    expect((await site.visit(`${OTHER}/schema`, { headers: { Cookie: cookies } })).status).toBe(200);
  });

  it("works the same way below the platform's own address", async () => {
    const { arrived, cookies } = await enter(`/${slug}/members`, owner);
    expect(arrived.headers.get("Location")).toBe(`/${slug}/members`);
    expect((await site.visit(`/${slug}/members/schema`, { headers: { Cookie: cookies } })).status).toBe(200);
  });

  it("has those sign in who are not, and come back to the same hand-off", async () => {
    const { platform } = await depart(SHOP);
    expect(new URL(platform).origin).toBe(CONSOLE_ORIGIN);
    const asked = await site.visit(platform, { headers: HTML });
    const page = new URL(asked.headers.get("Location") ?? "");
    expect([page.origin, page.pathname]).toEqual([CONSOLE_ORIGIN, "/sign-in"]);
    expect(new URL(page.searchParams.get("next") ?? "", CONSOLE_ORIGIN).href).toBe(platform);
  });

  it("lets several tabs of one browser through", async () => {
    const first = await depart(`${SHOP}/?tab=1`);
    const second = await depart(`${SHOP}/?tab=2`, first.cookies);
    const arrive = async (platform: string) =>
      site.visit(await handOver(platform, owner), { headers: { ...HTML, Cookie: second.cookies } });
    expect((await arrive(first.platform)).headers.get("Location")).toBe("/?tab=1");
    expect((await arrive(second.platform)).headers.get("Location")).toBe("/?tab=2");
  });

  it("tells programs to sign in, and sends them nowhere", async () => {
    const answer = await site.visit(`${SHOP}/schema`);
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ code: "unauthenticated" });
  });
});

describe("a code", () => {
  it("is taken once", async () => {
    const { platform, cookies } = await depart(SHOP);
    const address = await handOver(platform, owner);
    const answers = await Promise.all(Array.from({ length: 5 }, () => site.visit(address, { headers: { ...HTML, Cookie: cookies } })));
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 401, 401, 401, 401]);
    await refused(address, cookies);
  });

  it("is refused after a minute", async () => {
    const { platform, cookies } = await depart(SHOP);
    const address = await handOver(platform, owner);
    await site.context().db.execute("UPDATE hand_offs SET expires_at = expires_at - interval '60 seconds'");
    await refused(address, cookies);
  });

  it("is refused at another host, another app, and is of no use there or here after that", async () => {
    for (const wrong of [OTHER, `http://127.0.0.1:8787/${slug}/members`, `http://127.0.0.1:8787/${slug}/others`]) {
      const { platform, cookies } = await depart(SHOP);
      const address = await handOver(platform, owner);
      const { search } = new URL(address);
      await refused(`${wrong}/auth/callback${search}`, cookies);
      await refused(address, cookies);
    }
  });

  it("is refused in a browser that did not ask for it, and with another state", async () => {
    const [mine, theirs] = [await depart(SHOP), await depart(SHOP)];
    const address = new URL(await handOver(mine.platform, owner));
    await refused(address.href, theirs.cookies);
    const again = new URL(await handOver(mine.platform, owner));
    again.searchParams.set("state", new URL(theirs.platform).searchParams.get("state") ?? "");
    await refused(again.href, theirs.cookies);
    const third = new URL(await handOver(mine.platform, owner));
    third.searchParams.set("state", "forged.state");
    await refused(third.href, mine.cookies);
    await refused(`${SHOP}/auth/callback`, mine.cookies);
  });

  it("goes to hosts of published apps only", async () => {
    const { platform } = await depart(SHOP);
    const ask = async (changes: Record<string, string>) => {
      const url = new URL(platform);
      for (const [name, value] of Object.entries(changes)) url.searchParams.set(name, value);
      return (await site.visit(url.href, { headers: owner.as })).status;
    };
    const openId = (await site.call(`GET /api/v1/workspaces/${owner.workspaceId}/apps`, { as: owner.as })).body.data.find(
      (app: { slug: string }) => app.slug === "open",
    ).id;
    expect(await ask({})).toBe(200);
    for (const host of ["evil.test", "evil.test:8787", "other.example.test:8787", "shop.example.test", "shop.example.test:8787@evil.test"])
      expect([host, await ask({ host })]).toEqual([host, 404]);
    expect(await ask({ app: openId })).toBe(404);
    expect(await ask({ app: "app_01k00000000000000000000000" })).toBe(404);
    expect(await ask({ app: "nothing" })).toBe(422);
    expect((await site.visit(platform, { method: "POST", headers: owner.as })).status).toBe(405);
  });
});

describe("a sign-in that was handed over", () => {
  it("ends with the one it came from, and when the visitor signs out", { timeout: 20_000 }, async () => {
    const person = await site.signUp("Leaver");
    const { cookies } = await enter(OTHER, person);
    const ask = async () => (await site.visit(`${OTHER}/schema`, { headers: { Cookie: cookies } })).status;
    expect(await ask()).toBe(200);
    const left = await site.visit(`${OTHER}/auth/sign-out`, { method: "POST", headers: { ...HTML, Cookie: cookies } });
    expect(withCookies(left, cookies)).toBe("");
    await site.call("POST /api/auth/sign-out", { as: person.as, body: {} });
    const soon = Date.now() + 5_000;
    while ((await ask()) === 200) expect(Date.now()).toBeLessThan(soon);
    expect(await ask()).toBe(401);
  });
});
