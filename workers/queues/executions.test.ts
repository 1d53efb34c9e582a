import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { neon } from "@neondatabase/serverless";
import { Webhook } from "standardwebhooks";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { systemClock, systemRandom } from "#platform/clock";
import { type Context, createContext } from "#platform/context";
import type { ExecutionsMessage } from "#platform/env";
import { newId } from "#platform/ids";
import type { ExecutionRecord } from "#platform/records";
import { forgetDeliveries, listCallbacks, noteEnds, offerDeliveries } from "#runtime";
import { type Person, type Platform, startPlatform } from "../api/testing/platform.ts";
import { consumeDeadLetters, consumeExecutions } from "./executions.ts";

// biome-ignore lint/suspicious/noExplicitAny: answers are checked by what the tests assert of them
type Json = any;

let platform: Platform;
let person: Person;
let appId: string;
let far: FarSide;
let queue: MemoryQueue;
let now: number;

beforeAll(async () => {
  platform = await startPlatform();
}, 60_000);
afterAll(() => platform.stop());
beforeEach(async () => {
  [far, queue, now] = [await FarSide.open(), new MemoryQueue(), Date.parse("2026-05-01T09:00:00Z")];
  person = await platform.signUp();
  appId = await newApp(person, "told");
}, 30_000);
afterEach(() => far.close());

function query(text: string, ...values: unknown[]): Promise<Json[]> {
  return neon(platform.env.DATABASE_URL).query(text, values);
}

async function newApp({ workspaceId, as }: Person, slug: string): Promise<string> {
  const { body } = await platform.call(`POST /api/v1/workspaces/${workspaceId}/apps`, { as, body: { name: slug, slug } });
  return body.data.id;
}

/** The `executions` queue at its interface: what was sent, and how long it is held back (s). */
class MemoryQueue {
  readonly sent: { readonly body: ExecutionsMessage; readonly delay: number }[] = [];

  async send(body: ExecutionsMessage, { delaySeconds = 0 }: { delaySeconds?: number } = {}): Promise<void> {
    this.sent.push({ body, delay: delaySeconds });
  }
  async sendBatch(batch: Iterable<{ readonly body: ExecutionsMessage }>): Promise<void> {
    for (const { body } of batch) await this.send(body);
  }
  take(): ExecutionsMessage[] {
    return this.sent.splice(0).map(({ body }) => body);
  }
}

