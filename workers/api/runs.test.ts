import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { usageEventsOf, writeUsage } from "#billing";
import { writeExecutions } from "#execution";
import type { LiveRun } from "#platform/objects/durable-run";
import type { NodeLog, RunRecord } from "#platform/records";
import { runtimeEvents } from "#platform/schema";
import { type Answer, type Person, type Platform, startPlatform } from "./testing/platform.ts";

let platform: Platform;
let ada: Person;
let bob: Person;
let appId: string;

/** Runs' objects by their name, and outboxes by theirs, at the objects' interfaces. */
const objects = new Map<string, LiveRun>();
const outboxes = new Map<string, RunRecord>();
const bindings = {
  DURABLE_RUN: { getByName: (name: string) => ({ read: async () => (objects.has(name) ? JSON.stringify(objects.get(name)) : null) }) },
  RECORDER: {
    getByName: (name: string) => ({
      find: async (id: string) => (outboxes.get(name)?.execution.id === id ? JSON.stringify(outboxes.get(name)) : null),
    }),
  },
};

const call = (route: string, as: Person = ada, body?: unknown): Promise<Answer> =>
  platform.call(route.replace(" /", " /api/v1/"), { as: as.as, ...(body === undefined ? {} : { body }) });

/** Writes the record of a run as the consumer of the outboxes does. */
async function record(status: "completed" | "failed", startedAt: number, tokens: number): Promise<string> {
  const ctx = platform.context();
  const run = recordOf(ctx.newId("run"), status, startedAt, tokens);
  await Promise.all([writeExecutions(ctx, [{ record: run, revision: 1 }]), writeUsage(ctx, [run])]);
  return run.execution.id;
}

function recordOf(id: string, status: "completed" | "failed", startedAt: number, tokens: number): RunRecord {
  const log: NodeLog = {
    seq: 0,
    node_id: "reply",
    node_type: "generate",
    status,
    attempts: 1,
    inputs: { input: "hi" },
    outputs: status === "completed" ? { text: "hello" } : null,
    error: status === "completed" ? null : { code: "model_failed", message: "The model refused." },
    input_tokens: tokens,
    output_tokens: 0,
    started_at: startedAt,
    duration_ms: 12,
  };
  const outputs = status === "completed" ? { said: "hello" } : null;
  return {
    execution: {
      id,
      workspace_id: ada.workspaceId,
      app_id: appId,
      version_id: "apv_1",
      trigger: "visitor",
      status,
      session_id: "vis_1",
      api_key_id: null,
      inputs: { word: "hi" },
      outputs,
      error: log.error,
      usage: { input_tokens: tokens, output_tokens: 0, total_tokens: tokens },
      started_at: startedAt,
      finished_at: startedAt + 20,
    },
    node_logs: [log],
    usage_events: usageEventsOf({ id, started_at: startedAt, outputs }, [log]),
    runtime_events: [],
  };
}

const january = Date.UTC(2026, 0, 15);
let completed: string;
let failed: string;

beforeAll(async () => {
  platform = await startPlatform();
  Object.assign(platform.env, bindings);
  [ada, bob] = [await platform.signUp("Ada"), await platform.signUp("Bob")];
  const created = await call(`POST /workspaces/${ada.workspaceId}/apps`, ada, { name: "Echo" });
  appId = created.body.data.id;
  completed = await record("completed", january, 7);
  failed = await record("failed", january + 86_400_000, 5);
}, 60_000);
afterAll(() => platform.stop());

const ids = ({ body }: Answer): string[] => body.data.map((one: { id: string }) => one.id);

