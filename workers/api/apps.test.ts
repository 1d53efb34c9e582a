import { eq } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { findRoute, readVersion } from "#app";
import { apps, auditLogs, workflows } from "#platform/schema";
import leadDesk from "../../dev/demo/lead-desk.json" with { type: "json" };
import { type Answer, type Person, type Platform, startPlatform } from "./testing/platform.ts";

let platform: Platform;
let ada: Person;
let bob: Person;

/** What the limiters of apps were told, and whether they can be reached. */
const announced: { name: string; epoch: number }[] = [];
let limiterDown = false;
const limiters = {
  getByName: (name: string) => ({
    async raiseEpoch(epoch: number) {
      if (limiterDown) throw new Error("the object cannot be reached");
      announced.push({ name, epoch });
    },
  }),
};

beforeAll(async () => {
  platform = await startPlatform();
  Object.assign(platform.env, { RATE_LIMITER: limiters });
  [ada, bob] = [await platform.signUp("Ada"), await platform.signUp("Bob")];
}, 60_000);
afterAll(() => platform.stop());
beforeEach(() => {
  announced.length = 0;
});

/** A manifest that needs no database and no model. */
function echo(text: string, changes: Record<string, unknown> = {}) {
  return {
    manifest: "1",
    name: "Echo",
    workflow: {
      nodes: [
        { id: "start", type: "start", config: { inputs: [{ name: "word", type: "string", required: true }] } },
        { id: "say", type: "template", config: { text: `${text} {{ inputs.word }}` } },
        { id: "end", type: "end", config: { outputs: { said: "{{ nodes.say.text }}" } } },
      ],
      edges: [
        { from: "start", to: "say" },
        { from: "say", to: "end" },
      ],
    },
    ...changes,
  };
}

const call = (route: string, body?: unknown, as: Person = ada, headers: Record<string, string> = {}): Promise<Answer> =>
  platform.call(route.replace(" /", " /api/v1/"), { as: as.as, headers, ...(body === undefined ? {} : { body }) });

/** The answer's data, where success is what the test stands on. */
async function done(answer: Promise<Answer>): Promise<Answer["body"]> {
  const { status, body } = await answer;
  if (status >= 300) throw new Error(`${status}: ${JSON.stringify(body)}`);
  return body.data;
}

const create = (manifest: unknown = echo("Hello")) => done(call(`POST /workspaces/${ada.workspaceId}/apps`, manifest));
const refusal = ({ status, body }: Answer) => [status, body.code];

async function rowOf(appId: string) {
  const [row] = await platform.context().db.select().from(apps).where(eq(apps.id, appId));
  if (!row) throw new Error("no such app");
  return row;
}

async function auditOf(targetId: string): Promise<string[]> {
  const rows = await platform.context().db.select().from(auditLogs).where(eq(auditLogs.targetId, targetId));
  return rows.map((row) => row.action);
}

