import { createServer, request, type Server } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Answer,
  apiKey,
  type Call,
  call,
  echo,
  eventually,
  type Json,
  leadDesk,
  type Member,
  platformRows,
  publishApp,
  signUp,
  stack,
  stream,
  watch,
} from "./client.ts";

/** The far side: counts what it is asked, by path. `/hang` never answers, and notes when its caller has gone. */
const asked = new Map<string, number>();
const countOf = (path: string) => asked.get(path) ?? 0;
let far: Server;
let hungUp = Promise.withResolvers<number>();
let hanging = Promise.withResolvers<void>();

let member: Member;
/** Two calls of the far side in a row. */
let calls: Json;
let appId: string;

beforeAll(async () => {
  far = createServer((incoming, response) => {
    const path = incoming.url ?? "";
    asked.set(path, countOf(path) + 1);
    if (path === "/hang") {
      response.on("close", () => hungUp.resolve(Date.now()));
      return hanging.resolve();
    }
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify({ n: countOf(path), filler: path === "/large" ? "x".repeat(60_000) : "" }));
  });
  await new Promise<void>((ready) => far.listen(stack().farPort, "127.0.0.1", ready));
  member = await signUp();
  calls = callsManifest("/first", "/second");
  appId = await createApp(calls);
});
afterAll(() => {
  far.closeAllConnections();
  far.close();
});

const as = (who: { Cookie: string } | { Authorization: string } = member.as, more: Record<string, string> = {}) => ({ ...who, ...more });
const api = (path: string, options: Call = {}) => call(`/api/v1${path}`, { headers: member.as, ...options });
const test = (id: string, body: Json, headers: Record<string, string> = member.as) => api(`/apps/${id}/test-runs`, { body, headers });
const isEnded = ({ body }: Answer) => ["completed", "failed", "cancelled"].includes(body.data?.status);
const ended = (runId: string) => eventually(() => api(`/runs/${runId}`), isEnded);

/** An app that is never published: only its draft can run. */
async function createApp(manifest: Json, owner = member): Promise<string> {
  const created = await call(`/api/v1/workspaces/${owner.workspace.id}/apps`, { headers: owner.as, body: manifest });
  if (created.status !== 201) throw new Error(`creating answered ${created.status}: ${JSON.stringify(created.body)}`);
  return created.body.data.id;
}

function inARow(nodes: Json[], outputs: Json, changes: Json = {}): Json {
  const manifest = echo("", changes);
  const [start, , end] = manifest.workflow.nodes;
  const all = [start, ...nodes, { ...end, config: { outputs } }];
  manifest.workflow = { nodes: all, edges: all.slice(1).map((node, index) => ({ from: all[index].id, to: node.id })) };
  return manifest;
}

const http = (id: string, path: string): Json => ({
  id,
  type: "http",
  config: { method: "POST", url: `http://127.0.0.1:${stack().farPort}${path}`, body: { word: "{{ inputs.word }}" } },
});

function callsManifest(first: string, second: string): Json {
  const after = http("second", second);
  after.config.body = { before: "{{ nodes.first.body.n }}" };
  return inARow(
    [http("first", first), after],
    { first: "{{ nodes.first.body.n }}", second: "{{ nodes.second.body.n }}" },
    { name: "Calls" },
  );
}

const word = { inputs: { word: "you" } };

