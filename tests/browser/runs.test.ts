import { createServer, type Server } from "node:http";
import { setTimeout } from "node:timers/promises";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Json, signUp, stack } from "../flows/client.ts";
import { chromiumPath, launch } from "./browser.ts";

/** Writes an offer from what another system has in stock, and asks whether it may go out. */
function offers(stock: string): Json {
  return {
    manifest: "1",
    name: "Offers",
    workflow: {
      nodes: [
        {
          id: "start",
          type: "start",
          config: {
            inputs: [
              { name: "customer", type: "string", required: true, max_length: 100 },
              { name: "size", type: "string", enum: ["small", "large"], required: true },
            ],
          },
        },
        { id: "stock", type: "http", config: { method: "GET", url: stock }, timeout_ms: 120_000 },
        {
          id: "offer",
          type: "template",
          config: { text: "{{ inputs.size }} for {{ inputs.customer }}: {{ nodes.stock.body.left }} left" },
        },
        {
          id: "approve",
          type: "approval",
          config: {
            title: "Send “{{ nodes.offer.text }}”?",
            fields: [{ name: "discount", label: "Discount in percent", type: "number", required: true }],
          },
        },
        {
          id: "sent",
          type: "end",
          config: { outputs: { offer: "{{ nodes.offer.text }}", discount: "{{ nodes.approve.fields.discount }}" } },
        },
        { id: "kept", type: "end", config: { outputs: { offer: "none" } } },
      ],
      edges: [
        { from: "start", to: "stock" },
        { from: "stock", to: "offer" },
        { from: "offer", to: "approve" },
        { from: "approve", port: "approved", to: "sent" },
        { from: "approve", port: "rejected", to: "kept" },
        { from: "approve", port: "expired", to: "kept" },
      ],
    },
    access_policy: {
      access_mode: "public_anonymous",
      rate_limit: { per_ip: null, per_session: null, per_app: null },
      allowed_origins: ["*"],
      require_captcha: false,
    },
  };
}

let far: Server;
let browser: Browser;
let builder: BrowserContext;
let page: Page;
const complaints: string[] = [];
/** The app's pages, and where visitors find it. */
const app = { id: "", home: "", address: "" };
const hook = { url: "", secret: "" };

/** The other system: `/stock` answers, `/broken` does not like to be asked, `/hang` never says a word. */
function farSide(): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url === "/hang") return;
    response.writeHead(request.url === "/stock" ? 200 : 500, { "Content-Type": "application/json" });
    response.end('{"left":7}');
  });
  return new Promise((resolve) => server.listen(stack().farPort, "127.0.0.1", () => resolve(server)));
}

const farAddress = (path: string) => `http://127.0.0.1:${stack().farPort}${path}`;

/** What the builder asks of the API without the console, as themselves. */
async function api(method: "POST" | "PUT", path: string, body: Json): Promise<Json> {
  const headers = { Origin: stack().console };
  const answer = await builder.request.fetch(`/api/v1${path}`, { method, data: body, headers });
  if (!answer.ok()) throw new Error(`${method} ${path} answered ${answer.status()}: ${await answer.text()}`);
  return (await answer.json()).data;
}

/** Starts a run as a visitor's program does, and does not wait for it. */
async function visit(): Promise<string> {
  const answer = await fetch(`${app.address}/runs`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Prefer: "respond-async" },
    body: JSON.stringify({ inputs: { customer: "Turing", size: "small" } }),
  });
  expect(answer.status).toBe(202);
  const { data }: Json = await answer.json();
  return data.run_id;
}

/** Milliseconds that an answer is under way on a slow line: longer than the page waits before it reads what it has heard of. */
const SLOW_LINE_MS = 1_500;

/** From now on the page is far away: what it hears of the run meanwhile must not make it lose what an answer has to say. */
async function slowTheLine(runId: string): Promise<void> {
  await page.route(`**/runs/${runId}.data*`, async (route) => {
    const response = await route.fetch({ maxRedirects: 0 });
    await setTimeout(SLOW_LINE_MS);
    await route.fulfill({ response });
  });
}

/** Waits until the page says that its run is so. */
async function untilStatus(status: string): Promise<void> {
  await page.locator("[role=status]").getByText(status, { exact: true }).waitFor({ timeout: 60_000 });
}

beforeAll(async () => {
  if (chromiumPath === undefined) return;
  far = await farSide();
  browser = await launch();
  const member = await signUp("Grace");
  builder = await browser.newContext({ baseURL: stack().console, viewport: { width: 1280, height: 900 }, locale: "en-GB" });
  await builder.addCookies(
    member.cookie.split("; ").map((cookie) => {
      const [name = "", ...value] = cookie.split("=");
      return { name, value: value.join("="), url: stack().console };
    }),
  );
  const made = await api("POST", `/workspaces/${member.workspace.id}/apps`, offers(farAddress("/broken")));
  Object.assign(app, { id: made.id, home: `/workspaces/${member.workspace.id}/apps/${made.id}`, address: made.public_url });
  page = await builder.newPage();
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && !/status of 4\d\d/.test(message.text())) complaints.push(message.text());
  });
});