describe("creating an app", () => {
  it("keeps the manifest and makes a slug from the name", async () => {
    const app = await create({ ...leadDesk, name: "Crème brûlée" });
    expect(app).toMatchObject({
      workspace_id: ada.workspaceId,
      slug: "creme-brulee",
      status: "draft",
      draft_revision: 1,
      current_version: null,
      public_url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:8787\/[a-z0-9-]+\/creme-brulee$/),
      published_at: null,
    });
    expect(await done(call(`GET /apps/${app.id}/manifest`))).toEqual({ ...leadDesk, name: "Crème brûlée" });
    expect(await auditOf(app.id)).toEqual(["app.created"]);
  });

  it("numbers slugs that are taken, at the same time too", async () => {
    const made = await Promise.all(Array.from({ length: 4 }, () => create(echo("Hi", { name: "Twin" }))));
    expect(made.map((app) => app.slug).sort()).toEqual(["twin", "twin-2", "twin-3", "twin-4"]);
  });

  it("takes a name and a slug alone, and gives an app that can be published", async () => {
    const app = await create({ name: "Bare", slug: "bare-one" });
    expect(app.slug).toBe("bare-one");
    expect((await done(call(`POST /apps/${app.id}/publish`))).status).toBe("published");
    expect(refusal(await call(`POST /workspaces/${ada.workspaceId}/apps`, { name: "Bare", slug: "bare-one" }))).toEqual([409, "conflict"]);
  });

  it("takes a slug beside a manifest", async () => {
    expect((await done(call(`POST /workspaces/${ada.workspaceId}/apps?slug=beside`, echo("Hi")))).slug).toBe("beside");
  });

  it.each([
    ["a manifest with faults", { ...echo("x"), workflow: { nodes: [], edges: [] } }],
    ["an unknown field", { name: "X", colour: "red" }],
    ["a reserved slug", { name: "X", slug: "admin" }],
    ["a list", []],
  ])("refuses %s and writes nothing", async (_name, body) => {
    const before = await platform.context().db.$count(apps);
    const answer = await call(`POST /workspaces/${ada.workspaceId}/apps`, body);
    expect(refusal(answer)).toEqual([422, "validation_failed"]);
    expect(answer.body.errors.length).toBeGreaterThan(0);
    expect(await platform.context().db.$count(apps)).toBe(before);
  });

  it("lists by pages, newest first, and by status", async () => {
    const person = await platform.signUp("Lister");
    const list = (query: string) => call(`GET /workspaces/${person.workspaceId}/apps${query}`, undefined, person);
    for (const name of ["One", "Two", "Three"]) await done(call(`POST /workspaces/${person.workspaceId}/apps`, { name }, person));
    const first = (await list("?limit=2")).body;
    const second = (await list(`?limit=2&cursor=${first.next_cursor}`)).body;
    expect([first, second].map((page) => page.data.map((app: { name: string }) => app.name))).toEqual([["Three", "Two"], ["One"]]);
    expect(second.next_cursor).toBeNull();
    expect((await list("?status=published")).body.data).toEqual([]);
  });
});

describe("the draft", () => {
  it("is replaced, carries its revision, and renames the app", async () => {
    const app = await create();
    const read = await call(`GET /apps/${app.id}/manifest`);
    expect(read.headers.get("ETag")).toBe('"1"');
    const saved = await call(`PUT /apps/${app.id}/draft`, echo("Bye", { name: "Renamed" }), ada, { "If-Match": '"1"' });
    expect(saved.headers.get("ETag")).toBe('"2"');
    expect(saved.body.data).toMatchObject({ revision: 2, manifest: { name: "Renamed" } });
    expect(await done(call(`GET /apps/${app.id}`))).toMatchObject({ name: "Renamed", draft_revision: 2 });
  });

  it("is not overwritten by who edited an older one", async () => {
    const app = await create();
    await done(call(`PUT /apps/${app.id}/draft`, echo("Second")));
    const late = await call(`PUT /apps/${app.id}/draft`, echo("Late"), ada, { "If-Match": '"1"' });
    expect(refusal(late)).toEqual([412, "revision_mismatch"]);
    expect(late.body.detail).toContain("revision 2");
    expect(refusal(await call(`PUT /apps/${app.id}/draft`, echo("Odd"), ada, { "If-Match": "whatever" }))).toEqual([
      412,
      "revision_mismatch",
    ]);
    expect((await rowOf(app.id)).draftRevision).toBe(2);
  });

  it("is saved by exactly one of many who edited the same revision", async () => {
    const app = await create();
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, n) => call(`PUT /apps/${app.id}/draft`, echo(`Try ${n}`), ada, { "If-Match": '"1"' })),
    );
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 412, 412, 412, 412, 412]);
    expect((await rowOf(app.id)).draftRevision).toBe(2);
  });

  it("is told all its faults", async () => {
    const app = await create();
    const answer = await call(`PUT /apps/${app.id}/draft`, echo("x", { name: "", config: { timeout_ms: 1 }, colour: "red" }));
    expect(answer.body.errors.map((fault: { path: string }) => fault.path)).toEqual(["colour", "config.timeout_ms", "name"]);
  });
});