describe("a test run", () => {
  it("runs the draft, and is found at once", async () => {
    const { status, headers, body } = await test(appId, word);
    expect([status, body.data]).toMatchObject([
      200,
      { app_id: appId, version_id: "draft", trigger: "test", status: "completed", outputs: { first: 1, second: 1 }, session_id: null },
    ]);
    expect(body.data.run_id).toBe(body.data.id);
    const path = `/api/v1/runs/${body.data.id}`;
    expect(headers.get("Location")).toBe(path);
    expect((await call(path, { headers: member.as })).body.data).toMatchObject({ id: body.data.id, outputs: { first: 1, second: 1 } });
    const nodes = await api(`/runs/${body.data.id}/nodes`);
    expect(nodes.body.data.map(({ node_id }: Json) => node_id)).toEqual(["start", "first", "second", "end"]);
    await eventually(
      () => api(`/apps/${appId}/runs`),
      (list) => list.body.data.some(({ id }: Json) => id === body.data.id),
    );
  });

  it("answers at once, or as a stream, as its caller likes", async () => {
    const later = await test(appId, word, as(member.as, { Prefer: "respond-async" }));
    expect([later.status, later.headers.get("Preference-Applied")]).toEqual([202, "respond-async"]);
    expect((await ended(later.body.data.run_id)).body.data.status).toBe("completed");
    const { status, events } = await stream(`/api/v1/apps/${appId}/test-runs`, word, member.as);
    expect([status, events[0]?.event, events.at(-1)?.data.status]).toEqual([200, "run.started", "completed"]);
    const finished = events.find(({ event, data }) => event === "node.finished" && data.node_id === "second");
    expect(finished?.data.log).toMatchObject({ inputs: { body: { before: expect.any(Number) } }, outputs: { status: 200 } });
    expect(events.at(-1)?.data).not.toHaveProperty("session_id");
  });

  it("is one run under one key, however it is asked for", async () => {
    const before = countOf("/first");
    const key = { "Idempotency-Key": `test-${process.pid}-${Date.now()}` };
    const first = await stream(`/api/v1/apps/${appId}/test-runs`, word, as(member.as, key));
    const again = await stream(`/api/v1/apps/${appId}/test-runs`, word, as(member.as, key));
    expect(again.events).toEqual(first.events);
    const asJson = await test(appId, word, as(member.as, key));
    expect(asJson.body.data.run_id).toBe(first.events[0]?.data.run_id);
    expect(countOf("/first")).toBe(before + 1);
    expect((await test(appId, { inputs: { word: "other" } }, as(member.as, key))).status).toBe(422);
  });

  it("tries a single node on given outputs", async () => {
    const [first, second] = [countOf("/first"), countOf("/second")];
    const { status, body } = await test(appId, { only_node: "second", pinned: { first: { body: { n: 41 } } } });
    expect([status, body.data.status, body.data.outputs.second.body.n]).toEqual([200, "completed", second + 1]);
    const nodes = await api(`/runs/${body.data.id}/nodes`);
    expect(nodes.body.data).toMatchObject([{ node_id: "second", inputs: { body: { before: 41 } } }]);
    expect([countOf("/first"), countOf("/second")]).toEqual([first, second + 1]);
  });

  it("goes on from a node with what an earlier run has given", async () => {
    const source = await test(appId, word);
    const [first, second] = [countOf("/first"), countOf("/second")];
    const { body } = await test(appId, { run_id: source.body.data.id, from_node: "second" });
    expect(body.data).toMatchObject({
      status: "completed",
      parent_id: source.body.data.id,
      inputs: { word: "you" },
      outputs: { first, second: second + 1 },
    });
    expect([countOf("/first"), countOf("/second")]).toEqual([first, second + 1]);
    const pinned = await test(appId, { ...word, from_node: "second", pinned: { first: { body: { n: 7 } } } });
    expect(pinned.body.data.outputs).toMatchObject({ first: 7 });
    const refused = await test(appId, { ...word, from_node: "second" });
    expect([refused.status, refused.body.errors[0].path]).toEqual([422, "pinned.first"]);
    expect(countOf("/first")).toBe(first);
  });

  it("has the whole of an output that no log holds", async () => {
    const large = await createApp(callsManifest("/large", "/second"));
    const source = await test(large, word);
    const nodes = await api(`/runs/${source.body.data.id}/nodes`);
    expect(nodes.body.data[1].outputs).toMatchObject({ truncated: true });
    const { body } = await test(large, { run_id: source.body.data.id, from_node: "second" });
    expect(body.data).toMatchObject({ status: "completed", outputs: { first: source.body.data.outputs.first } });
    const preview = await api(`/runs/${source.body.data.id}/preview`, { body: { value: "{{ $length(nodes.first.body.filler) }}" } });
    expect(preview.body.data).toEqual({ value: 60_000, type: "number" });
  });

  it("says what tables of the draft are made by", async () => {
    const desk = await createApp(leadDesk());
    const inputs = { email: "ada@example.test", message: "how much is it" };
    const { body } = await test(desk, { inputs });
    expect(body.data).toMatchObject({ status: "failed", error: { node_id: "save", message: expect.stringMatching(/publish/) } });
  });

  it("is for those who may edit the app, and the runs of others for nobody", async () => {
    const viewer = await joined("viewer");
    expect((await test(appId, word, viewer.as)).status).toBe(403);
    const key = await apiKey(member, ["apps:edit"]);
    const source = await test(appId, word, key);
    expect(source.body.data.status).toBe("completed");
    expect((await test(appId, { run_id: source.body.data.id }, key)).status).toBe(403);
    const stranger = await signUp("Stranger");
    const own = await createApp(calls, stranger);
    const refused = await test(own, { run_id: source.body.data.id }, stranger.as);
    expect([refused.status, refused.body.errors[0]]).toMatchObject([422, { path: "run_id", code: "unknown_run" }]);
  });
});