describe("runs", () => {
  it("are listed newest first, by pages and by status", async () => {
    expect(ids(await call(`GET /apps/${appId}/runs`))).toEqual([failed, completed]);
    expect(ids(await call(`GET /apps/${appId}/runs?status=completed`))).toEqual([completed]);
    const { body } = await call(`GET /apps/${appId}/runs?limit=1`);
    expect(ids(await call(`GET /apps/${appId}/runs?limit=1&cursor=${body.next_cursor}`))).toEqual([completed]);
    expect((await call(`GET /apps/${appId}/runs?status=lost`)).status).toBe(422);
  });

  it("are shown with what went in, what came out and what each node did", async () => {
    const { body } = await call(`GET /runs/${completed}`);
    expect(body.data).toMatchObject({
      id: completed,
      app_id: appId,
      status: "completed",
      inputs: { word: "hi" },
      outputs: { said: "hello" },
      error: null,
      usage: { total_tokens: 7 },
      started_at: "2026-01-15T00:00:00.000Z",
      duration_ms: 20,
    });
    const nodes = await call(`GET /runs/${failed}/nodes`);
    expect(nodes.body).toMatchObject({
      data: [{ seq: 0, node_id: "reply", status: "failed", error: { code: "model_failed" } }],
      next_cursor: null,
    });
  });

  it("are found before their record has reached the database", async () => {
    const id = platform
      .context()
      .newId("run")
      .replace(/^(.{14}).(.*)...$/, "$1e$2000");
    const run = recordOf(id, "completed", january, 0);
    outboxes.set(`${ada.workspaceId}:local`, run);
    expect((await call(`GET /runs/${id}`)).body.data).toMatchObject({ id, app_id: appId, status: "completed", duration_ms: 20 });
    expect((await call(`GET /runs/${id}/nodes`)).body.data).toMatchObject([{ node_id: "reply", outputs: { text: "hello" }, port: null }]);
    expect((await call(`GET /runs/${id}`, bob)).status).toBe(404);
    outboxes.clear();
    expect((await call(`GET /runs/${id}`)).status).toBe(404);
  });

  it("are as their object has them, under their own id only", async () => {
    const id = platform
      .context()
      .newId("run")
      .replace(/^(.{14})./, "$1f");
    const { execution, node_logs: nodeLogs } = recordOf(id, "completed", january, 0);
    objects.set(id.slice(14, 27), { execution: { ...execution, status: "running", finished_at: null }, nodeLogs, lastEventId: 3 });
    expect((await call(`GET /runs/${id}`)).body.data).toMatchObject({ id, status: "running", finished_at: null, duration_ms: null });
    expect((await call(`GET /runs/${id}/nodes`)).body.data).toMatchObject([{ node_id: "reply" }]);
    expect((await call(`GET /runs/${id}`, bob)).status).toBe(404);
    expect((await call(`GET /runs/${id.replace(/^run_0./, "run_00")}`)).status).toBe(404);
    objects.clear();
  });

  it.each(["", "/nodes", "/events", "/callbacks"])("are unknown to another tenant, and so is garbage (%s)", async (rest) => {
    for (const [id, person] of [
      [completed, bob],
      ["run_1", ada],
      [platform.context().newId("run"), ada],
    ] as const) {
      const { status, body } = await call(`GET /runs/${id}${rest}`, person);
      expect([status, body.code]).toEqual([404, "not_found"]);
    }
    expect((await platform.call(`GET /api/v1/runs/${completed}${rest}`)).status).toBe(401);
  });
});

describe("a run that has ended", () => {
  it("cannot be cancelled or answered, and calls nobody back", async () => {
    expect(await call(`POST /runs/${completed}/cancel`, ada, {})).toMatchObject({ status: 409, body: { code: "invalid_state" } });
    const answer = { decision: "approved" };
    expect((await call(`POST /runs/${completed}/signals/reply`, ada, answer)).status).toBe(404);
    expect((await call(`POST /runs/${completed}/signals/reply`, ada, { decision: "maybe" })).body.errors[0].path).toBe("decision");
    expect((await call(`GET /runs/${completed}/callbacks`)).body).toEqual({ data: [], next_cursor: null });
  });

  it("tells its events from its record", async () => {
    const { headers, body } = await call(`GET /runs/${failed}/events`);
    expect(headers.get("Content-Type")).toContain("text/event-stream");
    expect([...body.matchAll(/^event: (.*)$/gm)].map(([, type]) => type)).toEqual(["run.started", "node.finished", "run.finished"]);
    expect(body).toContain('"log":{"seq":0,"node_id":"reply"');
    const rest = await call(`GET /runs/${failed}/events?last_event_id=9`);
    expect(rest.body).toMatch(/^id: 10\nevent: run\.finished\n/);
  });

  it("is not replayed once its version is gone", async () => {
    const answer = await call(`POST /runs/${completed}/replay`, ada, {});
    expect(answer).toMatchObject({ status: 409, body: { code: "invalid_state", detail: expect.stringContaining("version") } });
  });

  it("previews values", async () => {
    const preview = (body: unknown, id = completed) => call(`POST /runs/${id}/preview`, ada, body);
    expect((await preview({ value: "{{ inputs.word }} {{ nodes.reply.text }}" })).body.data).toEqual({ value: "hi hello", type: "string" });
    expect((await preview({ value: "{{ nodes.reply.error.code }}" }, failed)).body.data.value).toBe("model_failed");
    expect((await preview({ value: "{{ app.slug }}" })).body.data.value).toBe("echo");
    expect((await preview({ value: "{{ inputs. }}" })).body.errors).toMatchObject([
      { path: "value", message: expect.stringContaining("position") },
    ]);
    expect((await preview({ value: "x", node_id: "nobody" })).body.errors[0].path).toBe("node_id");
    expect((await preview(`{"value":${"[".repeat(5_000)}${"]".repeat(5_000)}}`)).body.errors[0].path).toBe("value");
    expect((await preview({})).status).toBe(422);
  });
});

