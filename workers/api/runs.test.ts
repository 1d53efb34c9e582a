import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { usageEventsOf, writeUsage } from "#billing";
import { writeExecutions } from "#execution";
import type { NodeLog, RunRecord } from "#platform/records";
import { runtimeEvents } from "#platform/schema";
import { type Answer, type Person, type Platform, startPlatform } from "./testing/platform.ts";

let platform: Platform;
let ada: Person;
let bob: Person;
let appId: string;

const call = (route: string, as: Person = ada, body?: unknown): Promise<Answer> =>
  platform.call(route.replace(" /", " /api/v1/"), { as: as.as, ...(body === undefined ? {} : { body }) });

/** Writes the record of a run as the consumer of the outboxes does. */
async function record(status: "completed" | "failed", startedAt: number, tokens: number): Promise<string> {
  const ctx = platform.context();
  const id = ctx.newId("run");
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
  const run: RunRecord = {
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
      outputs: status === "completed" ? { said: "hello" } : null,
      error: log.error,
      usage: { input_tokens: tokens, output_tokens: 0, total_tokens: tokens },
      started_at: startedAt,
      finished_at: startedAt + 20,
    },
    node_logs: [log],
    usage_events: usageEventsOf(id, [log], startedAt),
    runtime_events: [],
  };
  await Promise.all([writeExecutions(ctx, [{ record: run, revision: 1 }]), writeUsage(ctx, [run])]);
  return id;
}

const january = Date.UTC(2026, 0, 15);
let completed: string;
let failed: string;

beforeAll(async () => {
  platform = await startPlatform();
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

  it.each(["", "/nodes"])("are unknown to another tenant, and so is garbage (%s)", async (rest) => {
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

describe("usage", () => {
  it("adds up by month, day, app and meter", async () => {
    const { body } = await call(`GET /workspaces/${ada.workspaceId}/usage?month=2026-01`);
    expect(body.data).toMatchObject({
      period_start: "2026-01-01T00:00:00.000Z",
      period_end: "2026-02-01T00:00:00.000Z",
      totals: { requests: 2, tokens: 12 },
    });
    expect(body.data.days).toHaveLength(4);
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