describe("versions", () => {
  it("get the next number each, at the same time too, and share an unchanged graph", async () => {
    const app = await create();
    const made = await Promise.all(Array.from({ length: 5 }, () => done(call(`POST /apps/${app.id}/versions`, { changelog: "again" }))));
    expect(made.map((version) => version.number).sort()).toEqual([1, 2, 3, 4, 5]);
    const { body } = await call(`GET /apps/${app.id}/versions?limit=2`);
    expect(body.data.map((version: { number: number }) => version.number)).toEqual([5, 4]);
    expect(await platform.context().db.$count(workflows, eq(workflows.appId, app.id))).toBe(1);
  });

  it("hold the manifest as it was, and tell what changed", async () => {
    const app = await create();
    const before = await done(call(`GET /apps/${app.id}/manifest`));
    const one = await done(call(`POST /apps/${app.id}/versions`));
    await done(call(`PUT /apps/${app.id}/draft`, echo("Bye", { description: "New" })));
    const two = await done(call(`POST /apps/${app.id}/versions`, {}));
    expect(await done(call(`GET /apps/${app.id}/versions/${one.id}`))).toEqual({ ...one, manifest: before });
    expect(await done(call(`GET /apps/${app.id}/versions/${one.id}/diff/${two.id}`))).toEqual([
      { path: "description", kind: "changed", before: "", after: "New" },
      { path: "workflow.nodes[say].config.text", kind: "changed", before: "Hello {{ inputs.word }}", after: "Bye {{ inputs.word }}" },
    ]);
  });

  it("belong to their app alone", async () => {
    const [app, other] = [await create(), await create()];
    const version = await done(call(`POST /apps/${other.id}/versions`));
    for (const path of [`versions/${version.id}`, "versions/nonsense", `versions/${version.id}/diff/${version.id}`]) {
      expect(refusal(await call(`GET /apps/${app.id}/${path}`))).toEqual([404, "not_found"]);
    }
    expect(refusal(await call(`POST /apps/${app.id}/publish`, { version_id: version.id }))).toEqual([404, "not_found"]);
  });
});

