import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, echo, type Member, platformRows, publishApp, signUp, stack } from "../flows/client.ts";
import { chromiumPath, launch } from "./browser.ts";

const PASSWORD = "open sesame please";

let browser: Browser;
let owner: Member;
let stranger: Member;
/** Address of the app at its own hostname. */
let shop: string;
let locked: string;

function manifest(name: string, access_mode: string) {
  const policy = echo("Hello").access_policy;
  return echo("Hello", { name, access_policy: { ...policy, access_mode } });
}

beforeAll(async () => {
  if (chromiumPath === undefined) return;
  [owner, stranger] = await Promise.all([signUp("Owner"), signUp("Stranger")]);
  const app = await publishApp(owner, manifest("Shop", "private"));
  const hostname = `shop-${Date.now()}.example.test`;
  const domain = await call(`/api/v1/apps/${app.id}/domains`, { headers: owner.as, body: { hostname } });
  await platformRows("UPDATE app_domains SET status = 'active' WHERE id = $1", [domain.body.data.id]);
  shop = `http://${hostname}:${new URL(stack().api).port}`;
  const created = await call(`/api/v1/workspaces/${owner.workspace.id}/apps`, { headers: owner.as, body: manifest("Locked", "password") });
  const { id, slug } = created.body.data;
  await call(`/api/v1/apps/${id}/access-policy`, { method: "PATCH", headers: owner.as, body: { password: PASSWORD } });
  expect((await call(`/api/v1/apps/${id}/publish`, { headers: owner.as, body: {} })).status).toBe(200);
  locked = `${stack().api}/${owner.workspace.slug}/${slug}`;
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
});

async function visitor(javaScriptEnabled: boolean) {
  const context = await browser.newContext({ locale: "en-GB", javaScriptEnabled });
  return { context, page: await context.newPage() };
}

describe.skipIf(chromiumPath === undefined)("a visitor of a customer's domain", () => {
  it.each([true, false])("signs in at the platform and lands signed in there (with scripts: %s)", async (javaScriptEnabled) => {
    const { context, page } = await visitor(javaScriptEnabled);
    const arrivals: string[] = [];
    page.on("request", (request) => {
      if (request.url().includes("/auth/callback")) arrivals.push(request.url());
    });
    await page.goto(`${shop}/?from=mail`);
    expect(new URL(page.url()).origin).toBe(stack().console);
    await page.getByLabel("E-mail").fill(owner.email);
    await page.getByLabel("Password").fill("correct horse battery");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL(`${shop}/?from=mail`);
    await page.getByLabel("word").fill("you");
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("Hello you").first().waitFor();
    const cookies = (await context.cookies(shop)).filter(({ name }) => name === "af_sign_in");
    expect(cookies).toMatchObject([{ domain: new URL(shop).hostname, httpOnly: true, sameSite: "Lax" }]);
    expect(arrivals).toHaveLength(1);
    await page.goto(arrivals[0] ?? "");
    await page.getByRole("heading", { name: "That sign-in did not work" }).waitFor();
    await page.goto(shop);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "You are signed out" }).waitFor();
    expect((await context.cookies(shop)).filter(({ name }) => name.startsWith("af_"))).toEqual([]);
    await context.close();
  });

  it("is told who the app is for, who is signed in and no member", async () => {
    const { context, page } = await visitor(true);
    await page.goto(shop);
    await page.getByLabel("E-mail").fill(stranger.email);
    await page.getByLabel("Password").fill("correct horse battery");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "For members only" }).waitFor();
    expect(new URL(page.url()).origin).toBe(shop);
    await context.close();
  });
});

describe.skipIf(chromiumPath === undefined)("a visitor of an app with a password", () => {
  it.each([true, false])("gives it once, and is in (with scripts: %s)", async (javaScriptEnabled) => {
    const { context, page } = await visitor(javaScriptEnabled);
    await page.goto(locked);
    await page.getByLabel("Password").fill("something else");
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByText("That is not the password.").waitFor();
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByLabel("word").fill("you");
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("Hello you").first().waitFor();
    await context.close();
  });
});
