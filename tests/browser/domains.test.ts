import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { echo, type Member, type PublishedApp, publishApp, signUp, stack } from "../flows/client.ts";
import { chromiumPath, launch } from "./browser.ts";

const HOST = `shop-${Date.now()}.example.test`;

let browser: Browser;
let owner: BrowserContext;
let page: Page;
let member: Member;
let app: PublishedApp;
const complaints: string[] = [];

const home = () => `/workspaces/${member.workspace.id}/apps/${app.id}/domains`;

async function open(options: object = {}): Promise<BrowserContext> {
  const context = await browser.newContext({ baseURL: stack().console, locale: "en-GB", ...options });
  await context.addCookies(
    member.cookie.split("; ").map((cookie) => {
      const [name = "", ...value] = cookie.split("=");
      return { name, value: value.join("="), url: stack().console };
    }),
  );
  return context;
}

beforeAll(async () => {
  if (chromiumPath === undefined) return;
  browser = await launch();
  member = await signUp("Grace");
  app = await publishApp(member, echo("Hello", { name: "Shop" }));
  owner = await open({ viewport: { width: 1280, height: 900 }, permissions: ["clipboard-read", "clipboard-write"] });
  page = await owner.newPage();
  page.on("pageerror", (error) => complaints.push(String(error)));
});

afterAll(async () => {
  await browser?.close();
});

/** What the page shows of a record, as somebody copies it from there. */
async function copied(purpose: string): Promise<{ name: string; value: string }> {
  const record = page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: purpose, exact: true }) });
  const [name, value] = [record.first().getByRole("textbox", { name: "Name" }), record.first().getByRole("textbox", { name: "Value" })];
  await record.first().getByRole("button", { name: "Copy" }).last().click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(await value.inputValue());
  return { name: await name.inputValue(), value: await value.inputValue() };
}

async function plant(type: string, { name, value }: { readonly name: string; readonly value: string }): Promise<void> {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(stack().dnsRecords, { method: "POST", headers, body: JSON.stringify({ name, type, data: value }) });
  expect(answer.status).toBe(201);
}

describe.skipIf(chromiumPath === undefined)("a domain in the console", () => {
  it("is added, and says which records to set", async () => {
    await page.goto(home());
    await page.getByText("No domain yet").waitFor();
    await page.getByLabel("Domain", { exact: true }).fill("http://nope");
    await page.getByRole("button", { name: "Add domain" }).click();
    await page.getByText("Must be a hostname").waitFor();
    await page.getByLabel("Domain", { exact: true }).fill(HOST);
    await page.getByRole("button", { name: "Add domain" }).click();
    await page.getByRole("heading", { name: HOST }).waitFor();
    await page.getByText("Prove that the domain is yours").waitFor();
  });

  it("becomes active before one's eyes once the records are set", async () => {
    await plant("TXT", await copied("Ownership"));
    await plant("CNAME", await copied("Routing"));
    // Asked for once, it goes on by itself; asking more often only saves waiting.
    const active = page.getByText("The app is served at this domain.");
    await expect
      .poll(
        async () => {
          await page.getByRole("button", { name: "Check now" }).click();
          await page.waitForLoadState("networkidle");
          return active.count();
        },
        { timeout: 90_000, interval: 6_000 },
      )
      .toBe(1);
    const visitor = await (await browser.newContext({ locale: "en-GB" })).newPage();
    await expect
      .poll(async () => (await visitor.goto(`http://${HOST}:${new URL(stack().api).port}/`))?.status(), { timeout: 6_000 })
      .toBe(200);
    await visitor.getByRole("button", { name: "Send" }).waitFor();
    await visitor.context().close();
  });

  it("fits a phone in the dark and in Chinese", async () => {
    const phone = await open({ viewport: { width: 360, height: 740 }, colorScheme: "dark", locale: "zh-CN" });
    const small = await phone.newPage();
    small.on("pageerror", (error) => complaints.push(String(error)));
    await small.goto(home());
    for (const path of [home(), (await small.getByRole("link", { name: HOST }).getAttribute("href")) ?? ""]) {
      await small.goto(path);
      const overflow = await small.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      expect({ path, overflow: Math.max(overflow, 0) }).toEqual({ path, overflow: 0 });
    }
    await small.getByText("应用正在此域名上提供服务。").waitFor();
    await phone.close();
  });

  it("is removed after a question, and then serves nobody", async () => {
    await page.getByRole("button", { name: "Remove domain" }).first().click();
    await page.getByRole("dialog").getByText(`Remove ${HOST}?`).waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Remove domain" }).click();
    await page.getByText("No domain yet").waitFor();
    const visitor = await (await browser.newContext({ locale: "en-GB" })).newPage();
    await expect
      .poll(async () => (await visitor.goto(`http://${HOST}:${new URL(stack().api).port}/`))?.status(), { timeout: 6_000 })
      .toBe(421);
    await visitor.getByText("No app lives at this address").waitFor();
    await visitor.context().close();
    expect(complaints).toEqual([]);
  });
});