describe("publishing", () => {
  const routeOf = (appId: string) => findRoute(platform.context(), { appId });

  it("freezes the draft, switches, and then announces the epoch", async () => {
    const app = await create(echo("Hello", { access_policy: { access_mode: "public_anonymous" } }));
    const published = await done(call(`POST /apps/${app.id}/publish`, { changelog: "First" }));
    expect(published).toMatchObject({ status: "published", current_version: { number: 1 }, published_at: expect.any(String) });
    expect(announced).toEqual([{ name: `app:${app.id}`, epoch: 2 }]);
    const slugs = new URL(published.public_url).pathname.split("/");
    const route = await findRoute(platform.context(), { workspaceSlug: slugs[1] ?? "", appSlug: slugs[2] ?? "" });
    expect(route).toEqual({
      workspaceId: ada.workspaceId,
      workspaceSlug: slugs[1],
      region: "auto",
      appId: app.id,
      appSlug: app.slug,
      name: "Echo",
      description: "",
      status: "published",
      versionId: published.current_version.id,
      versionNumber: 1,
      epoch: 2,
      accessPolicy: expect.objectContaining({ access_mode: "public_anonymous" }),
      passwordGeneration: 0,
      visitorRules: [],
      endedSessions: [],
    });
    expect(await routeOf(app.id)).toEqual(route);
    const version = await readVersion(platform.context(), ada.workspaceId, published.current_version.id);
    expect(version).toMatchObject({ number: 1, name: "Echo", workflow: echo("Hello").workflow, config: { timeout_ms: 60_000 } });
    await expect(readVersion(platform.context(), bob.workspaceId, version.versionId)).rejects.toMatchObject({ code: "not_found" });
    expect(await auditOf(app.id)).toEqual(["app.created", "app.published"]);
  });

  it("does not freeze a draft that is the newest version already", async () => {
    const app = await create();
    await done(call(`POST /apps/${app.id}/publish`));
    expect((await done(call(`POST /apps/${app.id}/publish`))).current_version.number).toBe(1);
    await done(call(`PUT /apps/${app.id}/draft`, echo("Bye")));
    expect((await done(call(`POST /apps/${app.id}/publish`))).current_version.number).toBe(2);
  });

  it("does nothing that visitors could see when the version cannot run", async () => {
    const app = await create();
    const broken = { ...echo("x"), workflow: { nodes: [], edges: [] } };
    await platform.context().db.update(apps).set({ draft: broken }).where(eq(apps.id, app.id));
    expect(refusal(await call(`POST /apps/${app.id}/publish`))).toEqual([422, "validation_failed"]);
    expect(await rowOf(app.id)).toMatchObject({ status: "draft", epoch: 1, currentVersionId: null });
    expect(announced).toEqual([]);
  });

  it("answers 503 while the change is not announced, and a repetition heals it", async () => {
    const app = await create();
    limiterDown = true;
    const failed = await call(`POST /apps/${app.id}/publish`);
    const unannounced = await call(`POST /apps/${app.id}/unpublish`);
    limiterDown = false;
    expect([failed, unannounced].map(refusal)).toEqual([
      [503, "upstream_unavailable"],
      [503, "upstream_unavailable"],
    ]);
    expect((await done(call(`POST /apps/${app.id}/unpublish`))).status).toBe("unpublished");
    expect(announced).toEqual([{ name: `app:${app.id}`, epoch: (await rowOf(app.id)).epoch }]);
  });

  it("is won by one at a time", async () => {
    const app = await create();
    const answers = await Promise.all(Array.from({ length: 5 }, () => call(`POST /apps/${app.id}/publish`)));
    const won = answers.filter((answer) => answer.status === 200);
    expect(won.length).toBeGreaterThan(0);
    expect(answers.filter((answer) => answer.status !== 200).map(refusal)).toEqual(Array(5 - won.length).fill([409, "conflict"]));
    expect((await rowOf(app.id)).epoch).toBe(1 + won.length);
    expect((await call(`GET /apps/${app.id}/versions`)).body.data).toHaveLength(1);
  });

  it("rolls back to an earlier version and keeps the policy in force", async () => {
    const app = await create(echo("One", { access_policy: { access_mode: "public_anonymous" } }));
    const first = (await done(call(`POST /apps/${app.id}/publish`))).current_version;
    expect(refusal(await call(`POST /apps/${app.id}/rollback`, { version_id: first.id }))).toEqual([409, "invalid_state"]);
    expect(announced.at(-1)).toEqual({ name: `app:${app.id}`, epoch: 2 });
    await done(call(`PUT /apps/${app.id}/draft`, echo("Two", { access_policy: { access_mode: "private" } })));
    await done(call(`POST /apps/${app.id}/publish`));
    expect((await done(call(`POST /apps/${app.id}/rollback`, { version_id: first.id }))).current_version).toEqual(first);
    expect(await routeOf(app.id)).toMatchObject({ versionId: first.id, epoch: 4, accessPolicy: { access_mode: "private" } });
  });

  it("follows the app's life", async () => {
    const app = await create();
    const act = (action: string) => call(`POST /apps/${app.id}/${action}`);
    expect(refusal(await act("unpublish"))).toEqual([409, "invalid_state"]);
    await done(act("publish"));
    expect(refusal(await act("archive"))).toEqual([409, "invalid_state"]);
    await done(act("unpublish"));
    expect(await routeOf(app.id)).toMatchObject({ status: "unpublished", epoch: 3 });
    await done(act("publish"));
    await done(act("unpublish"));
    await done(act("archive"));
    for (const attempt of [
      act("publish"),
      act("versions"),
      call(`PUT /apps/${app.id}/draft`, echo("x")),
      call(`PATCH /apps/${app.id}`, { name: "x" }),
    ]) {
      expect(refusal(await attempt)).toEqual([409, "invalid_state"]);
    }
    expect((await call(`GET /apps/${app.id}`)).body.data.status).toBe("archived");
  });
});