describe("test runs", () => {
  const test = (body: unknown) => call(`POST /apps/${appId}/test-runs`, ada, body);
  const paths = ({ body }: Answer) => body.errors.map(({ path }: { path: string }) => path);

  it("say everything at once that keeps them from running", async () => {
    const manifest = {
      manifest: "1",
      name: "Echo",
      workflow: {
        nodes: [
          { id: "start", type: "start", config: { inputs: [{ name: "word", type: "string", required: true }] } },
          { id: "big", type: "condition", config: { expression: "inputs.word = 'big'" } },
          { id: "end", type: "end", config: { outputs: { said: "{{ nodes.big.value }}" } } },
        ],
        edges: [
          { from: "start", to: "big" },
          { from: "big", to: "end" },
        ],
      },
    };
    const saved = await platform.call(`PUT /api/v1/apps/${appId}/draft`, { as: ada.as, body: manifest });
    expect(saved.status).toBe(200);
    expect(paths(await test({ inputs: { more: 1 }, from_node: "end" }))).toEqual(["inputs.more", "inputs.word", "pinned.big"]);
    expect(paths(await test({ inputs: { word: "" }, pinned: { big: true, small: 1 } }))).toEqual([
      "inputs.word",
      "pinned.big",
      "pinned.small",
    ]);
    expect(paths(await test({ only_node: "big", from_node: "big" }))).toEqual(["only_node"]);
    expect(paths(await test({ run_id: platform.context().newId("run") }))).toEqual(["run_id"]);
    expect(paths(await test({ run_id: completed, from_node: "end" }))).toEqual(["pinned.big"]);
    expect((await test({ more: 1 })).status).toBe(422);
  });

  it("are of apps that can still be edited", async () => {
    const { body } = await call(`POST /workspaces/${ada.workspaceId}/apps`, ada, { name: "Other" });
    const other = await call(`POST /apps/${body.data.id}/test-runs`, ada, { run_id: completed });
    expect(paths(other)).toEqual(["run_id"]);
  });
});

describe("usage", () => {
  it("adds up by month, day, app and meter", async () => {
    const { body } = await call(`GET /workspaces/${ada.workspaceId}/usage?month=2026-01`);
    expect(body.data).toMatchObject({
      period_start: "2026-01-01T00:00:00.000Z",
      period_end: "2026-02-01T00:00:00.000Z",
      totals: { requests: 2, tokens: 12, run_ms: 24, egress_bytes: 16 },
    });
    expect(body.data.days).toHaveLength(7);
    expect(body.data.days).toContainEqual({ day: "2026-01-16", app_id: appId, meter: "tokens", quantity: 5 });
    expect((await call(`GET /workspaces/${ada.workspaceId}/usage?month=2025-12`)).body.data.totals.requests).toBe(0);
  });

  it("refuses a month that is none", async () => {
    expect((await call(`GET /workspaces/${ada.workspaceId}/usage?month=2026-13`)).body.errors[0].path).toBe("month");
  });

  it("is measured against plans", async () => {
    const { body } = await call("GET /billing/plans");
    expect(body.data[0]).toMatchObject({ code: "free", price_minor: 0, limits: { requests: expect.any(Number) } });
  });
});

describe("runtime events", () => {
  it("are listed newest first, by pages, those of the same moment too", async () => {
    const occurredAt = new Date(january);
    const rows = ["evt_a", "evt_b", "evt_c"].map((id) => ({
      id,
      workspaceId: ada.workspaceId,
      type: "record.parked",
      payload: { id },
      occurredAt,
    }));
    await platform.context().db.insert(runtimeEvents).values(rows);
    const seen: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const page: Answer = await call(`GET /workspaces/${ada.workspaceId}/runtime-events?limit=2${cursor && `&cursor=${cursor}`}`);
      seen.push(...ids(page));
      cursor = page.body.next_cursor;
    }
    expect(seen).toEqual(["evt_c", "evt_b", "evt_a"]);
    expect((await call(`GET /workspaces/${ada.workspaceId}/runtime-events?cursor=nonsense`)).status).toBe(422);
    expect((await call(`GET /workspaces/${ada.workspaceId}/runtime-events`, bob)).status).toBe(404);
  });
});

describe("the workspace's database", () => {
  it("is not found before somebody asks for it", async () => {
    const { status, body } = await call(`GET /workspaces/${ada.workspaceId}/database`);
    expect([status, body.code]).toEqual([404, "not_found"]);
  });
});
