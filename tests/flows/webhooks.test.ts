import { Webhook } from "standardwebhooks";
import { beforeAll, describe, expect, it } from "vitest";
import {
  type Answer,
  call,
  echo,
  eventually,
  type Json,
  type Member,
  type PublishedApp,
  platformRows,
  publishApp,
  signUp,
} from "./client.ts";

let member: Member;
let app: PublishedApp;

beforeAll(async () => {
  member = await signUp();
  app = await publishApp(member, echo("Hello"));
});

interface Hook {
  readonly id: string;
  readonly path: string;
  readonly secret: string;
}

async function newHook(config: Json = {}, of: PublishedApp = app, owner: Member = member): Promise<Hook> {
  const { status, body } = await call(`/api/v1/apps/${of.id}/triggers`, { headers: owner.as, body: { type: "webhook", config } });
  if (status !== 201) throw new Error(`creating a webhook answered ${status}: ${JSON.stringify(body)}`);
  return { id: body.data.id, path: new URL(body.data.url).pathname, secret: body.data.secret };
}

let messages = 0;
const newMessageId = () => `msg_${process.pid}_${Date.now()}_${messages++}`;

interface Sent {
  readonly id?: string;
  readonly at?: Date;
  readonly query?: string;
  readonly headers?: Record<string, string>;
}

/** Sends as the reference client signs. */
function send(hook: Hook, body: unknown, { id = newMessageId(), at = new Date(), query = "", headers = {} }: Sent = {}): Promise<Answer> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const signed = {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
    "webhook-signature": new Webhook(hook.secret).sign(id, at, text),
  };
  return call(`${hook.path}${query}`, { body: text, headers: { ...signed, ...headers } });
}

const ago = (seconds: number) => new Date(Date.now() - seconds * 1_000);

function runsOf(triggerId: string): Promise<{ id: string; status: string; inputs: Json; trigger: string }[]> {
  return platformRows("SELECT id, status, inputs, trigger FROM executions WHERE trigger_id = $1", [triggerId]);
}

async function requests(workspaceId: string): Promise<number> {
  const rows = await platformRows("SELECT id FROM billing_usage_events WHERE workspace_id = $1 AND meter = 'requests'", [workspaceId]);
  return rows.length;
}

