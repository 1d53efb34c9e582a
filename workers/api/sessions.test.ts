import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeExecutions } from "#execution";
import type { Conversation } from "#platform/objects/visitor-session";
import { openSession, SESSION_HEADER, type VisitorSession } from "#runtime";
import { type Site, startSite } from "../runtime/testing/site.ts";
import type { Person } from "./testing/platform.ts";

let site: Site;
let ada: Person;
let bob: Person;
let appId: string;
let address: string;
let [first, second]: VisitorSession[] = [];

/** Conversations by the names of their objects, at the objects' interface. */
const conversations = new Map<string, Conversation>();
const VISITOR_SESSION = {
  getByName: (name: string) => ({ read: async () => conversations.get(name) ?? { summary: null, turns: [] } }),
};

/** Writes a run of a session, as the consumer of the outboxes does. */
async function record(session: VisitorSession, startedAt: number): Promise<void> {
  const ctx = site.context({ now: () => startedAt });
  const execution = {
    id: ctx.newId("run"),
    workspace_id: ada.workspaceId,
    app_id: appId,
    version_id: "apv_1",
    trigger: "visitor" as const,
    status: "completed" as const,
    session_id: session.id,
    api_key_id: null,
    inputs: {},
    outputs: {},
    error: null,
    usage: { input_tokens: 0, output_tokens: 0, total_tokens: 0 },
    started_at: startedAt,
    finished_at: startedAt,
  };
  await writeExecutions(ctx, [{ record: { execution, node_logs: [], usage_events: [], runtime_events: [] }, revision: 1 }]);
}

/** A new visitor of the app, at a time (ms). */
function visitorAt(now: number, app = appId): Promise<VisitorSession> {
  return openSession(site.context({ now: () => now }), { appId: app, endedSessions: [] }, new Headers());
}

const call = (route: string, as: Person = ada) =>
  site.call(`${route.split(" ")[0]} /api/v1/apps/${appId}${route.split(" ")[1]}`, { as: as.as });

/** Who the app takes a visitor for who brings a token. */
async function takenFor(token: string): Promise<string> {
  const answer = await site.visit(address, { headers: { Accept: "text/html", Cookie: `af_session=${token}` } });
  expect(answer.status).toBe(200);
  return answer.headers.get(SESSION_HEADER) ?? "";
}

const now = Date.now();

beforeAll(async () => {
  site = await startSite();
  Object.assign(site.env, { VISITOR_SESSION });
  [ada, bob] = [await site.signUp("Ada"), await site.signUp("Bob")];
  appId = await site.publish(ada, "chat", { access_mode: "public_anonymous" });
  const workspace = await site.call(`GET /api/v1/workspaces/${ada.workspaceId}`, { as: ada.as });
  address = `/${workspace.body.data.slug}/chat`;
  [first, second] = [await visitorAt(now - 20_000), await visitorAt(now - 10_000)];
  await record(first, now - 20_000);
  await record(first, now - 5_000);
  await record(second, now - 10_000);
  conversations.set(`${ada.workspaceId}:${appId}:${first.id}`, {
    summary: "They met.",
    turns: [{ run_id: "run_1", said: "Hello", answer: "Good day", at: now }],
  });
}, 90_000);
afterAll(() => site.stop());

describe("the sessions of an app", () => {
  const at = (time: number) => new Date(time).toISOString();

  it("are listed with what their runs tell of them, newest first, by pages", async () => {
    const page = await call("GET /sessions?limit=1");
    expect(page.body.data).toEqual([
      { id: second?.id, started_at: at(now - 10_000), last_seen_at: at(now - 10_000), runs: 1, ended_at: null },
    ]);
    const rest = await call(`GET /sessions?limit=1&cursor=${page.body.next_cursor}`);
    expect(rest.body).toEqual({
      data: [{ id: first?.id, started_at: at(now - 20_000), last_seen_at: at(now - 5_000), runs: 2, ended_at: null }],
      next_cursor: null,
    });
    expect((await call(`GET /runs?session_id=${second?.id}`)).body.data).toHaveLength(1);
  });

  it("can be looked into, with their conversations", async () => {
    const { body } = await call(`GET /sessions/${first?.id}`);
    expect(body.data).toMatchObject({
      runs: 2,
      conversation: { summary: "They met.", turns: [{ run_id: "run_1", said: "Hello", answer: "Good day", at: at(now) }] },
    });
    expect((await call(`GET /sessions/${second?.id}`)).body.data.conversation).toEqual({ summary: null, turns: [] });
  });

  it("are none of strangers, and none that never ran the app", async () => {
    const never = await visitorAt(now);
    for (const id of [never.id, "vis_nonsense"]) {
      expect(await call(`GET /sessions/${id}`)).toMatchObject({ status: 404, body: { code: "not_found" } });
      expect((await call(`POST /sessions/${id}/end`)).status).toBe(404);
    }
    for (const route of ["GET /sessions", `GET /sessions/${first?.id}`, `POST /sessions/${first?.id}/end`]) {
      expect((await call(route, bob)).status).toBe(404);
    }
  });

  it("can be ended: their token opens nothing any more, others' do", async () => {
    for (let time = 0; time < 2; time += 1) {
      const ended = await call(`POST /sessions/${first?.id}/end`);
      expect(ended).toMatchObject({ status: 200, body: { data: { id: first?.id, ended_at: expect.any(String) } } });
    }
    expect(await takenFor(first?.token ?? "")).not.toBe(first?.token);
    expect(await takenFor(second?.token ?? "")).toBe(second?.token);
    const audit = await site.call(`GET /api/v1/workspaces/${ada.workspaceId}/audit-logs?action=session.ended`, { as: ada.as });
    expect(audit.body.data).toMatchObject([{ target_type: "session", target_id: first?.id, after: { app_id: appId } }]);
  });

  it("are nobody else's: another tenant's token, an old one and a forged one are new visitors", async () => {
    const [theirs, old] = [await visitorAt(now, await site.publish(bob, "chat", {})), await visitorAt(now - 25 * 3_600_000)];
    const forged = `${second?.token.split(".")[0]}.${"A".repeat(43)}`;
    for (const token of [theirs.token, old.token, forged]) {
      const taken = await takenFor(token);
      expect([theirs.token, old.token, second?.token, forged]).not.toContain(taken);
    }
  });
});