interface Heard {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Somebody else's server, that answers as it is told. */
class FarSide {
  readonly heard: Heard[] = [];
  readonly answers: { readonly status: number; readonly headers?: Record<string, string> }[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(): Promise<FarSide> {
    const side = new FarSide(
      createServer(async (request, response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk);
        side.heard.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
        const { status, headers = {} } = side.answers.shift() ?? { status: 204 };
        response.writeHead(status, headers).end();
      }),
    );
    await new Promise<void>((ready) => side.#server.listen(0, "127.0.0.1", ready));
    return side;
  }

  get host(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the server does not listen");
    return `127.0.0.1:${address.port}`;
  }

  close(): Promise<void> {
    return new Promise((closed) => this.#server.close(() => closed()));
  }
}

function context(changes: Record<string, unknown> = {}): Context {
  const env = Object.assign({}, platform.env, { EXECUTIONS: queue, OUTGOING_ALLOW: far.host, OUTGOING_DNS: "" }, changes);
  return createContext(env, { clock: { now: () => now }, waitUntil: () => undefined });
}

/** A run of the app that has ended, in the platform database. */
async function endedRun(changes: Partial<ExecutionRecord> = {}): Promise<ExecutionRecord> {
  const record: ExecutionRecord = {
    id: newId("run", systemClock, systemRandom),
    workspace_id: person.workspaceId,
    app_id: appId,
    version_id: "apv_a",
    trigger: "api",
    status: "completed",
    session_id: null,
    api_key_id: null,
    inputs: {},
    outputs: { said: "Grüße" },
    error: null,
    usage: { input_tokens: 1, output_tokens: 2, total_tokens: 3 },
    started_at: now - 1_000,
    finished_at: now,
    ...changes,
  };
  await query(
    `INSERT INTO executions (id, workspace_id, app_id, version_id, trigger, status, revision, inputs, outputs, usage, started_at, finished_at)
     VALUES ($1, $2, $3, 'apv_a', $4, $5, 3, '{}', $6, '{"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}', now(), now())`,
    record.id,
    record.workspace_id,
    record.app_id,
    record.trigger,
    record.status,
    JSON.stringify(record.outputs),
  );
  return record;
}

let letters = 0;

/** Hands messages to the consumer, and says what became of each. */
async function consume(bodies: readonly unknown[], consumer = consumeExecutions, ctx = context()): Promise<string[]> {
  const fates: string[] = bodies.map(() => "forgotten");
  const batch = bodies.map((body, index) => ({
    id: `message${letters++}`,
    body,
    attempts: 1,
    ack: () => {
      fates[index] = "acked";
    },
    retry: () => {
      fates[index] = "retried";
    },
  }));
  await consumer(ctx, batch);
  return fates;
}

const callbackTo = (path = "/done") => `http://${far.host}${path}`;
const attemptsOf = async (run: ExecutionRecord) => (await listCallbacks(context(), person.workspaceId, run.id))[0];
const lettersOf = ({ workspaceId, as }: Person, page = "") =>
  platform.call(`GET /api/v1/workspaces/${workspaceId}/dead-letters${page}`, { as });
const replay = ({ workspaceId, as }: Person, id: string) =>
  platform.call(`POST /api/v1/workspaces/${workspaceId}/dead-letters/${encodeURIComponent(id)}/replay`, { as });

describe("a callback", { timeout: 30_000 }, () => {
  it("is owed once, and signed so that the reference client accepts it", async () => {
    const run = await endedRun({ callback_url: callbackTo() });
    await Promise.all([noteEnds(context(), [run]), noteEnds(context(), [run])]);
    await noteEnds(context(), [run]);
    const told = queue.take();
    expect(new Set(told.map((message) => JSON.stringify(message)))).toEqual(
      new Set([JSON.stringify({ type: "delivery", id: `${run.id}:callback`, attempt: 0 })]),
    );
    now = Date.now();
    expect(await consume([told[0], told[0]])).toEqual(["acked", "acked"]);
    await consume(told);
    const { body } = await platform.call(`GET /api/v1/apps/${appId}/signing-secret`, { as: person.as });
    for (const { headers, body: sent } of far.heard) {
      const signed = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
      expect(new Webhook(body.data.secret).verify(sent, signed)).toMatchObject({
        type: "run.completed",
        data: { run_id: run.id, app_id: appId, status: "completed", outputs: { said: "Grüße" }, usage: { total_tokens: 3 } },
      });
      expect(headers["webhook-id"]).toBe(`${run.id}:callback`);
    }
    expect(await attemptsOf(run)).toMatchObject({ status: "done", due_at: null, attempts: [{ attempt: 1, status: 204, error: null }] });
  });

  it("is tried again after some seconds, then minutes, under one id, until it is taken", async () => {
    const run = await endedRun({ callback_url: callbackTo() });
    far.answers.push({ status: 500 }, { status: 503 });
    await noteEnds(context(), [run]);
    await consume(queue.take());
    const [second] = queue.sent.splice(0);
    expect(second).toMatchObject({ body: { attempt: 1 } });
    expect(second?.delay).toBeGreaterThanOrEqual(4);
    expect(second?.delay).toBeLessThanOrEqual(6);
    // Word of the first attempt that comes late, and a tick before its time, change nothing.
    await consume([{ type: "delivery", id: `${run.id}:callback`, attempt: 0 }]);
    await offerDeliveries(context());
    expect([far.heard.length, queue.sent.length]).toEqual([1, 0]);
    now += 7_000;
    await consume([second?.body]);
    const [third] = queue.sent.splice(0);
    expect(third?.delay).toBeGreaterThanOrEqual(24);
    expect(third?.delay).toBeLessThanOrEqual(36);
    // The tick makes up for word that is lost.
    now += 37_000;
    await offerDeliveries(context());
    await consume(queue.take());
    expect(far.heard.map(({ headers }) => headers["webhook-id"])).toEqual(Array(3).fill(`${run.id}:callback`));
    expect(new Set(far.heard.map(({ headers }) => headers["webhook-timestamp"])).size).toBe(3);
    expect(await attemptsOf(run)).toMatchObject({
      status: "done",
      attempts: [
        { attempt: 1, status: 500, error: "The address answered with status 500.", attempted_at: "2026-05-01T09:00:00.000Z" },
        { attempt: 2, status: 503, attempted_at: "2026-05-01T09:00:07.000Z" },
        { attempt: 3, status: 204, error: null },
      ],
    });
  });

  it("leaves the far side alone for as long as it asks", async () => {
    for (const header of ["90", new Date(now + 90_000).toUTCString()]) {
      const run = await endedRun({ callback_url: callbackTo() });
      far.answers.push({ status: 429, headers: { "Retry-After": header } });
      await noteEnds(context(), [run]);
      await consume(queue.take());
      expect(queue.sent.splice(0)).toMatchObject([{ delay: 90 }]);
    }
  });

  it("is given up after eight attempts, or at once when it is refused; it is then a dead letter, and can be sent again", async () => {
    const run = await endedRun({ callback_url: callbackTo() });
    await noteEnds(context(), [run]);
    for (let attempt = 0; attempt < 8; attempt += 1) {
      far.answers.push({ status: 500 });
      now += 86_400_000 * 2;
      queue.take();
      await consume([{ type: "delivery", id: `${run.id}:callback`, attempt }]);
    }
    expect(queue.take()).toEqual([]);
    const refused = await endedRun({ callback_url: callbackTo() });
    far.answers.push({ status: 410 });
    await noteEnds(context(), [refused]);
    await consume(queue.take());
    expect(queue.take()).toEqual([]);
    const { body } = await lettersOf(person);
    expect(body.data).toMatchObject(
      [
        {
          id: `${refused.id}:callback`,
          kind: "callback",
          run_id: refused.id,
          app_id: appId,
          attempts: 1,
          error: "The address answered with status 410.",
        },
        { id: `${run.id}:callback`, attempts: 8 },
      ]
        .sort((one, other) => (one.id < other.id ? 1 : -1))
        .map((letter) => expect.objectContaining(letter)),
    );
    const heard = far.heard.length;
    await platform.settle();
    expect(await replayWith(refused)).toBe(202);
    expect(far.heard.length).toBe(heard + 1);
    expect(await attemptsOf(refused)).toMatchObject({ status: "done", attempts: [{ attempt: 1, status: 204 }] });
    expect((await replay(person, `${refused.id}:callback`)).status).toBe(404);
  });

  async function replayWith(run: ExecutionRecord): Promise<number> {
    Object.assign(platform.env, { EXECUTIONS: queue });
    const { status } = await replay(person, `${run.id}:callback`);
    now = Date.now() + 1_000;
    await consume(queue.take());
    return status;
  }

  it("never goes to a private address, whatever its name led to when it was given", async () => {
    const { port } = new URL(callbackTo());
    for (const url of [`http://127.0.0.1:${port}/`, "http://169.254.169.254/", `http://localhost:${port}/`, "http://[::1]/"]) {
      const run = await endedRun({ callback_url: url });
      await noteEnds(context(), [run]);
      await consume(queue.take(), consumeExecutions, context({ OUTGOING_ALLOW: "" }));
      expect(await attemptsOf(run)).toMatchObject({
        status: "dead",
        attempts: [{ status: null, error: "Only public addresses can be called." }],
      });
    }
    expect(far.heard).toEqual([]);
  });

  it("is not sent to where the address redirects, and says when nobody answers", async () => {
    const run = await endedRun({ callback_url: callbackTo() });
    far.answers.push({ status: 302, headers: { Location: callbackTo("/elsewhere") } });
    await noteEnds(context(), [run]);
    await consume(queue.take());
    expect(await attemptsOf(run)).toMatchObject({ status: "dead", error: "The address answered with status 302." });
    expect(far.heard).toHaveLength(1);
    const gone = await endedRun({ callback_url: "http://127.0.0.1:9/" });
    await noteEnds(context(), [gone]);
    await consume(queue.take(), consumeExecutions, context({ OUTGOING_ALLOW: "127.0.0.1:9" }));
    expect(await attemptsOf(gone)).toMatchObject({ status: "due", error: "The address could not be reached.", due_at: expect.any(String) });
  });
});

describe("apps that follow others", { timeout: 30_000 }, () => {
  async function follow(sourceId: string, followerId: string, config: Json = {}): Promise<string> {
    const [source] = await query("SELECT slug FROM apps WHERE id = $1", sourceId);
    const made = await platform.call(`POST /api/v1/apps/${followerId}/triggers`, {
      as: person.as,
      body: { type: "app", config: { app: source.slug, ...config } },
    });
    expect(made.status).toBe(201);
    const version = await platform.call(`POST /api/v1/apps/${followerId}/versions`, { as: person.as, body: {} });
    await query("UPDATE apps SET status = 'published', current_version_id = $2 WHERE id = $1", followerId, version.body.data.id);
    return made.body.data.id;
  }

  it("are owed one run for each end of the kind they follow, however often it is recorded", async () => {
    const [both, failures] = [await newApp(person, "both"), await newApp(person, "failures")];
    const [first, second] = [await follow(appId, both, { on: ["completed", "failed"] }), await follow(appId, failures, { on: ["failed"] })];
    const runs = [
      await endedRun(),
      await endedRun({ status: "failed", outputs: null }),
      await endedRun({ status: "cancelled" }),
      await endedRun({ trigger: "test" }),
    ];
    await Promise.all([noteEnds(context(), runs), noteEnds(context(), runs)]);
    await noteEnds(context(), runs);
    const owed = await query("SELECT id FROM deliveries WHERE workspace_id = $1 ORDER BY id", person.workspaceId);
    expect(owed.map(({ id }) => id)).toEqual([`${first}:${runs[0]?.id}`, `${first}:${runs[1]?.id}`, `${second}:${runs[1]?.id}`].sort());
  });

  it("are not started by another workspace's app, while they are switched off, or while they are not published", async () => {
    const follower = await newApp(person, "follower");
    const trigger = await follow(appId, follower);
    const stranger = await platform.signUp("Eve");
    const refused = await platform.call(`POST /api/v1/apps/${await newApp(stranger, "spy")}/triggers`, {
      as: stranger.as,
      body: { type: "app", config: { app: "told" } },
    });
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ path: "config.app", code: "unknown_app" }] } });
    await query("UPDATE triggers SET enabled = false WHERE id = $1", trigger);
    await noteEnds(context(), [await endedRun()]);
    await query("UPDATE triggers SET enabled = true WHERE id = $1", trigger);
    await query("UPDATE apps SET status = 'unpublished' WHERE id = $1", follower);
    await noteEnds(context(), [await endedRun()]);
    expect(await query("SELECT id FROM deliveries WHERE trigger_id = $1", trigger)).toEqual([]);
  });

  it("in a ring come to an end", async () => {
    const other = await newApp(person, "other");
    const triggers = { [appId]: await follow(other, appId), [other]: await follow(appId, other) };
    let run = await endedRun();
    let length = 0;
    for (; length < 50; length += 1) {
      await noteEnds(context(), [run]);
      const followerId = run.app_id === appId ? other : appId;
      const trigger_id = triggers[followerId] ?? "";
      if ((await query("SELECT id FROM deliveries WHERE id = $1", `${trigger_id}:${run.id}`)).length === 0) break;
      run = await endedRun({ app_id: followerId, trigger: "app", trigger_id, parent_id: run.id });
    }
    expect(length).toBe(10);
  });
});

