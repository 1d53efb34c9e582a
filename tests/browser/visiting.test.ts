import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { echo, type Json, publishApp, signUp, stack } from "../flows/client.ts";
import { chromiumPath, launch } from "./browser.ts";

let browser: Browser;
let slow: string;
let files: string;
let chinese: string;
let guarded: string;

/** Waits in the middle for as long as a visitor needs to do something else. */
function slowManifest(): Json {
  const manifest = echo("Hello", { name: "Slow" });
  manifest.workflow.nodes.splice(2, 0, { id: "pause", type: "wait", config: { seconds: 4 } });
  manifest.workflow.edges = [
    { from: "start", to: "say" },
    { from: "say", to: "pause" },
    { from: "pause", to: "end" },
  ];
  return manifest;
}

function filesManifest(): Json {
  const manifest = echo("", { name: "Files" });
  const inputs = [{ name: "paper", title: "Paper", type: "file", required: true, accept: ["text/*"] }];
  manifest.workflow.nodes[0].config.inputs = inputs;
  manifest.workflow.nodes[1].config.text = "{{ inputs.paper.name }}: {{ inputs.paper.size }} bytes";
  return manifest;
}

function guardedManifest(): Json {
  const manifest = echo("Hello", { name: "Guarded" });
  manifest.access_policy.require_captcha = true;
  return manifest;
}

beforeAll(async () => {
  if (chromiumPath === undefined) return;
  const member = await signUp();
  const [first, second, third, fourth, started] = await Promise.all([
    publishApp(member, slowManifest()),
    publishApp(member, filesManifest()),
    publishApp(member, { ...slowManifest(), name: "Slow in Chinese", config: { locale: "zh-CN" } }),
    publishApp(member, guardedManifest()),
    launch(),
  ]);
  slow = stack().api + first.path;
  files = stack().api + second.path;
  chinese = stack().api + third.path;
  guarded = stack().api + fourth.path;
  browser = started;
});

afterAll(async () => {
  await browser?.close();
});

/** Cuts the first stream of events after its first piece, as a network does. */
function breakFirstStream(): void {
  const real = window.fetch;
  window.fetch = async (...request) => {
    const response = await real(...request);
    if (response.body === null || !response.headers.get("Content-Type")?.includes("event-stream")) return response;
    window.fetch = real;
    let pieces = 0;
    const cut = new TransformStream<Uint8Array, Uint8Array>({
      transform(piece, controller) {
        if (pieces++ === 0) controller.enqueue(piece);
        else controller.error(new TypeError("network error"));
      },
    });
    return new Response(response.body.pipeThrough(cut), response);
  };
}

interface VisitOptions {
  readonly javaScriptEnabled?: boolean;
  readonly breaking?: boolean;
}

async function visit(
  address: string,
  { javaScriptEnabled = true, breaking = false }: VisitOptions = {},
): Promise<{ context: BrowserContext; page: Page }> {
  const context = await browser.newContext({ locale: "en-GB", javaScriptEnabled });
  if (breaking) await context.addInitScript(breakFirstStream);
  const page = await context.newPage();
  await page.goto(address);
  return { context, page };
}

async function send(page: Page): Promise<void> {
  await page.getByLabel("word").fill("you");
  await page.getByRole("button", { name: "Send" }).click();
  await page
    .getByText(/Waiting until/)
    .first()
    .waitFor();
}

describe.skipIf(chromiumPath === undefined)("a visitor's page", () => {
  it("takes a run up again when it is loaded anew", async () => {
    const { context, page } = await visit(slow);
    await send(page);
    await page.reload();
    await page.getByText("Hello you").waitFor();
    await page.reload();
    await page.getByRole("button", { name: "Send" }).waitFor();
    expect(await page.getByText("Hello you").count()).toBe(0);
    await context.close();
  });

  it("takes a run up again where the connection broke", async () => {
    const { context, page } = await visit(slow, { breaking: true });
    const reopened = page.waitForRequest(/\/runs\/run_\w+\/events$/);
    await send(page);
    const headers = await (await reopened).allHeaders();
    expect(Number(headers["last-event-id"])).toBeGreaterThan(0);
    await page.getByText("Hello you").waitFor();
    expect(await page.locator("#connection").textContent()).toBe("");
    await context.close();
  });

  it("shows that it waits in Chinese, too", async () => {
    const { context, page } = await visit(chinese);
    await page.getByLabel("word").fill("you");
    await page.getByRole("button", { name: "发送" }).click();
    await page
      .getByText(/等待至/)
      .first()
      .waitFor();
    await context.close();
  });

  it.each([true, false])("sends files (with scripts: %s)", async (javaScriptEnabled) => {
    const { context, page } = await visit(files, { javaScriptEnabled });
    const choose = (name: string, text: string) =>
      page.getByLabel("Paper").setInputFiles({ name, mimeType: "text/plain", buffer: Buffer.from(text) });
    await choose("a.txt", "<svg onload=alert(1)>");
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("Markup and scripts are not taken.").waitFor();
    await choose("b.txt", "hello");
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("b.txt: 5 bytes").waitFor();
    await context.close();
  });

  it("asks for a captcha and then goes on by itself, once for all runs", async () => {
    const { context, page } = await visit(guarded);
    const run = async (word: string) => {
      await page.getByLabel("word").fill(word);
      await page.getByRole("button", { name: "Send" }).click();
    };
    await run("you");
    await page.getByText("Please confirm that you are human").first().waitFor();
    await page.getByRole("button", { name: "I am human" }).click();
    await page.getByText("Hello you").waitFor();
    await run("again");
    await page.getByText("Hello again").waitFor();
    await context.close();
  });

  it("says that a captcha takes scripts where there are none", async () => {
    const { context, page } = await visit(guarded, { javaScriptEnabled: false });
    await page.getByLabel("word").fill("you");
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("This check needs JavaScript.").waitFor();
    expect(await page.getByText("Hello you").count()).toBe(0);
    await context.close();
  });
});