afterAll(async () => {
  await browser?.close();
  far?.closeAllConnections();
  far?.close();
});

describe.skipIf(chromiumPath === undefined)("running an app from the console", () => {
  it("tests the draft, with each fault at its field and a failure at its node", async () => {
    await page.goto(`${app.home}/test`);
    await page.getByLabel("customer").fill("Ada");
    await page.getByRole("button", { name: "Run test" }).click();
    await page.getByText("This input is required.").waitFor();
    expect(await page.getByLabel("customer").inputValue()).toBe("Ada");
    await page.getByLabel("size").selectOption("large");
    await page.getByRole("button", { name: "Run test" }).click();
    await untilStatus("Failed");
    const failed = page.locator("details").filter({ hasText: "stock" }).filter({ hasText: "Failed" });
    expect(await failed.getAttribute("open")).not.toBeNull();
  });

  it("tests a step alone on what is given for earlier ones", async () => {
    await page.getByLabel("What to run").selectOption("only:offer");
    await page.getByRole("textbox", { name: "What earlier steps gave" }).fill('{ "stock": { "body": { "left": 3 } } }');
    await page.getByRole("button", { name: "Run test again" }).click();
    await untilStatus("Completed");
    await page.getByText("large for Ada: 3 left").first().waitFor();
  });

  it("sees the mended draft come to its question", async () => {
    await api("PUT", `/apps/${app.id}/draft`, offers(farAddress("/stock")));
    await page.goto(`${app.home}/test`);
    await page.getByLabel("customer").fill("Ada");
    await page.getByLabel("size").selectOption("large");
    await page.getByRole("button", { name: "Run test" }).click();
    await untilStatus("Waiting");
    await page.getByRole("heading", { name: "Send “large for Ada: 7 left”?" }).waitFor();
    await page.getByRole("button", { name: "Reject" }).click();
    await untilStatus("Completed");
    await page.getByText('"offer": "none"').first().waitFor();
  });

  it("publishes, and answers what a visitor's run asks", async () => {
    await api("POST", `/apps/${app.id}/publish`, {});
    const runId = await visit();
    await expect
      .poll(
        async () => {
          await page.goto(`${app.home}/runs?status=waiting`);
          return page.getByRole("row").filter({ hasText: "Visitor" }).count();
        },
        { timeout: 60_000, interval: 500 },
      )
      .toBe(1);
    await page.getByText("1 waiting").waitFor();
    await page.getByRole("row").filter({ hasText: "Visitor" }).getByRole("link").click();
    await page.waitForURL(`**/runs/${runId}`);
    await page.getByLabel("Discount in percent").fill("5");
    await slowTheLine(runId);
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByText("Your answer was taken.").waitFor();
    await page.unrouteAll({ behavior: "wait" });
    await untilStatus("Completed");
    await page.getByText('"discount": 5').first().waitFor();
  });

  it("tries an expression against the run, and is told where it is wrong", async () => {
    await page.getByLabel("Value").fill("{{ nodes.approve.fields.discount * 2 }}");
    await page.getByRole("button", { name: "Try it" }).click();
    await page.getByText("Type: number").waitFor();
    await page.getByRole("region", { name: "Result" }).getByText("10").waitFor();
    await page.getByLabel("Value").fill("{{ nodes.offer.( }}");
    await page.getByRole("button", { name: "Try it" }).click();
    await page.getByText(/position \d+/).waitFor();
  });

  it("repeats a run from a step on, and cancels it", async () => {
    const before = page.url();
    await page.locator("summary").filter({ hasText: "approve" }).click();
    await page.getByRole("button", { name: "Repeat from here" }).locator("visible=true").click();
    await page.getByRole("dialog").getByRole("button", { name: "Repeat from here" }).click();
    await page.waitForURL((url) => url.href !== before);
    await untilStatus("Waiting");
    await page.getByRole("button", { name: "Cancel run" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel run" }).click();
    await untilStatus("Cancelled");
  });

  it("cancels a run that hangs", async () => {
    await api("PUT", `/apps/${app.id}/draft`, offers(farAddress("/hang")));
    await page.goto(`${app.home}/test`);
    await page.getByLabel("customer").fill("Ada");
    await page.getByLabel("size").selectOption("large");
    await page.getByRole("button", { name: "Run test" }).click();
    await page.locator("[aria-busy=true]").getByText("stock").waitFor();
    await page.getByRole("button", { name: "Cancel run" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel run" }).click();
    await untilStatus("Cancelled");
  });

  it("sets a schedule, with each fault at its field, and switches it off", async () => {
    await page.goto(`${app.home}/triggers`);
    await page.getByRole("link", { name: "New schedule" }).click();
    await page.getByLabel("When").fill("every day");
    await page.getByLabel("Time zone").fill("Europe/Berlin");
    await page.getByRole("button", { name: "Create trigger" }).click();
    await page.getByText("Give five fields: minute, hour, day of month, month, day of week.", { exact: true }).waitFor();
    await page.getByLabel("When").fill("0 9 * * 1-5");
    await page.getByLabel("Name").fill("Mornings");
    await page.getByLabel("Inputs").fill('{ "customer": "Ada", "size": "small" }');
    await page.getByRole("button", { name: "Create trigger" }).click();
    await page.getByText("0 9 * * 1-5 (Europe/Berlin)").waitFor();
    expect(await page.getByRole("row").filter({ hasText: "Mornings" }).textContent()).toMatch(/9:00/);
    await page.getByRole("button", { name: "Switch off Mornings" }).click();
    await page.getByRole("button", { name: "Switch on Mornings" }).waitFor();
  });

  it("sets a webhook, whose address and secret start a run", async () => {
    await page.getByRole("link", { name: "New webhook" }).click();
    await page.getByRole("button", { name: "Create trigger" }).click();
    await page.getByRole("heading", { name: "The webhook is ready" }).waitFor();
    hook.url = await page.getByLabel("Address").inputValue();
    hook.secret = await page.getByLabel("Secret", { exact: true }).inputValue();
    const body = JSON.stringify({ customer: "Hopper", size: "small" });
    const sentAt = new Date();
    const answer = await fetch(hook.url, {
      method: "POST",
      body,
      headers: {
        "Content-Type": "application/json",
        "webhook-id": "msg_1",
        "webhook-timestamp": String(Math.floor(sentAt.getTime() / 1000)),
        "webhook-signature": new Webhook(hook.secret).sign("msg_1", sentAt, body),
      },
    });
    expect(answer.status).toBe(202);
    await page.getByRole("link", { name: "Done" }).click();
    await page.getByRole("row").filter({ hasText: "Webhook" }).getByRole("link", { name: "Edit" }).click();
    await page.getByRole("button", { name: "Save trigger" }).waitFor();
    await page.getByRole("button", { name: "New secret" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "New secret" }).click();
    await page.getByRole("heading", { name: "The webhook's secret" }).waitFor();
    expect(await page.getByLabel("Secret", { exact: true }).inputValue()).not.toBe(hook.secret);
  });

  it("keeps a secret that nobody can read again", async () => {
    await page.goto(app.home.replace(/\/apps\/.*/, "/secrets"));
    await page.getByLabel("Name").fill("crm_token");
    await page.getByLabel("Value").fill("swordfish-1");
    await page.getByRole("button", { name: "Save secret" }).click();
    await page.getByRole("row").filter({ hasText: "crm_token" }).waitFor();
    expect(await page.content()).not.toContain("swordfish-1");
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByText("No secrets yet").waitFor();
  });

  it("works without JavaScript, where a reload shows how far a run is", async () => {
    const plain = await browser.newContext({
      baseURL: stack().console,
      javaScriptEnabled: false,
      storageState: await builder.storageState(),
    });
    const bare = await plain.newPage();
    await api("PUT", `/apps/${app.id}/draft`, offers(farAddress("/stock")));
    await bare.goto(`${app.home}/test`);
    await bare.getByLabel("customer").fill("Ada");
    await bare.getByLabel("size").selectOption("small");
    await bare.getByRole("button", { name: "Run test" }).click();
    const asked = async () => {
      await bare.reload();
      return bare.getByRole("button", { name: "Approve" }).count();
    };
    await expect.poll(asked, { timeout: 60_000, interval: 500 }).toBe(1);
    await bare.getByLabel("Discount in percent").fill("1");
    await bare.getByRole("button", { name: "Approve" }).click();
    await expect
      .poll(
        async () => {
          await bare.reload();
          return bare.getByText('"discount": 1').count();
        },
        { timeout: 60_000, interval: 500 },
      )
      .toBeGreaterThan(0);
    await plain.close();
  });

  it("fits a phone and the dark in Chinese, without a script failing anywhere", async () => {
    const phone = await browser.newContext({
      baseURL: stack().console,
      storageState: await builder.storageState(),
      viewport: { width: 360, height: 740 },
      colorScheme: "dark",
      locale: "zh-CN",
    });
    const small = await phone.newPage();
    small.on("pageerror", (error) => complaints.push(String(error)));
    for (const path of ["/test", "/triggers", "/triggers/new/schedule", "/runs"]) {
      await small.goto(`${app.home}${path}`);
      const overflow = await small.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      expect({ path, overflow: Math.max(overflow, 0) }).toEqual({ path, overflow: 0 });
    }
    await small.getByRole("row").filter({ hasText: "已完成" }).first().getByRole("link").click();
    await small.getByRole("heading", { name: "试算表达式" }).waitFor();
    await phone.close();
    expect(complaints).toEqual([]);
  });
});
