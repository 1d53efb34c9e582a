import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bindHostname, call, echo, eventually, type Member, type PublishedApp, publishApp, signUp, stack } from "../flows/client.ts";
import { chromiumPath, launch } from "./browser.ts";

const PASSWORD = "open sesame please";

let browser: Browser;
let owner: Member;
let stranger: Member;
/** Address of the app at its own hostname. */
let shop: string;
let locked: PublishedApp;

function manifest(name: string, access_mode: string) {
  const policy = echo("Hello").access_policy;
  return echo("Hello", { name, access_policy: { ...policy, access_mode } });
}

beforeAll(async () => {
  if (chromiumPath === undefined) return;
  [owner, stranger] = await Promise.all([signUp("Owner"), signUp("Stranger")]);
  const app = await publishApp(owner, manifest("Shop", "private"));
  const hostname = `shop-${Date.now()}.example.test`;
  await bindHostname(owner, app.id, hostname);
  shop = `http://${hostname}:${new URL(stack().api).port}`;
  locked = await publishApp(owner, manifest("Locked", "private"));
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

describe.skipIf(chromiumPath === undefined)("an app with a password", () => {
  it("is given it in the console, which writes down that it was", async () => {
    const { context, page } = await visitor(true);
    const [name = "", value = ""] = owner.cookie.split("=");
    await context.addCookies([{ name, value, url: stack().console }]);
    await page.goto(`${stack().console}/workspaces/${owner.workspace.id}/apps/${locked.id}/access`);
    expect(await page.getByLabel("Password", { exact: true }).isVisible()).toBe(false);
    await page.getByLabel("With a password").check();
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.getByRole("button", { name: "Save access rules" }).click();
    await page.getByText("Access rules saved.").waitFor();
    await page.getByText("One is set.").waitFor();
    await page.getByRole("link", { name: "Audit log" }).click();
    await page.getByLabel("Action").fill("app.access_policy_changed");
    await page.getByRole("button", { name: "Filter" }).click();
    await page.waitForURL(/action=app\.access_policy_changed/);
    await page.getByText("app.published").first().waitFor({ state: "detached" });
    await page.getByText("Show").click();
    await page.getByText('"password_generation": 1').waitFor();
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: "Download CSV" }).click();
    expect((await download).suggestedFilename()).toBe("audit-log.csv");
    await context.close();
    await eventually(
      () => call(`${locked.path}/schema`),
      ({ body }) => body.detail.includes("password"),
    );
  });

  it.each([true, false])("takes it once, and lets in (with scripts: %s)", async (javaScriptEnabled) => {
    const { context, page } = await visitor(javaScriptEnabled);
    await page.goto(stack().api + locked.path);
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
