import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  apiKey,
  call,
  echo,
  eventually,
  type Json,
  type Member,
  type PublishedApp,
  platformRows,
  publishApp,
  signUp,
  stack,
} from "../flows/client.ts";
import { killAll } from "../stack.ts";

let member: Member;
let app: PublishedApp;
let server: Server;

/** What the far side got, and how many requests were open at once. */
const far = {
  callbacks: [] as { readonly headers: IncomingHttpHeaders; readonly body: string }[],
  words: [] as string[],
  open: 0,
  most: 0,
};

/** Milliseconds that the far side takes over a piece of work. */
const WORK = 400;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://far");
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    if (pathname === "/done") {
      far.callbacks.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(204).end();
      return;
    }
    far.words.push(searchParams.get("word") ?? "");
    far.open += 1;
    far.most = Math.max(far.most, far.open);
    response.once("close", () => {
      far.open -= 1;
    });
    setTimeout(() => response.end("ok"), WORK);
  });
  await new Promise<void>((ready) => server.listen(stack().farPort, "127.0.0.1", ready));
  member = await signUp();
  app = await publishApp(member, echo("Hello"));
});
afterAll(() => new Promise<void>((closed) => server.close(() => closed())));

function makeTrigger(of: PublishedApp, body: Json) {
  return call(`/api/v1/apps/${of.id}/triggers`, { headers: member.as, body });
}

async function runsOf(of: PublishedApp): Promise<Json[]> {
  const { body } = await call(`/api/v1/apps/${of.id}/runs?limit=100`, { headers: member.as });
  return body.data;
}

const asked = (word: string, changes: Json = {}) => ({ inputs: { word }, ...changes });

describe("a schedule", () => {
  it("of every minute fires by itself, for its minute, and its run is shown", async () => {
    const made = await makeTrigger(app, { type: "schedule", config: { cron: "* * * * *", inputs: { word: "{{ schedule.due_at }}" } } });
    const { id, next_fire_at } = made.body.data;
    const [run] = await eventually(
      () => runsOf(app).then((runs) => runs.filter((one) => one.trigger_id === id && one.status === "completed")),
      ({ length }) => length > 0,
      110_000,
    );
    expect(run).toMatchObject({ trigger: "schedule", outputs: { said: `Hello ${next_fire_at}` } });
    const path = `/api/v1/apps/${app.id}/triggers/${id}`;
    const { body } = await call(path, { headers: member.as });
    expect(body.data).toMatchObject({ last_fired_at: expect.any(String), next_fire_at: expect.any(String) });
    expect(body.data.next_fire_at > next_fire_at).toBe(true);
    expect((await call(path, { method: "DELETE", headers: member.as })).status).toBe(204);
  });
});

describe("an app that follows another", () => {
  it("runs on its outputs; a run that cannot start is a dead letter, and starts when it is played again", async () => {
    const follower = await publishApp(member, echo("And", { name: "Follower" }));
    const config = { app: app.slug, inputs: { word: "{{ outputs.saidd }}" } };
    const made = await makeTrigger(follower, { type: "app", config });
    expect(made.status).toBe(201);
    const ran = await call(`${app.path}/runs`, { body: asked("you") });
    const letters = () => call(`/api/v1/workspaces/${member.workspace.id}/dead-letters`, { headers: member.as });
    const { body } = await eventually(letters, (answer) => answer.body.data.length > 0);
    const [letter] = body.data;
    expect(letter).toMatchObject({
      kind: "app",
      app_id: follower.id,
      run_id: ran.body.data.run_id,
      error: expect.stringContaining("inputs.word"),
      attempts: 1,
    });
    expect(await runsOf(follower)).toEqual([]);
    const stranger = await signUp("Eve");
    const replay = (by: Member) =>
      call(`/api/v1/workspaces/${by.workspace.id}/dead-letters/${encodeURIComponent(letter.id)}/replay`, {
        method: "POST",
        headers: by.as,
      });
    expect((await call(`/api/v1/workspaces/${stranger.workspace.id}/dead-letters`, { headers: stranger.as })).body.data).toEqual([]);
    expect((await replay(stranger)).status).toBe(404);

    config.inputs.word = "{{ outputs.said }}";
    await call(`/api/v1/apps/${follower.id}/triggers/${made.body.data.id}`, { method: "PATCH", headers: member.as, body: { config } });
    expect((await replay(member)).status).toBe(202);
    const [followed] = await eventually(
      () => runsOf(follower),
      ([run]) => run?.status === "completed",
    );
    expect(followed).toMatchObject({
      trigger: "app",
      trigger_id: made.body.data.id,
      parent_id: ran.body.data.run_id,
      outputs: { said: "And Hello you" },
    });
    expect((await letters()).body.data).toEqual([]);
    expect(await runsOf(follower)).toHaveLength(1);
    await call(`/api/v1/apps/${follower.id}/triggers/${made.body.data.id}`, { method: "DELETE", headers: member.as });
  });
});

