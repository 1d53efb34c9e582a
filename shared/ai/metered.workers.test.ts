import { env } from "cloudflare:workers";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { type Context, createContext } from "#platform/context";
import type { Env as PlatformEnv } from "#platform/env";
import { errorCode } from "#platform/errors";
import { rememberRegion } from "#platform/placement";
import { PlatformDatabase } from "../billing/testing/platform-database.ts";
import { completeMetered, DEFAULT_MAX_TOKENS } from "./metered.ts";
import { promptBound } from "./prompt-bound.ts";

declare global {
  namespace Cloudflare {
    interface Env extends Pick<PlatformEnv, "QUOTA_COUNTER"> {}
  }
}

// The model's client is large, and is loaded when a model is first asked.
vi.setConfig({ testTimeout: 60_000 });

const database = new PlatformDatabase();
const askedSchema = z.object({ max_completion_tokens: z.number() });
type Asked = z.infer<typeof askedSchema>;

/** The model at its wire protocol: what it was asked, and how it answers. */
const model = { asked: [] as Asked[], tokens: 10, status: 200 };

async function farSide(address: string | URL, { body }: { readonly body: string }): Promise<Response> {
  if (!String(address).includes("/chat/completions")) return database.answer(body);
  model.asked.push(askedSchema.parse(JSON.parse(body)));
  if (model.status !== 200) return new Response("{}", { status: model.status });
  const usage = { prompt_tokens: model.tokens - 1, completion_tokens: 1, total_tokens: model.tokens };
  return Response.json({ model: "far", choices: [{ index: 0, message: { content: "Yes." } }], usage });
}

let count = 0;
let workspaceId: string;
let ctx: Context;
let works: Promise<unknown>[];

beforeAll(() => void vi.stubGlobal("fetch", farSide));
afterAll(() => void vi.unstubAllGlobals());
beforeEach(() => {
  Object.assign(database, new PlatformDatabase());
  Object.assign(model, { asked: [], tokens: 10, status: 200 });
  count += 1;
  workspaceId = `wrk_${count}`;
  rememberRegion(workspaceId, "auto");
  works = [];
  ctx = createContext(env as unknown as PlatformEnv, { waitUntil: (work) => works.push(work) });
});

const messages = [{ role: "user" as const, content: "Is it?" }];
/** So that a call asks for 1,000 tokens in all. */
const REST = 1_000 - promptBound({ messages });

function ask(id: string, { maxTokens, appId = "app_1" }: { maxTokens?: number; appId?: string } = {}) {
  return completeMetered(ctx, { workspaceId, appId, id }, { messages, maxTokens });
}

const tokens = async (appId?: string) => {
  await Promise.all(works);
  const counter = env.QUOTA_COUNTER.getByName(appId === undefined ? workspaceId : `${workspaceId}:${appId}`);
  return (await counter.counts()).meters.tokens;
};

describe("a call of a model on somebody's account", () => {
  it("of 50 at once that may use 1,000 tokens each, with 20,000 left, lets 20 ask", async () => {
    Object.assign(database, { tokens: 20_000 });
    model.tokens = 1_000;
    const outcomes = await Promise.allSettled(Array.from({ length: 50 }, (_, index) => ask(`run_${index}/reply`, { maxTokens: REST })));
    const refused = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [errorCode(outcome.reason)] : []));
    expect(refused).toEqual(Array(30).fill("quota_exceeded"));
    expect(model.asked).toHaveLength(20);
    expect(await tokens()).toEqual({ limit: 20_000, hard: true, used: 20_000, reserved: 0 });
    expect(await ask("run_50/reply", { maxTokens: 1 }).catch(errorCode)).toBe("quota_exceeded");
    expect(model.asked).toHaveLength(20);
  });

  it("gives back what it has not used, and all of it when it fails", async () => {
    Object.assign(database, { tokens: 1_500 });
    await ask("run_1/reply", { maxTokens: REST });
    expect(await tokens()).toMatchObject({ used: 10, reserved: 0 });
    model.status = 503;
    expect(await ask("run_2/reply", { maxTokens: REST }).catch(errorCode)).toBe("model_unavailable");
    expect(await tokens()).toMatchObject({ used: 10, reserved: 0 });
    model.status = 200;
    await ask("run_2/reply~2", { maxTokens: REST });
    expect(await tokens()).toMatchObject({ used: 20, reserved: 0 });
  });

  it("tells the model how long its answer may be, also where its node does not say", async () => {
    await ask("run_1/reply");
    await ask("run_1/other", { maxTokens: 7 });
    expect(model.asked.map((one) => one.max_completion_tokens)).toEqual([DEFAULT_MAX_TOKENS, 7]);
  });

  it("is never refused, and is counted, where tokens beyond the plan have a price", async () => {
    Object.assign(database, { tokens: 5, prices: { tokens: 10 } });
    await Promise.all([ask("run_1/reply"), ask("run_2/reply")]);
    expect(await tokens()).toEqual({ limit: 5, hard: false, used: 20, reserved: 0 });
  });

  it("stays within its app's budget, and leaves other apps alone", async () => {
    database.budgets.set("app_1", { requests: null, tokens: 1_010 });
    await ask("run_1/reply", { maxTokens: REST });
    await tokens("app_1");
    await ask("run_2/reply", { maxTokens: REST });
    await tokens("app_1");
    const refused = await ask("run_3/reply", { maxTokens: REST }).catch((error: unknown) => error);
    expect(errorCode(refused)).toBe("quota_exceeded");
    expect(String(refused)).toMatch(/the app's budget/);
    await ask("run_4/reply", { maxTokens: REST, appId: "app_2" });
    expect(await tokens("app_1")).toEqual({ limit: 1_010, hard: true, used: 20, reserved: 0 });
    expect((await tokens()).used).toBe(30);
  });

  it("that the workspace lets pass and the budget refuses holds nothing of the workspace's", async () => {
    Object.assign(database, { tokens: 5_000 });
    database.budgets.set("app_1", { requests: null, tokens: 1 });
    expect(await ask("run_1/reply").catch(errorCode)).toBe("quota_exceeded");
    expect(await tokens()).toMatchObject({ used: 0, reserved: 0 });
    expect(model.asked).toEqual([]);
  });
});

describe("the bound of a prompt", () => {
  it("is never less than its bytes, of whatever script", () => {
    const content = "Grüße, 你好, 👋🏽".repeat(50);
    const bytes = new TextEncoder().encode(content).length;
    const schema = { name: "answer", schema: { type: "object" } };
    expect(promptBound({ messages: [{ role: "user", content }] })).toBeGreaterThan(bytes);
    expect(promptBound({ messages: [{ role: "user", content, attachments: [{ type: "text", text: content }] }] })).toBeGreaterThan(
      2 * bytes,
    );
    const tools = [{ name: "look", description: content, parameters: {} }];
    expect(promptBound({ messages: [], tools, outputSchema: schema })).toBeGreaterThan(bytes + JSON.stringify(schema).length);
  });

  it("does not take a picture for its bytes", () => {
    const attachments = [{ type: "image" as const, url: `data:image/png;base64,${"A".repeat(1_000_000)}` }];
    expect(promptBound({ messages: [{ role: "user", content: "", attachments }] })).toBeLessThan(10_000);
  });
});