/** A new user who has joined the member's workspace. */
async function joined(roleName: string): Promise<Member & { readonly memberId: string }> {
  const person = await signUp(roleName);
  const roles = await api(`/workspaces/${member.workspace.id}/roles`);
  const role_id = roles.body.data.find(({ name }: Json) => name === roleName).id;
  const invitation = await api(`/workspaces/${member.workspace.id}/invitations`, { body: { email: person.email, role_id } });
  await call(`/api/v1/invitations/${invitation.body.data.token}/accept`, { headers: person.as, body: {} });
  const members = await api(`/workspaces/${member.workspace.id}/members?limit=100`);
  return { ...person, memberId: members.body.data.find(({ email }: Json) => email === person.email).id };
}

describe("a replay", () => {
  it("is a new run of the same version with the same inputs, whole or from a node on", async () => {
    const app = await publishApp(member, { ...callsManifest("/replayed", "/after"), name: "Replayed" });
    const visited = await call(`${app.path}/runs`, { body: word });
    const { run_id } = visited.body.data;
    const whole = await api(`/runs/${run_id}/replay`, { method: "POST" });
    expect([whole.status, whole.body.data]).toMatchObject([202, { trigger: "replay", parent_id: run_id, version_id: app.versionId }]);
    expect(whole.headers.get("Location")).toBe(`/api/v1/runs/${whole.body.data.id}`);
    expect((await ended(whole.body.data.id)).body.data).toMatchObject({ inputs: { word: "you" }, outputs: { first: 2, second: 2 } });
    const part = await api(`/runs/${run_id}/replay`, { body: { from_node: "second" } });
    expect((await ended(part.body.data.id)).body.data.outputs).toEqual({ first: 1, second: 3 });
    expect(countOf("/replayed")).toBe(2);
    expect((await api(`/runs/${run_id}/replay`, { body: { from_node: "nobody" } })).body.errors[0].path).toBe("from_node");
    const key = await apiKey(member, ["runs:create"]);
    expect((await api(`/runs/${run_id}/replay`, { method: "POST", headers: key })).status).toBe(403);
  });

  it("brings the files along", async () => {
    const manifest = inARow([], { size: "{{ nodes.send.status }}" }, { name: "Filed" });
    manifest.workflow.nodes[0].config.inputs = [{ name: "paper", type: "file", required: true }];
    const send = http("send", "/file");
    Object.assign(send.config, { body: "{{ inputs.paper }}", body_type: "binary" });
    manifest.workflow.nodes.splice(1, 0, send);
    manifest.workflow.edges = [
      { from: "start", to: "send" },
      { from: "send", to: "end" },
    ];
    const app = await publishApp(member, manifest);
    const form = new FormData();
    form.set("paper", new File(["hello"], "note.txt", { type: "text/plain" }));
    const visited = await fetch(new URL(`${app.path}/runs`, stack().api), { method: "POST", body: form });
    const { data }: Json = await visited.json();
    const replayed = await api(`/runs/${data.run_id}/replay`, { method: "POST" });
    expect((await ended(replayed.body.data.id)).body.data).toMatchObject({ status: "completed", outputs: { size: 200 } });
    const tested = await test(app.id, { run_id: data.run_id });
    expect(tested.body.data).toMatchObject({ status: "completed", inputs: { paper: { name: "note.txt" } } });
    expect(countOf("/file")).toBe(3);
  });

  it("is counted as one request, and so is a test run, in the quota as in the ledger", async () => {
    const other = await signUp("Counted");
    const app = await publishApp(other, echo("Hello"));
    const tested = await test(app.id, word, other.as);
    const visited = await call(`${app.path}/runs`, { body: word });
    const replayed = await api(`/runs/${visited.body.data.run_id}/replay`, { method: "POST", headers: other.as });
    expect([tested.status, visited.status, replayed.status]).toEqual([200, 200, 202]);
    await test(app.id, { from_node: "nobody" }, other.as);
    await eventually(
      () =>
        platformRows<{ requests: number }>(
          "SELECT coalesce(sum(quantity), 0)::int AS requests FROM billing_usage_events WHERE workspace_id = $1 AND meter = 'requests'",
          [other.workspace.id],
        ),
      ([row]) => row?.requests === 3,
    );
    await eventually(
      () => api(`/workspaces/${other.workspace.id}/quota`, { headers: other.as }),
      ({ body }) => body.data.meters.requests.used === 3,
    );
  });
});