describe("the access policy", () => {
  it("is changed in force and in the draft, and announced", async () => {
    const app = await create();
    const patch = { access_mode: "public_anonymous", rate_limit: { per_app: { max_requests: 5, window_seconds: 10 } } };
    const policy = await done(call(`PATCH /apps/${app.id}/access-policy`, patch));
    const { password_set, ...stored } = policy;
    expect(password_set).toBe(false);
    expect(stored).toEqual({
      access_mode: "public_anonymous",
      data_classification: "public",
      rate_limit: {
        per_ip: { max_requests: 120, window_seconds: 60 },
        per_session: { max_requests: 60, window_seconds: 60 },
        per_app: { max_requests: 5, window_seconds: 10 },
      },
      allowed_origins: ["*"],
      require_captcha: false,
    });
    expect(await done(call(`GET /apps/${app.id}/access-policy`))).toEqual(policy);
    expect((await done(call(`GET /apps/${app.id}/manifest`))).access_policy).toEqual(stored);
    expect((await findRoute(platform.context(), { appId: app.id }))?.accessPolicy).toEqual(stored);
    expect(announced).toEqual([{ name: `app:${app.id}`, epoch: 2 }]);
    expect((await rowOf(app.id)).draftRevision).toBe(2);
  });

  it("takes the usual values for what counts as unusual, rule by rule", async () => {
    const app = await create();
    const set = (anomaly: unknown) => done(call(`PATCH /apps/${app.id}/access-policy`, { anomaly }));
    expect((await set({ frequency: { max_runs: 50 } })).anomaly).toEqual({
      frequency: { max_runs: 50, window_seconds: 60, action: "challenge", duration_seconds: 600 },
      failure_rate: null,
      spike: null,
    });
    const policy = await set({ frequency: null, spike: {} });
    expect(policy.anomaly).toMatchObject({ frequency: null, spike: { factor: 10, action: "challenge" } });
    expect(await done(call(`GET /apps/${app.id}/access-policy`))).toEqual(policy);
  });

  it("refuses what is no policy", async () => {
    const app = await create();
    const answer = await call(`PATCH /apps/${app.id}/access-policy`, { access_mode: "all", allowed_origins: ["nowhere"] });
    expect(refusal(answer)).toEqual([422, "validation_failed"]);
    expect(answer.body.errors.map((fault: { path: string }) => fault.path)).toEqual(["access_mode", "allowed_origins[0]"]);
  });
});

describe("renaming and deleting", () => {
  it("moves an app to another slug, and tells the caches", async () => {
    const [app, other] = [await create(), await create()];
    const moved = await done(call(`PATCH /apps/${app.id}`, { name: "Moved", slug: "moved-here" }));
    expect(moved).toMatchObject({ name: "Moved", slug: "moved-here", draft_revision: 2 });
    expect((await done(call(`GET /apps/${app.id}/manifest`))).name).toBe("Moved");
    expect(announced).toEqual([{ name: `app:${app.id}`, epoch: 2 }]);
    expect(refusal(await call(`PATCH /apps/${app.id}`, { slug: other.slug }))).toEqual([409, "conflict"]);
  });

  it("takes an app away everywhere and frees its slug and hostnames", async () => {
    const app = await create({ name: "Gone", slug: "gone" });
    await done(call(`POST /apps/${app.id}/publish`));
    await done(call(`POST /apps/${app.id}/domains`, { hostname: "gone.example.test" }));
    expect((await call(`DELETE /apps/${app.id}`)).status).toBe(204);
    expect(refusal(await call(`GET /apps/${app.id}`))).toEqual([404, "not_found"]);
    expect(await findRoute(platform.context(), { appId: app.id })).toBeNull();
    expect(announced.at(-1)).toEqual({ name: `app:${app.id}`, epoch: 3 });
    const next = await create({ name: "Gone", slug: "gone" });
    expect((await call(`POST /apps/${next.id}/domains`, { hostname: "gone.example.test" })).status).toBe(201);
    const { body } = await call(`GET /workspaces/${ada.workspaceId}/apps?limit=100`);
    expect(body.data.map((one: { id: string }) => one.id)).not.toContain(app.id);
  });
});