describe("a callback", () => {
  it("tells how a run has ended, signed by the app's secret", async () => {
    const key = await apiKey(member, ["runs:create"]);
    const callback_url = `http://127.0.0.1:${stack().farPort}/done`;
    const started = await call(`${app.path}/runs`, {
      body: asked("caller", { callback_url }),
      headers: { ...key, Prefer: "respond-async" },
    });
    expect(started.status).toBe(202);
    const [heard] = await eventually(
      async () => far.callbacks,
      ({ length }) => length > 0,
    );
    const { body } = await call(`/api/v1/apps/${app.id}/signing-secret`, { headers: member.as });
    const headers = Object.fromEntries(Object.entries(heard?.headers ?? {}).map(([name, value]) => [name, String(value)]));
    expect(new Webhook(body.data.secret).verify(heard?.body ?? "", headers)).toMatchObject({
      type: "run.completed",
      timestamp: expect.any(String),
      data: { run_id: started.body.data.run_id, app_id: app.id, status: "completed", outputs: { said: "Hello caller" } },
    });
    await eventually(
      () => platformRows("SELECT status FROM deliveries WHERE execution_id = $1", [started.body.data.run_id]),
      ([row]) => row?.["status"] === "done",
    );
    expect(far.callbacks).toHaveLength(1);
  });
});

describe("an app that may run so many times at once", () => {
  /** Asks the far side to work. */
  function worker(concurrency: Json): Json {
    const manifest = echo("", { name: `Worker ${concurrency.overflow}`, config: { concurrency } });
    manifest.workflow.nodes[1] = {
      id: "say",
      type: "http",
      config: { method: "POST", url: `http://127.0.0.1:${stack().farPort}/work`, query: { word: "{{ inputs.word }}" } },
    };
    manifest.workflow.nodes[2].config.outputs = { said: "{{ nodes.say.body }}" };
    return manifest;
  }

  it("lets the others wait for their turn, also when the Worker is killed meanwhile", async () => {
    const narrow = await publishApp(member, worker({ limit: 2, overflow: "queue" }));
    Object.assign(far, { words: [], most: 0 });
    const words = Array.from({ length: 10 }, (_, index) => `word ${index}`);
    const ids: string[] = [];
    for (const word of words) {
      const started = await call(`${narrow.path}/runs`, { body: asked(word), headers: { Prefer: "respond-async" } });
      expect(started.status).toBe(202);
      ids.push(started.body.data.run_id);
    }
    await eventually(
      async () => far.words.length,
      (count) => count >= 4,
      60_000,
    );
    killAll(stack().pid, "workerd");
    const runs = await eventually(
      () => runsOf(narrow).catch((): Json[] => []),
      (found) => found.filter(({ status }) => status === "completed").length === words.length,
      100_000,
    );
    expect(runs.map(({ id }) => id).sort()).toEqual([...ids].sort());
    expect(far.most).toBeLessThanOrEqual(2);
    // Two go at once, so that neighbours may arrive the other way round; one that was cut off may come again.
    const arrived = [...new Set(far.words)];
    expect(far.words.length).toBeLessThanOrEqual(words.length + 2);
    for (const [position, word] of arrived.entries()) expect(Math.abs(words.indexOf(word) - position)).toBeLessThanOrEqual(1);
  });

  it("turns the others away where it says so, and bills them nothing", async () => {
    const owner = await signUp();
    const narrow = await publishApp(owner, worker({ limit: 1, overflow: "reject" }));
    const ask = () => call(`${narrow.path}/runs`, { body: asked("you"), headers: { Prefer: "respond-async" } });
    const answers = await Promise.all(Array.from({ length: 5 }, ask));
    const refused = answers.filter(({ status }) => status !== 202);
    expect(refused.map(({ status }) => status)).toEqual([429, 429, 429, 429]);
    for (const { headers, body } of refused) {
      expect(body.code).toBe("rate_limited");
      expect(Number(headers.get("Retry-After"))).toBeGreaterThan(0);
    }
    await eventually(ask, ({ status }) => status === 202);
    const billed = () =>
      platformRows("SELECT id FROM billing_usage_events WHERE workspace_id = $1 AND meter = 'requests'", [owner.workspace.id]);
    await eventually(billed, ({ length }) => length >= 2);
    expect(await billed()).toHaveLength(2);
  });
});
