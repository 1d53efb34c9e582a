import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, echo, type Json, type Member, publishApp, signUp, stack } from "../flows/client.ts";
import { chromiumPath, launch } from "./browser.ts";

/** An app that keeps notes; later versions have fewer columns. */
const notes = (...columns: Json[]): Json =>
  echo("Noted", { db_schema: { tables: [{ name: "notes", columns: [{ name: "id", type: "id" }, ...columns] }] } });
const WORD = { name: "word", type: "text", nullable: true };
const MOOD = { name: "mood", type: "text", nullable: true };

let browser: Browser;
let page: Page;
let member: Member;

beforeAll(async () => {
  if (chromiumPath === undefined) return;
  browser = await launch();
  member = await signUp("Hopper");
  const context = await browser.newContext({ baseURL: stack().console, locale: "en-GB" });
  await context.addCookies(
    member.cookie.split("; ").map((cookie) => {
      const [name = "", ...value] = cookie.split("=");
      return { name, value: value.join("="), url: stack().console };
    }),
  );
  page = await context.newPage();
});
afterAll(() => browser?.close());

describe.skipIf(chromiumPath === undefined)("publishing what loses data", () => {
  it("shows what would be lost, and does it when that is accepted", async () => {
    const app = await publishApp(member, notes(WORD, MOOD));
    const drafted = await call(`/api/v1/apps/${app.id}/draft`, { method: "PUT", headers: member.as, body: notes(WORD) });
    expect(drafted.status).toBe(200);
    await page.goto(`/workspaces/${member.workspace.id}/apps/${app.id}/publish`);
    await page.getByRole("button", { name: "Publish this draft" }).click();
    await page.getByText("This would lose data.").waitFor();
    const step = page.getByRole("listitem").filter({ hasText: "notes.mood" });
    await step.getByText("Deletes").waitFor();
    const live = await call(`/api/v1/apps/${app.id}`, { headers: member.as });
    expect(live.body.data.current_version.id).toBe(app.versionId);
    await page.getByRole("button", { name: "Accept the losses and publish" }).click();
    await page.getByText("Published.").waitFor();
  });
});