const slow = () =>
  inARow(
    [
      { id: "say", type: "template", config: { text: "Hello {{ inputs.word }}" } },
      { id: "pause", type: "wait", config: { seconds: 2 } },
    ],
    { said: "{{ nodes.say.text }}" },
    { name: "Slow" },
  );

describe("watching as a member", () => {
  it("goes on after the last event, and shows what nodes took and gave", async () => {
    const id = await createApp(slow());
    const begun = await test(id, word, as(member.as, { Prefer: "respond-async" }));
    const path = `/api/v1/runs/${begun.body.data.id}/events`;
    const first = await watch(path, member.as, (events) => events.some(({ event }) => event === "node.waiting"));
    const last = first.events.at(-1)?.id ?? "";
    const rest = await watch(path, as(member.as, { "Last-Event-ID": last }));
    const all = [...first.events, ...rest.events];
    expect(all.map(({ id: eventId }) => Number(eventId))).toEqual(all.map((_, index) => index + 1));
    expect(all.at(-1)).toMatchObject({ event: "run.finished", data: { status: "completed", outputs: { said: "Hello you" } } });
    const said = all.find(({ event, data }) => event === "node.finished" && data.node_id === "say");
    expect(said?.data.log).toMatchObject({ node_type: "template", outputs: { text: "Hello you" }, port: null });
    const stranger = await signUp("Stranger");
    expect((await watch(path, stranger.as)).status).toBe(404);
    expect((await watch(path, {})).status).toBe(401);
  });

  it("works over a WebSocket, from the middle on too, and not from foreign pages", async () => {
    const id = await createApp(slow());
    const begun = await test(id, word, as(member.as, { Prefer: "respond-async" }));
    const path = `/api/v1/runs/${begun.body.data.id}/events`;
    const messages = await socketMessages(`${path}?last_event_id=2`, member.as);
    expect(messages.map((message) => message.id)).toEqual(messages.map((_, index) => index + 3));
    expect(messages.at(-1)).toMatchObject({ type: "run.finished", status: "completed" });
    expect(messages.find(({ type, node_id }) => type === "node.finished" && node_id === "say")?.log.outputs).toEqual({ text: "Hello you" });
    expect(await upgradeStatus(path, as(member.as, { Origin: "https://evil.test" }))).toBe(403);
    expect(await upgradeStatus(path, as(member.as, { Origin: stack().console }))).toBe(101);
    expect(await upgradeStatus(path, (await signUp("Stranger")).as)).toBe(404);
  });
});

function socketMessages(path: string, headers: Record<string, string>): Promise<Json[]> {
  const address = new URL(path, stack().api);
  address.protocol = "ws:";
  const messages: Json[] = [];
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(address, { headers });
    socket.addEventListener("message", ({ data }) => {
      messages.push(JSON.parse(String(data)));
      if (messages.at(-1)?.type === "run.finished") resolve(messages);
    });
    socket.addEventListener("error", () => reject(new Error("the socket failed")));
    socket.addEventListener("close", () => resolve(messages));
  });
}

