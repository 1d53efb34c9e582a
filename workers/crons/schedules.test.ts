import { neon } from "@neondatabase/serverless";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { fireSchedules } from "#app";
import type { Clock } from "#platform/clock";
import { type Context, createContext } from "#platform/context";
import type { ExecutionsMessage } from "#platform/env";
import { type Person, type Platform, startPlatform } from "../api/testing/platform.ts";
import { runScheduled } from "./index.ts";

// biome-ignore lint/suspicious/noExplicitAny: answers are checked by what the tests assert of them
type Json = any;

let platform: Platform;
let person: Person;
let appId: string;

beforeAll(async () => {
  platform = await startPlatform();
}, 60_000);
afterAll(() => platform.stop());
beforeEach(async () => {
  person = await platform.signUp();
  const { body } = await platform.call(`POST /api/v1/workspaces/${person.workspaceId}/apps`, {
    as: person.as,
    body: { name: "Daily", slug: "daily" },
  });
  appId = body.data.id;
  const version = await platform.call(`POST /api/v1/apps/${appId}/versions`, { as: person.as, body: {} });
  await query("UPDATE apps SET status = 'published', current_version_id = $2 WHERE id = $1", appId, version.body.data.id);
}, 30_000);

async function query(text: string, ...values: unknown[]): Promise<Json[]> {
  return neon(platform.env.DATABASE_URL).query(text, values);
}

/** A Worker of its own at a time, and the messages that it sent. */
function workerAt(time: string): { ctx: Context; sent: ExecutionsMessage[]; now: number } {
  const sent: ExecutionsMessage[] = [];
  const queue = {
    send: async (body: ExecutionsMessage) => void sent.push(body),
    sendBatch: async (batch: Iterable<{ body: ExecutionsMessage }>) => void sent.push(...[...batch].map(({ body }) => body)),
  };
  const now = Date.parse(time);
  const clock: Clock = { now: () => now };
  const env = Object.assign({}, platform.env, { EXECUTIONS: queue });
  return { ctx: createContext(env, { clock, waitUntil: () => undefined }), sent, now };
}

/** A schedule that was made at a time. */
async function newSchedule(config: Json, madeAt: string): Promise<string> {
  const { status, body } = await platform.call(`POST /api/v1/apps/${appId}/triggers`, {
    as: person.as,
    body: { type: "schedule", config },
  });
  expect(status).toBe(201);
  await query("UPDATE triggers SET next_fire_at = $2 WHERE id = $1", body.data.id, madeAt);
  return body.data.id;
}

/** Times that a schedule has fired for. */
async function firings(triggerId: string): Promise<string[]> {
  const rows = await query("SELECT payload ->> 'due_at' AS due_at FROM deliveries WHERE trigger_id = $1 ORDER BY 1", triggerId);
  return rows.map(({ due_at }) => due_at);
}

async function nextOf(triggerId: string): Promise<string | null> {
  const [row] = await query("SELECT next_fire_at FROM triggers WHERE id = $1", triggerId);
  return row.next_fire_at === null ? null : new Date(row.next_fire_at).toISOString();
}