describe("messages that nobody gets through with", { timeout: 30_000 }, () => {
  it("are kept when nothing can be made of them, and hold up no others", async () => {
    const run = await endedRun({ callback_url: callbackTo() });
    await noteEnds(context(), [run]);
    const [good] = queue.take();
    expect(await consume([{ type: "unknown", appId, text: "\u0000" }, good, "nonsense", null])).toEqual(Array(4).fill("acked"));
    expect(far.heard).toHaveLength(1);
    const { body } = await lettersOf(person);
    expect(body.data).toMatchObject([{ kind: "message", payload: { type: "unknown", appId }, attempts: 1 }]);
    expect(await replay(person, body.data[0].id)).toMatchObject({ status: 409, body: { code: "invalid_state" } });
  });

  it("are tried again, then kept for the workspace that they are about, and can be played again by it alone", async () => {
    const run = await endedRun({ callback_url: callbackTo() });
    await noteEnds(context(), [run]);
    const [message] = queue.take();
    const broken = context({
      ENVELOPE_KEYS: "nonsense",
      DATABASE_URL: "postgres://nobody:nothing@127.0.0.1:9/nowhere",
      SQL_GATEWAY_ORIGIN: "http://127.0.0.1:9",
    });
    expect(await consume([message], consumeExecutions, broken)).toEqual(["retried"]);
    // What the queue does with a message that was retried too often.
    expect(await consume([message], consumeDeadLetters)).toEqual(["acked"]);
    const stranger = await platform.signUp("Eve");
    const { body } = await lettersOf(person);
    expect(body.data).toMatchObject([{ kind: "message", payload: message }]);
    expect((await lettersOf(stranger)).body.data).toEqual([]);
    expect((await replay(stranger, body.data[0].id)).status).toBe(404);
    Object.assign(platform.env, { EXECUTIONS: queue });
    expect((await replay(person, body.data[0].id)).status).toBe(202);
    expect((await lettersOf(person)).body.data).toEqual([]);
    expect((await replay(person, body.data[0].id)).status).toBe(404);
    await consume(queue.take());
    expect(await attemptsOf(run)).toMatchObject({ status: "done" });
  });

  it("are nobody's when they are about no workspace", async () => {
    expect(await consume([{ type: "unknown" }, { type: "unknown", appId: "app_nowhere" }, { type: "delivery", id: "nothing" }])).toEqual(
      Array(3).fill("acked"),
    );
    expect((await lettersOf(person)).body.data).toEqual([]);
    expect(await query("SELECT id FROM dead_letters WHERE workspace_id IS NULL AND body ->> 'appId' = 'app_nowhere'")).toHaveLength(1);
  });

  it("are listed newest first, page by page", async () => {
    const runs: ExecutionRecord[] = [];
    for (let index = 0; index < 5; index += 1) {
      now += 1_000;
      const run = await endedRun({ callback_url: "http://10.0.0.1/" });
      await noteEnds(context(), [run]);
      await query("UPDATE deliveries SET created_at = $2 WHERE id = $1", `${run.id}:callback`, new Date(now).toISOString());
      runs.push(run);
    }
    await consume(queue.take());
    const found: string[] = [];
    for (let cursor = ""; ; ) {
      const { status, body } = await lettersOf(person, `?limit=2${cursor}`);
      expect(status).toBe(200);
      found.push(...body.data.map(({ run_id }: Json) => run_id));
      if (body.next_cursor === null) break;
      cursor = `&cursor=${encodeURIComponent(body.next_cursor)}`;
    }
    expect(found).toEqual(runs.map(({ id }) => id).reverse());
    expect((await lettersOf(person, "?cursor=nonsense")).status).toBe(422);
  });

  it("are deleted after a month, as is what was done; what is due stays", async () => {
    const [done, dead, due] = [
      await endedRun({ callback_url: callbackTo() }),
      await endedRun({ callback_url: "http://10.0.0.1/" }),
      await endedRun({ callback_url: callbackTo() }),
    ];
    await noteEnds(context(), [done, dead]);
    await consume(queue.take());
    await consume([{ type: "unknown", appId }]);
    await noteEnds(context(), [due]);
    now = Date.now() + 29 * 86_400_000;
    await query("UPDATE deliveries SET updated_at = now() WHERE workspace_id = $1", person.workspaceId);
    await forgetDeliveries(context());
    expect((await lettersOf(person)).body.data).toHaveLength(2);
    now += 2 * 86_400_000;
    await forgetDeliveries(context());
    expect((await lettersOf(person)).body.data).toEqual([]);
    const kept = await query("SELECT execution_id FROM deliveries WHERE workspace_id = $1", person.workspaceId);
    expect(kept).toEqual([{ execution_id: due.id }]);
  });
});