/** The status that an upgrade to a WebSocket is answered with. */
function upgradeStatus(path: string, headers: Record<string, string>): Promise<number> {
  const handshake = {
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": btoa("0123456789abcdef"),
  };
  return new Promise((resolve, reject) => {
    const asking = request(new URL(path, stack().api), { headers: { ...handshake, ...headers } });
    asking.on("upgrade", (response, socket) => {
      socket.destroy();
      resolve(response.statusCode ?? 0);
    });
    asking.on("response", (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asking.on("error", reject);
    asking.end();
  });
}

describe("cancelling", () => {
  it("stops the node that is at work: the far side sees the connection close within a second", async () => {
    hungUp = Promise.withResolvers();
    hanging = Promise.withResolvers();
    const id = await createApp(inARow([http("stuck", "/hang")], {}, { name: "Stuck" }));
    const begun = await test(id, word, as(member.as, { Prefer: "respond-async" }));
    const path = `/runs/${begun.body.data.id}`;
    await hanging.promise;
    expect((await api(path)).body.data.status).toBe("running");
    const cancelledAt = Date.now();
    const cancelled = await api(`${path}/cancel`, { method: "POST" });
    expect((await hungUp.promise) - cancelledAt).toBeLessThan(1_000);
    expect([cancelled.status, cancelled.body.data]).toMatchObject([200, { status: "cancelled", error: { code: "client_closed" } }]);
    const again = await api(`${path}/cancel`, { method: "POST" });
    expect([again.status, again.body.code]).toEqual([409, "invalid_state"]);
    const viewer = await joined("viewer");
    expect((await api(`${path}/cancel`, { method: "POST", headers: viewer.as })).status).toBe(403);
  });
});

describe("an approval", () => {
  /** A draft that asks, and how often it went on. */
  const asking = (to: string[], changes: Json = {}) =>
    inARow(
      [
        {
          id: "ok",
          type: "approval",
          config: { title: "Send to {{ inputs.word }}?", to, fields: [{ name: "note", required: true }], ...changes },
        },
        http("sent", "/sent"),
      ],
      { by: "{{ nodes.ok.by }}", note: "{{ nodes.ok.fields.note }}" },
      { name: "Asks" },
    );
  const begin = async (manifest: Json): Promise<string> => {
    const { status, body } = await test(await createApp(manifest), word);
    expect([status, body.data.status]).toEqual([200, "waiting"]);
    expect(body.data.waiting).toMatchObject([{ node_id: "ok", title: "Send to you?", fields: [{ name: "note", required: true }] }]);
    return body.data.id;
  };
  const answer = (runId: string, body: Json, headers: Record<string, string> = member.as, name = "ok") =>
    api(`/runs/${runId}/signals/${encodeURIComponent(name)}`, { body, headers });
  const yes = { decision: "approved", fields: { note: "go" } };

  it("is answered once, whoever else answers at the same time", async () => {
    const before = countOf("/sent");
    const runId = await begin(asking([]));
    const missing = await answer(runId, { decision: "approved", fields: { more: 1 } });
    expect([missing.status, missing.body.errors.map(({ path }: Json) => path)]).toEqual([422, ["fields.more", "fields.note"]]);
    expect((await answer(runId, yes, member.as, "other")).status).toBe(404);
    const answers = await Promise.all(Array.from({ length: 5 }, () => answer(runId, yes)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409, 409]);
    const accepted = answers.find(({ status }) => status === 200);
    expect(accepted?.body.data).toEqual({ node_id: "ok", ...yes, by: expect.stringMatching(/^mem_/) });
    expect(answers.find(({ status }) => status === 409)?.body.code).toBe("conflict");
    expect((await ended(runId)).body.data).toMatchObject({ status: "completed", outputs: { by: accepted?.body.data.by, note: "go" } });
    expect(countOf("/sent")).toBe(before + 1);
    expect((await answer(runId, yes)).body.code).toBe("conflict");
  });

  it("is for those whom it names: by role, e-mail address or id", async () => {
    const [viewer, named, other] = await Promise.all([joined("viewer"), joined("viewer"), joined("member")]);
    const open = await begin(asking([]));
    expect((await answer(open, yes, viewer.as)).status).toBe(403);
    const key = await apiKey(member, ["runs:read", "runs:manage"]);
    const forOne = await begin(asking([named.memberId]));
    for (const headers of [viewer.as, other.as, member.as, key]) expect((await answer(forOne, yes, headers)).status).toBe(403);
    expect((await answer(forOne, yes, named.as)).body.data.by).toBe(named.memberId);
    expect((await answer(await begin(asking([named.email.toUpperCase()])), yes, named.as)).status).toBe(200);
    const forRole = await begin(asking(["viewer"]));
    expect((await answer(forRole, yes, other.as)).status).toBe(403);
    expect((await answer(forRole, { decision: "rejected" }, viewer.as)).status).toBe(200);
    expect((await ended(forRole)).body.data).toMatchObject({ status: "completed", outputs: {} });
    expect((await answer(open, yes, key)).body.data.by).toMatch(/^key_/);
  });

  it("is over when it has expired, or the run has ended", async () => {
    const gone = await begin(asking([]));
    await api(`/runs/${gone}/cancel`, { method: "POST" });
    expect((await answer(gone, yes)).body.code).toBe("invalid_state");
    const { body } = await test(await createApp(asking([], { expires_in_seconds: 1 })), word);
    expect(body.data.status).toBe("completed");
    expect((await answer(body.data.id, yes)).body.code).toBe("invalid_state");
  });

  it("is found within loops, by its path", async () => {
    const body = {
      nodes: [
        { id: "begin", type: "start" },
        { id: "ask", type: "approval", config: { title: "{{ item }}" } },
        { id: "stop", type: "end" },
      ],
      edges: [
        { from: "begin", to: "ask" },
        { from: "ask", to: "stop" },
      ],
    };
    const id = await createApp(inARow([{ id: "each", type: "loop", config: { items: ["a"], body } }], {}, { name: "Loop" }));
    const { body: begun } = await test(id, word);
    const [question] = begun.data.waiting;
    expect(question.node_id).toBe("each[0].ask");
    expect((await answer(begun.data.id, { decision: "approved" }, member.as, question.node_id)).status).toBe(200);
    expect((await ended(begun.data.id)).body.data.status).toBe("completed");
  });
});

describe("a preview", () => {
  it("sees a run as one of its nodes has", async () => {
    const { body } = await test(appId, word);
    const preview = (asking: Json, headers: Record<string, string> = member.as) =>
      api(`/runs/${body.data.id}/preview`, { body: asking, headers });
    expect((await preview({ value: "{{ inputs.word }} {{ nodes.first.status }} {{ secrets.key }}" })).body.data).toEqual({
      value: "you 200 [secret]",
      type: "string",
    });
    expect((await preview({ value: "{{ nodes.second.status }}", node_id: "second" })).body.data).toEqual({ value: null, type: "null" });
    expect((await preview({ value: "{{ nodes.first.status }}", node_id: "second" })).body.data.value).toBe(200);
    expect((await preview({ value: "", node_id: "nobody" })).body.errors[0].path).toBe("node_id");
    const failed = await preview({ value: "{{ inputs.word & }}" });
    expect([failed.status, failed.body.errors[0]]).toMatchObject([422, { path: "value", message: expect.stringMatching(/^position 16:/) }]);
    expect((await preview({ value: "" }, (await signUp("Stranger")).as)).status).toBe(404);
  });
});

describe("a run that goes on", () => {
  it("is unknown to other tenants by every route", async () => {
    const begun = await test(await createApp(slow()), word, as(member.as, { Prefer: "respond-async" }));
    const stranger = await signUp("Stranger");
    const base = `/runs/${begun.body.data.id}`;
    const routes: [string, string][] = [
      ["GET", ""],
      ["GET", "/nodes"],
      ["GET", "/events"],
      ["GET", "/callbacks"],
      ["POST", "/cancel"],
      ["POST", "/replay"],
      ["POST", "/signals/ok"],
      ["POST", "/preview"],
    ];
    for (const [method, rest] of routes) {
      const { status, body } = await api(`${base}${rest}`, { method, headers: stranger.as });
      expect([method, rest, status, body.code]).toEqual([method, rest, 404, "not_found"]);
    }
    expect((await ended(begun.body.data.id)).body.data.status).toBe("completed");
  });
});
