import { env } from "cloudflare:workers";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { AppRoute, VersionContent } from "#app";
import { compilePlan, inputDeclarations, workflowSchema } from "#execution";
import { createContext } from "#platform/context";
import type { Env as PlatformEnv } from "#platform/env";
import { errorCode } from "#platform/errors";
import { rememberRegion } from "#platform/placement";
import { PlatformDatabase } from "../../shared/billing/testing/platform-database.ts";
import { MAX_RUNS_AT_ONCE } from "../../shared/runtime/admission/crowd.ts";
import type { AskedRun } from "./ask-run.ts";
import { beginRun } from "./begin-run.ts";

declare global {
  namespace Cloudflare {
    interface Env extends PlatformEnv {}
  }
}

// As many runs as an isolate carries take their time, and so does loading the model's client.
vi.setConfig({ testTimeout: 60_000 });

const database = new PlatformDatabase();
const { promise: release, resolve: letGo } = Promise.withResolvers<void>();

/** A model that does not answer until it may. */
async function farSide(address: string | URL, { body }: { readonly body: string }): Promise<Response> {
  if (!String(address).includes("/chat/completions")) return database.answer(body);
  await release;
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  return Response.json({ model: "far", choices: [{ index: 0, message: { content: "Yes." } }], usage });
}

beforeAll(() => void vi.stubGlobal("fetch", farSide));
afterAll(() => void vi.unstubAllGlobals());

function appWith(appId: string, node: Record<string, unknown>): Pick<AskedRun, "visit" | "version"> {
  const workflow = workflowSchema.parse({
    nodes: [
      { id: "start", type: "start", config: {} },
      { id: "say", ...node },
      { id: "end", type: "end", config: { outputs: { said: "{{ nodes.say.text }}" } } },
    ],
    edges: [
      { from: "start", to: "say" },
      { from: "say", to: "end" },
    ],
  });
  const content: VersionContent = {
    versionId: "apv_1",
    number: 1,
    name: "App",
    description: "",
    workflow,
    ui_schema: { schema_version: "1", layout: { type: "stack" }, blocks: [], actions: [] },
    db_schema: { tables: [] },
    config: { timeout_ms: 50_000, max_output_bytes: 10_000, locale: "en" },
  };
  const route: AppRoute = {
    workspaceId: "wrk_crowd",
    workspaceSlug: "acme",
    region: "auto",
    appId,
    appSlug: appId,
    name: "App",
    description: "",
    status: "published",
    versionId: "apv_1",
    versionNumber: 1,
    epoch: 1,
    passwordGeneration: 0,
    visitorRules: [],
    endedSessions: [],
    accessPolicy: {
      access_mode: "public_anonymous",
      data_classification: "public",
      rate_limit: { per_ip: null, per_session: null, per_app: null },
      allowed_origins: ["*"],
      require_captcha: false,
    },
  };
  const request = new Request("http://127.0.0.1:8787/acme/app/runs", { method: "POST" });
  const target = { kind: "path", workspaceSlug: "acme", appSlug: appId, rest: "runs", base: `/acme/${appId}` } as const;
  const verdict = { denied: false, slowed: false, challengedSince: null };
  return {
    visit: { request, target, route, verdict },
    version: { content, plan: compilePlan(workflow), inputs: inputDeclarations(workflow), chatInput: null },
  };
}

it("a flood at one app is turned away before it takes anything, and another app does not notice", async () => {
  rememberRegion("wrk_crowd", "auto");
  const works: Promise<unknown>[] = [];
  const ctx = createContext(env, { waitUntil: (work) => works.push(work) });
  const run = (app: Pick<AskedRun, "visit" | "version">, index: number) =>
    beginRun(ctx, {
      ...app,
      session: { id: `vis_${index}`, token: "token", fresh: true, humanAt: null, returning: false },
      body: { kind: "json", inputs: {}, callbackUrl: null, captchaToken: null },
      apiKeyId: null,
      key: null,
      preferences: { async: false, waitMs: null },
    });
  const hot = appWith("app_hot", { type: "llm", config: { prompt: "Is it?" } });
  const calm = appWith("app_calm", { type: "template", config: { text: "calm" } });

  const flood = Array.from({ length: MAX_RUNS_AT_ONCE + 100 }, (_, index) => run(hot, index).catch((error: unknown) => error));
  const turnedAway = await Promise.all(flood.slice(MAX_RUNS_AT_ONCE));
  expect(turnedAway.map(errorCode)).toEqual(Array(100).fill("overloaded"));
  expect(turnedAway[0]).toMatchObject({ retryAfter: 1 });
  for (let index = 0; index < 5; index += 1) {
    expect(await run(calm, index)).toMatchObject({ kind: "answered", answer: { status: "completed", outputs: { said: "calm" } } });
  }

  letGo();
  const served = await Promise.all(flood.slice(0, MAX_RUNS_AT_ONCE));
  expect(served.filter((one) => errorCode(one) !== undefined)).toEqual([]);
  expect(await run(hot, 1_000)).toMatchObject({ kind: "answered" });
  await Promise.all(works);
  const { meters } = await env.QUOTA_COUNTER.getByName("wrk_crowd").counts();
  expect(meters.requests.used).toBe(MAX_RUNS_AT_ONCE + 6);
});
