import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { findRoute, patchAccessPolicy } from "#app";
import { writeExecutions } from "#execution";
import { systemRandom } from "#platform/clock";
import type { Context } from "#platform/context";
import { newId } from "#platform/ids";
import type { ExecutionRecord } from "#platform/records";
import { runtimeEvents, visitorRules } from "#platform/schema";
import { watchTraffic } from "#runtime";
import { type Person, type Platform, startPlatform } from "../api/testing/platform.ts";

const SECOND = 1_000;

let platform: Platform;
let ada: Person;
let appId: string;
let now = Date.now();
let ctx: Context;
let announcements = 0;

beforeAll(async () => {
  platform = await startPlatform();
  Object.assign(platform.env, {
    RATE_LIMITER: {
      getByName: () => ({
        async raiseEpoch() {
          announcements += 1;
        },
      }),
    },
  });
  ada = await platform.signUp("Ada");
  ctx = platform.context({ now: () => now });
}, 60_000);
afterAll(() => platform.stop());
beforeEach(async () => {
  await Promise.all([ctx.db.delete(visitorRules), ctx.db.delete(runtimeEvents)]);
  const { body } = await platform.call(`POST /api/v1/workspaces/${ada.workspaceId}/apps`, { as: ada.as, body: { name: "Watched" } });
  appId = body.data.id;
  announcements = 0;
});

function watchFor(anomaly: Parameters<typeof patchAccessPolicy>[3]["anomaly"]) {
  return patchAccessPolicy(ctx, ada.workspaceId, appId, { anomaly });
}

function run(changes: Partial<ExecutionRecord> = {}): ExecutionRecord {
  return {
    id: newId("run", { now: () => now }, systemRandom),
    workspace_id: ada.workspaceId,
    app_id: appId,
    version_id: "apv_1",
    trigger: "visitor",
    status: "completed",
    session_id: null,
    network: "busy",
    api_key_id: null,
    inputs: {},
    outputs: {},
    error: null,
    usage: { input_tokens: 0, output_tokens: 0, total_tokens: 0 },
    started_at: now,
    finished_at: now,
    ...changes,
  };
}

/** As the consumer of records does with what outboxes hand over. */
async function arrive(count: number, changes: Partial<ExecutionRecord> = {}): Promise<void> {
  const records = Array.from({ length: count }, () => run(changes));
  const rows = records.map((execution) => ({ record: { execution, node_logs: [], usage_events: [], runtime_events: [] }, revision: 1 }));
  await writeExecutions(ctx, rows);
  await watchTraffic(ctx, records);
}

const rules = () => findRoute(ctx, { appId }).then((route) => route?.visitorRules ?? []);
const events = () => ctx.db.select().from(runtimeEvents);

describe("the watch over an app's traffic", () => {
  it("challenges a network that runs the app too often, for a while, with one event", async () => {
    await watchFor({ frequency: { max_runs: 5, window_seconds: 60, action: "challenge", duration_seconds: 600 } });
    await arrive(5);
    await arrive(3, { network: "calm" });
    expect(await rules()).toEqual([]);
    announcements = 0;
    for (let more = 0; more < 3; more += 1) await arrive(1);
    expect(await rules()).toEqual([{ kind: "challenge", type: "network", value: "busy", since: now, until: now + 600 * SECOND }]);
    expect(await events()).toMatchObject([
      { appId, type: "anomaly.frequency", payload: { network: "busy", runs: 6, effect: "challenge" } },
    ]);
    // Announced again by every finding: an announcement may have been lost.
    expect(announcements).toBe(3);
    now += 600 * SECOND;
    expect(await rules()).toEqual([]);
    await arrive(6);
    expect(await rules()).toHaveLength(1);
    expect(await events()).toHaveLength(2);
  });

  it("forgets runs that have left the window, and does not count what visitors did not begin", async () => {
    await watchFor({ frequency: { max_runs: 5, window_seconds: 60, action: "block", duration_seconds: 600 } });
    await arrive(5);
    now += 61 * SECOND;
    await arrive(1);
    await arrive(10, { trigger: "api" });
    await arrive(10, { trigger: "schedule" });
    expect(await rules()).toEqual([]);
  });

  it("slows a network whose runs fail", async () => {
    await watchFor({ failure_rate: { min_runs: 4, max_failed_percent: 50, window_seconds: 300, action: "slow", duration_seconds: 60 } });
    await arrive(2);
    await arrive(2, { status: "failed" });
    expect(await rules()).toEqual([]);
    await arrive(1, { status: "failed" });
    expect(await rules()).toMatchObject([{ kind: "slow", value: "busy" }]);
    expect(await events()).toMatchObject([{ type: "anomaly.failure_rate", payload: { runs: 5, failed: 3 } }]);
  });

  it("challenges everybody when the app has many times its usual visitors", async () => {
    await watchFor({ spike: { factor: 5, min_runs: 10, window_seconds: 60, action: "challenge", duration_seconds: 60 } });
    // Four runs in each of twenty minutes are usual.
    for (let minute = 0; minute < 20; minute += 1) {
      await arrive(4, { network: `visitor-${minute}` });
      now += 60 * SECOND;
    }
    await arrive(19, { network: "newcomer" });
    expect(await rules()).toEqual([]);
    await arrive(1, { network: "another" });
    expect(await rules()).toMatchObject([{ kind: "challenge", type: "all" }]);
    expect(await events()).toMatchObject([{ type: "anomaly.spike", payload: { runs: 20, usual: 4 } }]);
  });

  it("acts once when two consumers find the same", async () => {
    await watchFor({ frequency: { max_runs: 1, window_seconds: 60, action: "block", duration_seconds: 600 } });
    await Promise.all([arrive(2), arrive(2)]);
    expect([await rules(), await events()].map(({ length }) => length)).toEqual([1, 1]);
  });

  it("does nothing where nothing counts as unusual", async () => {
    await arrive(1_000);
    expect(await rules()).toEqual([]);
  });
});