describe("a webhook", () => {
  it("signed by the reference client starts the app, and is answered at once", async () => {
    const hook = await newHook();
    const answer = await send(hook, { word: "you" });
    expect(answer).toMatchObject({ status: 202, body: { data: { run_id: expect.stringMatching(/^run_/) } } });
    const [run] = await eventually(
      () => runsOf(hook.id),
      ([row]) => row?.status === "completed",
    );
    expect(run).toMatchObject({ id: answer.body.data.run_id, trigger: "webhook", inputs: { word: "you" } });
    const listed = await call(`/api/v1/apps/${app.id}/triggers/${hook.id}`, { headers: member.as });
    expect(listed.body.data).toMatchObject({ last_fired_at: expect.any(String) });
    expect(listed.body.data).not.toHaveProperty("secret");
  });

  it("is answered with the run's result where its sender waits", async () => {
    const hook = await newHook({ mode: "wait" });
    expect(await send(hook, { word: "you" })).toMatchObject({
      status: 200,
      body: { data: { status: "completed", outputs: { said: "Hello you" } } },
    });
    const paused = echo("Later", { name: "Pausing" });
    paused.workflow.nodes.splice(2, 0, { id: "pause", type: "wait", config: { seconds: 3_600 } });
    paused.workflow.edges = ["start", "say", "pause"].map((from, index) => ({ from, to: ["say", "pause", "end"][index] }));
    const slow = await newHook({ mode: "wait" }, await publishApp(member, paused));
    expect(await send(slow, { word: "you" })).toMatchObject({ status: 202, body: { data: { status: "waiting" } } });
  });

  it("gives the app what its inputs name of the body, the headers and the query", async () => {
    const hook = await newHook({
      mode: "wait",
      inputs: { word: "{{ body.user.name }} by {{ headers.x-event }} from {{ query.from }} ({{ $count(body.items) }})" },
    });
    const body = { user: { name: "Ada" }, items: [1, 2, 3] };
    expect((await send(hook, body, { query: "?from=shop", headers: { "X-Event": "order" } })).body.data.outputs).toEqual({
      said: "Hello Ada by order from shop (3)",
    });
  });

  it("is refused with a wrong signature, another body, an old or a future time, or without its headers; nothing runs", async () => {
    const hook = await newHook();
    const other = await newHook();
    const refused = await Promise.all([
      send({ ...hook, secret: other.secret }, { word: "you" }),
      send(hook, { word: "you" }, { headers: { "webhook-signature": "v1,AAAA" } }),
      send(hook, { word: "you" }, { headers: { "webhook-signature": "v2,AAAA nonsense v1,***" } }),
      send(hook, { word: "you" }, { headers: { "webhook-id": "another" } }),
      send(hook, { word: "you" }, { headers: { "webhook-timestamp": "1" } }),
      send(hook, { word: "you" }, { headers: { "webhook-timestamp": "now" } }),
      send(hook, { word: "you" }, { at: ago(310) }),
      send(hook, { word: "you" }, { at: ago(-310) }),
      call(hook.path, { body: { word: "you" } }),
    ]);
    for (const answer of refused) {
      expect(answer).toMatchObject({ status: 401, body: { code: "unauthenticated" } });
      expect(answer.headers.get("Content-Type")).toBe("application/problem+json");
      expect(JSON.stringify(answer.body)).not.toContain(hook.path);
    }
    expect((await send(hook, { word: "in time" }, { at: ago(290) })).status).toBe(202);
    const several = new Webhook(hook.secret).sign("several", new Date(), '{"word":"several"}');
    const accepted = await send(
      hook,
      { word: "several" },
      { id: "several", headers: { "webhook-signature": `v1,AAAA v1a,AAAA ${several}` } },
    );
    expect(accepted.status).toBe(202);
    const runs = await eventually(
      () => runsOf(hook.id),
      (rows) => rows.length >= 2 && rows.every(({ status }) => status === "completed"),
    );
    expect(runs.map(({ inputs }) => inputs.word).sort()).toEqual(["in time", "several"]);
  });

  it("that comes again is refused, also when it comes 20 times at once: one run", async () => {
    const hook = await newHook();
    const id = newMessageId();
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(hook, { word: "you" }, { id })));
    expect(answers.map(({ status }) => status).sort()).toEqual([202, ...Array(19).fill(409)]);
    const later = await send(hook, { word: "you" }, { id });
    expect(later).toMatchObject({ status: 409, body: { code: "conflict" } });
    const first = answers.find(({ status }) => status === 202)?.body.data.run_id;
    await eventually(
      () => runsOf(hook.id),
      ([row]) => row?.status === "completed",
    );
    expect(await runsOf(hook.id)).toMatchObject([{ id: first }]);
  });

  it("has an id of its own for each address, and free again when nothing began", async () => {
    const [one, two] = [await newHook(), await newHook()];
    const id = newMessageId();
    expect(await send(one, { wrong: "field" }, { id })).toMatchObject({
      status: 422,
      body: { errors: [{ path: "inputs.wrong" }, { path: "inputs.word" }] },
    });
    expect((await send(one, { word: "you" }, { id })).status).toBe(202);
    expect((await send(two, { word: "you" }, { id })).status).toBe(202);
  });

  it("is refused when it is no JSON, too large, or not sent by POST", async () => {
    const hook = await newHook();
    expect(await send(hook, "word=you")).toMatchObject({ status: 400, body: { code: "bad_request" } });
    expect(await send(hook, "[1]")).toMatchObject({ status: 422, body: { code: "validation_failed" } });
    expect(await send(hook, { word: "x".repeat(1_048_576) })).toMatchObject({ status: 413, body: { code: "payload_too_large" } });
    const got = await call(hook.path);
    expect([got.status, got.headers.get("Allow")]).toEqual([405, "POST"]);
  });

  it("starts nothing once it is switched off, has another secret, or is gone", async () => {
    const hook = await newHook();
    const path = `/api/v1/apps/${app.id}/triggers/${hook.id}`;
    await call(path, { method: "PATCH", headers: member.as, body: { enabled: false } });
    expect(await send(hook, { word: "you" })).toMatchObject({ status: 410, body: { code: "not_available" } });
    await call(path, { method: "PATCH", headers: member.as, body: { enabled: true } });
    const rotated = await call(`${path}/rotate-secret`, { method: "POST", headers: member.as });
    expect((await send(hook, { word: "you" })).status).toBe(401);
    expect((await send({ ...hook, secret: rotated.body.data.secret }, { word: "you" })).status).toBe(202);
    expect((await call(path, { method: "DELETE", headers: member.as })).status).toBe(204);
    expect(await send({ ...hook, secret: rotated.body.data.secret }, { word: "you" })).toMatchObject({
      status: 404,
      body: { code: "not_found" },
    });
    expect((await call("/api/v1/hooks/nothing", { body: {} })).status).toBe(404);
  });

  it("runs the published version, starts nothing while there is none, and bills nothing then", async () => {
    const owner = await signUp();
    const own = await publishApp(owner, echo("First"));
    const created = await call(`/api/v1/apps/${own.id}/triggers`, {
      headers: owner.as,
      body: { type: "webhook", config: { mode: "wait" } },
    });
    const hook = { id: created.body.data.id, path: new URL(created.body.data.url).pathname, secret: created.body.data.secret };
    await call(`/api/v1/apps/${own.id}/draft`, { method: "PUT", headers: owner.as, body: echo("Draft") });
    let ran = 0;
    const sent = async () => {
      const answer = await send(hook, { word: "you" });
      if (answer.status === 200) ran += 1;
      return answer;
    };
    expect((await sent()).body.data.outputs).toEqual({ said: "First you" });
    await call(`/api/v1/apps/${own.id}/unpublish`, { method: "POST", headers: owner.as });
    // Takedowns hold everywhere within 5 seconds.
    const refused = await eventually(sent, ({ status }) => status !== 200);
    expect(refused).toMatchObject({ status: 410, body: { code: "not_available" } });
    await call(`/api/v1/apps/${own.id}/publish`, { headers: owner.as, body: {} });
    const again = await eventually(sent, ({ status }) => status === 200);
    expect(again.body.data.outputs).toEqual({ said: "Draft you" });
    await eventually(
      () => runsOf(hook.id),
      (rows) => rows.length >= ran,
    );
    expect([(await runsOf(hook.id)).length, await requests(owner.workspace.id)]).toEqual([ran, ran]);
  });

  it("is refused once the quota is used up", async () => {
    const owner = await signUp();
    const own = await publishApp(owner, echo("Hello"));
    await platformRows(
      `INSERT INTO workspace_quotas (workspace_id, period_start, period_end, plan_code, limits)
       SELECT $1, date_trunc('month', now(), 'UTC'), date_trunc('month', now(), 'UTC') + interval '1 month', code, limits || '{"requests": 0}'
       FROM billing_plans WHERE code = 'free'`,
      [owner.workspace.id],
    );
    const hook = await newHook({}, own, owner);
    const refused = await send(hook, { word: "you" });
    expect(refused).toMatchObject({ status: 429, body: { code: "quota_exceeded" } });
    expect(Number(refused.headers.get("Retry-After"))).toBeGreaterThan(0);
    expect(await runsOf(hook.id)).toEqual([]);
  });

  it("finds a full app full: 429 with Retry-After, nothing billed, and its id still free", async () => {
    const owner = await signUp();
    const narrow = echo("Slowly", { config: { concurrency: { limit: 1, overflow: "reject" } } });
    narrow.workflow.nodes.splice(2, 0, { id: "pause", type: "wait", config: { seconds: 2 } });
    narrow.workflow.edges = ["start", "say", "pause"].map((from, index) => ({ from, to: ["say", "pause", "end"][index] }));
    const own = await publishApp(owner, narrow);
    const hook = await newHook({}, own, owner);
    const [first, second] = [newMessageId(), newMessageId()];
    expect((await send(hook, { word: "one" }, { id: first })).status).toBe(202);
    const full = await send(hook, { word: "two" }, { id: second });
    expect(full).toMatchObject({ status: 429, body: { code: "rate_limited" } });
    expect(Number(full.headers.get("Retry-After"))).toBeGreaterThan(0);
    expect((await send(hook, { word: "one" }, { id: first })).status).toBe(409);
    await eventually(
      () => send(hook, { word: "two" }, { id: second }),
      ({ status }) => status === 202,
    );
    await eventually(
      () => runsOf(hook.id),
      (rows) => rows.length === 2 && rows.every(({ status }) => status === "completed"),
    );
    expect(await requests(owner.workspace.id)).toBe(2);
  });
});

describe("making a webhook", () => {
  it("is refused with inputs whose expressions cannot be read or see nothing", async () => {
    const make = (config: Json) => call(`/api/v1/apps/${app.id}/triggers`, { headers: member.as, body: { type: "webhook", config } });
    expect(await make({ inputs: { word: "{{ bod.name }}" } })).toMatchObject({
      status: 422,
      body: { errors: [{ path: "config.inputs.word", code: "unknown_name" }] },
    });
    expect(await make({ inputs: { word: "{{ body.name" } })).toMatchObject({
      status: 422,
      body: { errors: [{ path: "config.inputs.word", code: "invalid_expression" }] },
    });
    expect((await make({ mode: "later" })).status).toBe(422);
  });
});
