import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { accessPolicySchema, type VersionContent } from "#app";
import { compilePlan, inputDeclarations } from "#execution";
import { type Context, createContext } from "#platform/context";
import type { Env as PlatformEnv } from "#platform/env";
import { errorCode } from "#platform/errors";
import type { EndedRun } from "#platform/objects/recorder";
import { parseRunRecord, type RunRecord } from "#platform/records";
import { outboxName, placeOfRun } from "./place.ts";
import { type RunOrder, runNow } from "./run.ts";

declare global {
  namespace Cloudflare {
    interface Env extends PlatformEnv {}
  }
}

const WORKSPACE = "wrk_runs";
const content: VersionContent = {
  versionId: "apv_1",
  number: 3,
  name: "Greeter",
  description: "",
  workflow: {
    nodes: [
      { id: "start", type: "start", config: { inputs: [{ name: "name", type: "string", required: true }] } },
      { id: "hello", type: "template", config: { text: "Hello {{ inputs.name }}" } },
      { id: "end", type: "end", config: { outputs: { reply: "{{ nodes.hello.text }}" } } },
    ],
    edges: [
      { from: "start", to: "hello" },
      { from: "hello", to: "end" },
    ],
  },
  ui_schema: { schema_version: "1", layout: { type: "stack" }, blocks: [], actions: [] },
  db_schema: { tables: [] },
  config: { timeout_ms: 10_000, max_output_bytes: 10_000, locale: "en" },
};

function start(bindings: Partial<PlatformEnv> = {}) {
  const works: Promise<unknown>[] = [];
  const ctx = createContext({ ...env, ...bindings }, { waitUntil: (work) => works.push(work) });
  const refund = vi.fn();
  const order: RunOrder = {
    route: {
      workspaceId: WORKSPACE,
      workspaceSlug: "acme",
      region: "auto",
      appId: "app_1",
      appSlug: "greeter",
      name: "Greeter",
      description: "",
      status: "published",
      versionId: "apv_1",
      versionNumber: 3,
      epoch: 1,
      accessPolicy: accessPolicySchema.parse({ access_mode: "public_anonymous" }),
      visitorRules: [],
      passwordGeneration: 0,
      endedSessions: [],
    },
    version: { content, plan: compilePlan(content.workflow), inputs: inputDeclarations(content.workflow), chatInput: null },
    inputs: { name: "Ana" },
    session: { id: "vis_1", token: "the.token", fresh: true, humanAt: null, returning: false },
    network: "network-hash",
    apiKeyId: null,
    place: "fra",
    loadSecrets: async () => ({}),
    refund,
  };
  return { ctx, order, refund, settled: () => Promise.all(works) };
}

async function recordOf(runId: string): Promise<RunRecord | null> {
  const text = await env.RECORDER.getByName(outboxName(WORKSPACE, placeOfRun(runId) ?? "")).find(runId);
  return text === null ? null : parseRunRecord(text);
}

/** A Recorder that answers calls as `answer` does: by making them, or not. Tells how many runs came with each. */
function recorderThat(ctx: Context, answer: (runs: readonly EndedRun[], append: () => Promise<void>) => Promise<void>) {
  const calls: number[] = [];
  const getByName = (name: string) => ({
    appendAll: (runs: readonly EndedRun[]) => {
      calls.push(runs.length);
      return answer(runs, () => ctx.env.RECORDER.getByName(name).appendAll(runs));
    },
  });
  const bindings: Partial<PlatformEnv> = { RECORDER: Object.assign(Object.create(ctx.env.RECORDER), { getByName }) };
  return { bindings, calls };
}

describe("runNow", () => {
  it("answers once the run is on record, in the outbox that its id names", async () => {
    const { ctx, order, refund } = start();
    const answer = await runNow(ctx, order);
    expect(answer).toMatchObject({ status: "completed", outputs: { reply: "Hello Ana" }, session_id: "the.token" });
    expect(answer).not.toHaveProperty("error");
    expect(placeOfRun(answer.run_id)).toBe("fra");
    const record = await recordOf(answer.run_id);
    expect(record?.execution).toMatchObject({
      trigger: "visitor",
      status: "completed",
      session_id: "vis_1",
      api_key_id: null,
      version_id: "apv_1",
    });
    const used = record?.usage_events.filter(({ meter }) => meter !== "run_ms");
    expect(used?.map(({ id, quantity }) => [id, quantity])).toEqual([
      [`${answer.run_id}:requests`, 1],
      [`${answer.run_id}:egress_bytes`, '{"reply":"Hello Ana"}'.length],
    ]);
    expect(refund).not.toHaveBeenCalled();
  });

  it("records whose key it was", async () => {
    const { ctx, order } = start();
    const answer = await runNow(ctx, { ...order, apiKeyId: "key_1" });
    expect((await recordOf(answer.run_id))?.execution).toMatchObject({ trigger: "api", api_key_id: "key_1" });
  });

  it("does not acknowledge, and gives back, what could not be recorded", async () => {
    const { order, refund, ctx } = start();
    const { bindings } = recorderThat(ctx, () => Promise.reject(new Error("the object is unreachable")));
    const broken = start(bindings).ctx;
    const code = await runNow(broken, order).catch(errorCode);
    expect(code).toBe("upstream_unavailable");
    expect(refund).toHaveBeenCalledOnce();
  });

  it("records runs that end while others are being recorded together, each of them", async () => {
    const { ctx } = start();
    const { bindings, calls } = recorderThat(ctx, (_, append) => append());
    const answers = await Promise.all(Array.from({ length: 40 }, () => runNow(start(bindings).ctx, start().order)));
    const records = await Promise.all(answers.map(({ run_id }) => recordOf(run_id)));
    expect(records.map((record) => record?.execution.id)).toEqual(answers.map(({ run_id }) => run_id));
    expect(calls.reduce((sum, runs) => sum + runs, 0)).toBe(40);
    expect(Math.max(...calls)).toBeLessThanOrEqual(16);
    expect(calls.length).toBeLessThan(10);
  });

  it("records a run alone when the call that it shared has failed", async () => {
    const { ctx, refund } = start();
    const { bindings, calls } = recorderThat(ctx, (runs, append) => (runs.length > 1 ? Promise.reject(new Error("too much")) : append()));
    const answers = await Promise.all(Array.from({ length: 5 }, () => runNow(start(bindings).ctx, start().order)));
    const records = await Promise.all(answers.map(({ run_id }) => recordOf(run_id)));
    expect(records.every((record) => record?.execution.status === "completed")).toBe(true);
    expect(calls.toSorted((a, b) => a - b)).toEqual([1, 1, 1, 1, 1, 4]);
    expect(refund).not.toHaveBeenCalled();
  });
});