describe("schedules that are due", { timeout: 30_000 }, () => {
  it("fire once, however many Workers tick at once, and however often for the same minute", async () => {
    const ids = await Promise.all(
      Array.from({ length: 5 }, () => newSchedule({ cron: "30 2 * * *", timezone: "Europe/Berlin" }, "2026-10-25T00:30:00Z")),
    );
    const workers = Array.from({ length: 4 }, () => workerAt("2026-10-25T00:30:04Z"));
    await Promise.all(workers.map(({ ctx, now }) => runScheduled(ctx, now)));
    await Promise.all(workers.map(({ ctx, now }) => runScheduled(ctx, now)));
    for (const id of ids) {
      expect(await firings(id)).toEqual(["2026-10-25T00:30:00.000Z"]);
      expect(await nextOf(id)).toBe("2026-10-26T01:30:00.000Z");
    }
    const told = workers.flatMap(({ sent }) => sent).filter((message) => message.type === "delivery");
    expect(told.map(({ id }) => id).sort()).toEqual(ids.map((id) => `${id}:2026-10-25T00:30:00.000Z`).sort());
  });

  it("fire in both hours that have the same name when they go by minutes", async () => {
    const id = await newSchedule({ cron: "*/30 2 * * *", timezone: "Europe/Berlin" }, "2026-10-25T00:00:00Z");
    for (let minute = 0; minute < 120; minute += 1) {
      const { ctx } = workerAt(new Date(Date.parse("2026-10-25T00:00:01Z") + minute * 60_000).toISOString());
      await fireSchedules(ctx);
    }
    expect((await firings(id)).map((time) => time.slice(11, 16))).toEqual(["00:00", "00:30", "01:00", "01:30"]);
  });

  it("that nobody was there for are skipped, or made up for by one run", async () => {
    const [skipping, catching] = [
      await newSchedule({ cron: "0 * * * *" }, "2026-05-01T03:00:00Z"),
      await newSchedule({ cron: "0 * * * *", missed: "run_once" }, "2026-05-01T03:00:00Z"),
    ];
    await fireSchedules(workerAt("2026-05-01T09:20:00Z").ctx);
    expect(await firings(skipping)).toEqual([]);
    expect(await firings(catching)).toEqual(["2026-05-01T03:00:00.000Z"]);
    for (const id of [skipping, catching]) expect(await nextOf(id)).toBe("2026-05-01T10:00:00.000Z");
    // A tick that is a little late is none that was missed.
    await fireSchedules(workerAt("2026-05-01T10:02:20Z").ctx);
    for (const id of [skipping, catching]) expect((await firings(id)).at(-1)).toBe("2026-05-01T10:00:00.000Z");
  });

  it("wait for their time, and for being switched on", async () => {
    const id = await newSchedule({ cron: "0 9 * * *" }, "2026-05-01T09:00:00Z");
    await fireSchedules(workerAt("2026-05-01T08:59:59Z").ctx);
    expect(await firings(id)).toEqual([]);
    const off = await platform.call(`PATCH /api/v1/apps/${appId}/triggers/${id}`, { as: person.as, body: { enabled: false } });
    expect(off.body.data).toMatchObject({ enabled: false, next_fire_at: null });
    await fireSchedules(workerAt("2026-05-01T09:00:01Z").ctx);
    expect(await firings(id)).toEqual([]);
    const on = await platform.call(`PATCH /api/v1/apps/${appId}/triggers/${id}`, { as: person.as, body: { enabled: true } });
    expect(on.body.data.next_fire_at).toMatch(/T09:00:00.000Z$/);
  });

  it("keep their time when they are only given another name", async () => {
    const id = await newSchedule({ cron: "0 9 * * *" }, "2026-05-01T09:00:00Z");
    const renamed = await platform.call(`PATCH /api/v1/apps/${appId}/triggers/${id}`, { as: person.as, body: { name: "Morning" } });
    expect(renamed.body.data).toMatchObject({ name: "Morning", next_fire_at: "2026-05-01T09:00:00.000Z" });
    await fireSchedules(workerAt("2026-05-01T09:00:01Z").ctx);
    expect(await firings(id)).toEqual(["2026-05-01T09:00:00.000Z"]);
  });

  it("go on without firing while their app is not published", async () => {
    const id = await newSchedule({ cron: "0 9 * * *", missed: "run_once" }, "2026-05-01T09:00:00Z");
    await query("UPDATE apps SET status = 'unpublished' WHERE id = $1", appId);
    await fireSchedules(workerAt("2026-05-01T09:00:01Z").ctx);
    expect(await firings(id)).toEqual([]);
    expect(await nextOf(id)).toBe("2026-05-02T09:00:00.000Z");
  });

  it("that cannot be read any more hold up no others, though there are many", async () => {
    const { workspaceId } = person;
    await query(
      `INSERT INTO triggers (id, workspace_id, app_id, type, config, next_fire_at)
       SELECT 'trg_broken_' || n, $1, $2, 'schedule', '{"cron": "0 0 31 2 *"}', '2026-05-01T08:00:00Z' FROM generate_series(1, 450) AS n`,
      workspaceId,
      appId,
    );
    const id = await newSchedule({ cron: "0 9 * * *" }, "2026-05-01T09:00:00Z");
    await fireSchedules(workerAt("2026-05-01T09:00:01Z").ctx);
    expect(await firings(id)).toEqual(["2026-05-01T09:00:00.000Z"]);
    expect(await query("SELECT id FROM triggers WHERE id LIKE 'trg_broken_%' AND next_fire_at IS NOT NULL")).toEqual([]);
  });
});

describe("making a schedule", { timeout: 30_000 }, () => {
  it("is refused with a cron or zone that is none, naming the field", async () => {
    const make = (config: Json) =>
      platform.call(`POST /api/v1/apps/${appId}/triggers`, { as: person.as, body: { type: "schedule", config } });
    for (const [config, path] of [
      [{ cron: "0 0 31 2 *" }, "config.cron"],
      [{ cron: "* * * * * *" }, "config.cron"],
      [{ cron: "0 0 L * *" }, "config.cron"],
      [{ cron: "* * * * *", timezone: "Mars/Base" }, "config.timezone"],
      [{ cron: "* * * * *", missed: "later" }, "config.missed"],
      [{ cron: "* * * * *", inputs: { word: "{{ body.x }}" } }, "config.inputs.word"],
    ] as const) {
      const { status, body } = await make(config);
      expect([status, body.errors[0].path]).toEqual([422, path]);
    }
    expect((await platform.call(`GET /api/v1/apps/${appId}/triggers`, { as: person.as })).body.data).toEqual([]);
  });
});
