import { writeFileSync } from "node:fs";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stack } from "../flows/client.ts";
import { chromiumPath, launch } from "./browser.ts";

const PICTURES = new URL("../../docs/images/", import.meta.url).pathname;

/** The README shows what this test saw: with UPDATE_PICTURES=1 it keeps what it sees. */
async function picture(of: Page, name: string): Promise<void> {
  const seen = await of.screenshot();
  if (process.env["UPDATE_PICTURES"] === "1") writeFileSync(`${PICTURES}${name}.png`, seen);
}

const person = { name: "Grace Hopper", email: `grace-${Date.now()}@example.test`, password: "correct horse battery" };

let browser: Browser;
let builder: BrowserContext;
let page: Page;
const complaints: string[] = [];

beforeAll(async () => {
  if (chromiumPath === undefined) return;
  browser = await launch();
  builder = await browser.newContext({ baseURL: stack().console, viewport: { width: 1280, height: 860 }, locale: "en-GB" });
  page = await builder.newPage();
  listen(page);
});

afterAll(async () => {
  await browser?.close();
});

/** Scripts that fail, and what the browser refuses by policy. An answer such as 422 is no failure of the page. */
function listen(to: Page): void {
  to.on("pageerror", (error) => complaints.push(String(error)));
  to.on("console", (message) => {
    if (message.type() === "error" && !/status of 4(10|22)/.test(message.text())) complaints.push(message.text());
  });
}

/** The public address of the app on the page, as the console links it. */
async function publicAddress(): Promise<string> {
  const address = await page.locator(`a[href^="${stack().api}/"]`).first().getAttribute("href");
  if (!address) throw new Error("the page links no public address");
  return address;
}

describe.skipIf(chromiumPath === undefined)("a builder's way", () => {
  it("signs up and finds a workspace", async () => {
    await page.goto("/sign-up");
    await page.getByLabel("Name").fill(person.name);
    await page.getByLabel("E-mail").fill(person.email);
    await page.getByLabel("Password").fill(person.password);
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByRole("heading", { name: "Apps", level: 1 }).waitFor();
    await page.getByText("No apps yet").waitFor();
  });

  it("makes an app from a template", async () => {
    await page.goto(page.url().replace(/\/apps.*$/, "/apps/new"));
    await page.getByText("Lead desk").first().click();
    await page.getByRole("button", { name: "Create app" }).click();
    await page.getByRole("heading", { name: "Lead desk", level: 1 }).waitFor();
  });

  it("is shown a fault in its place, and loses nothing", async () => {
    await page.locator(".cm-content").waitFor();
    const manifest = JSON.parse((await page.locator('textarea[name="manifest"]').inputValue()) || "{}");
    manifest.workflow.nodes[3].config.table = "contacts";
    await replaceText(JSON.stringify(manifest, null, 2));
    await page.getByRole("button", { name: "Save draft" }).click();
    await page.getByText("1 problem").waitFor();
    expect(await page.getByText(/workflow\.nodes\[3\]\.config\.table/).count()).toBeGreaterThan(0);
    manifest.workflow.nodes[3].config.table = "leads";
    manifest.description = "Sorts what visitors write, answers at once, and files every lead.";
    await replaceText(JSON.stringify(manifest, null, 2));
    await page.getByRole("button", { name: "Save draft" }).click();
    await page.getByText("Draft saved as revision 2.").waitFor();
  });

  it("publishes it", async () => {
    await page.getByRole("link", { name: "Publish" }).first().click();
    await page.getByLabel("What changed").fill("First version");
    await page.getByRole("button", { name: "Publish this draft" }).click();
    await page.getByText("Version 1 is live").waitFor();
    await page.getByRole("link", { name: "Manifest" }).click();
    await page.locator(".cm-content").waitFor();
    await page.getByRole("button", { name: "Dismiss" }).click();
    await picture(page, "console");
  });

  it("is answered as a visitor, in a stream", async () => {
    const visitor = await browser.newContext({ viewport: { width: 1120, height: 860 }, locale: "en-GB" });
    const visit = await visitor.newPage();
    listen(visit);
    await visit.goto(await publicAddress());
    await visit.getByLabel("E-mail").fill("ada@example.com");
    await visit.getByLabel("How can we help?").fill("What does a licence cost for a team of ten?");
    await visit.getByRole("button", { name: "Send" }).click();
    await visit.getByText(/\[offline model\].+licence/).waitFor();
    await visit.locator("[aria-busy=true]").waitFor({ state: "detached" });
    await picture(visit, "demo-app");
    await visitor.close();
  });

  it("is answered without JavaScript, too", async () => {
    const visitor = await browser.newContext({ javaScriptEnabled: false, locale: "en-GB" });
    const visit = await visitor.newPage();
    await visit.goto(await publicAddress());
    await visit.getByLabel("E-mail").fill("ada@example.com");
    await visit.getByLabel("How can we help?").fill("It does not work");
    await visit.getByRole("button", { name: "Send" }).click();
    await visit.getByText(/\[offline model\]/).waitFor();
    await visitor.close();
  });

  it("reads the run with its node logs", async () => {
    await page.getByRole("link", { name: "Runs" }).click();
    await page.waitForURL("**/runs");
    const rows = page.getByRole("row").filter({ hasText: "Completed" });
    const recorded = async () => {
      await page.reload();
      return rows.count();
    };
    await expect.poll(recorded, { timeout: 20_000, interval: 500 }).toBeGreaterThanOrEqual(2);
    await rows.first().getByRole("link").first().click();
    await page.getByRole("heading", { name: "Steps" }).waitFor();
    for (const node of ["start", "kind", "reply", "save", "end"]) await page.getByText(node, { exact: true }).first().waitFor();
  });

  it("takes it down, and visitors are told", async () => {
    const address = await publicAddress();
    await page.getByRole("button", { name: "Unpublish" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Unpublish" }).click();
    await page.getByText("Unpublished.").waitFor();
    const visit = await builder.newPage();
    await expect.poll(async () => (await visit.goto(address))?.status(), { timeout: 5_000, interval: 250 }).toBe(410);
    await visit.getByText("Not available right now").first().waitFor();
    await visit.close();
  });

  it("speaks Chinese, fits a phone and the dark, without a script failing anywhere", async () => {
    const phone = await browser.newContext({
      baseURL: stack().console,
      storageState: await builder.storageState(),
      viewport: { width: 360, height: 740 },
      colorScheme: "dark",
      locale: "zh-CN",
    });
    const small = await phone.newPage();
    listen(small);
    await small.goto(new URL(page.url()).pathname);
    expect(await small.locator("html").getAttribute("lang")).toMatch(/^zh/);
    const overflow = await small.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(overflow).toBeLessThanOrEqual(0);
    await phone.close();
    expect(complaints).toEqual([]);
  });
});

/** Replaces what stands in the editor, as a person pasting over everything would. */
async function replaceText(text: string): Promise<void> {
  await page.getByRole("textbox", { name: "Manifest editor" }).click();
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.insertText(text);
}