describe("deleting while the change cannot be announced", () => {
  it("deletes nothing, so that it can be repeated", async () => {
    const app = await create();
    limiterDown = true;
    const failed = await call(`DELETE /apps/${app.id}`);
    limiterDown = false;
    expect(refusal(failed)).toEqual([503, "upstream_unavailable"]);
    expect((await rowOf(app.id)).status).toBe("draft");
    expect((await call(`DELETE /apps/${app.id}`)).status).toBe(204);
  });
});

describe("who may do what", () => {
  const requests = (id: string, versionId: string): readonly (readonly [string, unknown?])[] => [
    [`GET /apps/${id}`],
    [`PATCH /apps/${id}`, { name: "Mine" }],
    [`DELETE /apps/${id}`],
    [`GET /apps/${id}/manifest`],
    [`PUT /apps/${id}/draft`, echo("Mine")],
    [`GET /apps/${id}/versions`],
    [`POST /apps/${id}/versions`, {}],
    [`GET /apps/${id}/versions/${versionId}`],
    [`POST /apps/${id}/publish`, {}],
    [`POST /apps/${id}/rollback`, { version_id: versionId }],
    [`POST /apps/${id}/unpublish`],
    [`POST /apps/${id}/archive`],
    [`GET /apps/${id}/access-policy`],
    [`PATCH /apps/${id}/access-policy`, { access_mode: "private" }],
    [`GET /apps/${id}/runs`],
    [`GET /apps/${id}/domains`],
    [`POST /apps/${id}/domains`, { hostname: "mine.example.test" }],
  ];

  it("another tenant finds nothing, and nothing changes", async () => {
    const app = await create();
    const { current_version } = await done(call(`POST /apps/${app.id}/publish`));
    const before = await rowOf(app.id);
    for (const [route, body] of requests(app.id, current_version.id)) {
      expect([route, ...refusal(await call(route, body, bob))]).toEqual([route, 404, "not_found"]);
    }
    expect(await rowOf(app.id)).toEqual(before);
  });

  it("nobody is asked to sign in, and garbage is not found", async () => {
    for (const [route] of requests("app_1", "apv_1").filter(([one]) => one.startsWith("GET"))) {
      expect(refusal(await platform.call(route.replace(" /", " /api/v1/")))).toEqual([401, "unauthenticated"]);
      expect(refusal(await call(route))).toEqual([404, "not_found"]);
    }
  });

  it("a viewer reads and may not publish, edit or delete", async () => {
    const app = await create();
    const viewer = await platform.signUp("Viewer");
    const roles = (await call(`GET /workspaces/${ada.workspaceId}/roles`)).body.data;
    const role = roles.find((one: { name: string }) => one.name === "viewer");
    const invitation = await done(call(`POST /workspaces/${ada.workspaceId}/invitations`, { email: viewer.email, role_id: role.id }));
    await done(call(`POST /invitations/${invitation.token}/accept`, {}, viewer));
    expect((await call(`GET /apps/${app.id}`, undefined, viewer)).status).toBe(200);
    for (const [route, body] of requests(app.id, "apv_1").filter(([one]) => !one.startsWith("GET"))) {
      expect([route, ...refusal(await call(route, body, viewer))]).toEqual([route, 403, "forbidden"]);
    }
  });
});

describe("the API description", () => {
  it("has these routes with what they take and answer", async () => {
    const { status, body } = await platform.call("GET /openapi.json");
    expect(status).toBe(200);
    expect(Object.keys(body.paths)).toEqual(
      expect.arrayContaining([
        "/api/v1/apps/{id}/publish",
        "/api/v1/apps/{id}/versions/{a}/diff/{b}",
        "/api/v1/workspaces/{id}/runtime-events",
      ]),
    );
    expect(body.paths["/api/v1/apps/{id}/draft"].put["x-permission"]).toBe("apps:edit");
    const policy = body.paths["/api/v1/apps/{id}/access-policy"].patch.requestBody.content["application/json"].schema;
    expect(Object.keys(policy.properties)).toEqual([
      "access_mode",
      "data_classification",
      "password",
      "rate_limit",
      "allowed_origins",
      "require_captcha",
      "anomaly",
    ]);
    expect(policy.properties.access_mode.enum).toContain("public_anonymous");
  });
});
