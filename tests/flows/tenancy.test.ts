import { beforeAll, describe, expect, it } from "vitest";
import { call, echo, eventually, type Json, type Member, type PublishedApp, publishApp, signUp } from "./client.ts";

interface Route {
  readonly method: string;
  readonly path: string;
}

let owner: Member;
let stranger: Member;
let app: PublishedApp;
let routes: Route[];
const ids: Record<string, string> = {};

beforeAll(async () => {
  [owner, stranger] = await Promise.all([signUp("Owner"), signUp("Stranger")]);
  app = await publishApp(owner, echo("Hello"));
  const run = await call(`${app.path}/runs`, { body: { inputs: { word: "you" } } });
  const runId: string = run.body.data.run_id;
  const read = (path: string) => call(`/api/v1${path}`, { headers: owner.as });
  await eventually(
    () => read(`/runs/${runId}`),
    (answer) => answer.status === 200,
  );
  const [members, roles, key, domain] = await Promise.all([
    read(`/workspaces/${owner.workspace.id}/members`),
    read(`/workspaces/${owner.workspace.id}/roles`),
    call(`/api/v1/workspaces/${owner.workspace.id}/api-keys`, { headers: owner.as, body: { name: "k", scopes: ["apps:read"] } }),
    call(`/api/v1/apps/${app.id}/domains`, { headers: owner.as, body: { hostname: `shop-${Date.now()}.example.test` } }),
  ]);
  Object.assign(ids, {
    workspace: owner.workspace.id,
    app: app.id,
    run: runId,
    version_id: app.versionId,
    a: app.versionId,
    b: app.versionId,
    member_id: members.body.data[0].id,
    role_id: roles.body.data[0].id,
    key_id: key.body.data.id,
    domain_id: domain.body.data.id,
    secret_id: "sec_01k00000000000000000000000",
    name: "token",
  });
  const { body } = await call("/openapi.json");
  routes = Object.entries<Json>(body.paths).flatMap(([path, operations]) =>
    Object.keys(operations)
      .filter((method) => ["get", "post", "put", "patch", "delete"].includes(method))
      .map((method) => ({ method: method.toUpperCase(), path })),
  );
});

/** The address of a route with the owner's ids in it, or `null` where it takes no tenant's id. */
function addressOf({ path }: Route): string | null {
  if (!path.startsWith("/api/v1/") || !path.includes("{")) return null;
  const parts = path.split("/");
  const filled = parts.map((part, index) => {
    const name = /^\{(.+)\}$/.exec(part)?.[1];
    if (name === undefined) return part;
    const collection = parts[index - 1] ?? "";
    return ids[name] ?? ids[collection.replace(/s$/, "")] ?? `no-${name}`;
  });
  return filled.join("/");
}

const isTenantRoute = (route: Route) => /^\/api\/v1\/(workspaces|apps|runs)\/\{/.test(route.path);

describe("every members' route", () => {
  it("is in the published description", () => {
    expect(routes.filter(isTenantRoute).length).toBeGreaterThan(35);
  });

  it("answers 404 to another tenant", async () => {
    const wrong = [];
    for (const route of routes.filter(isTenantRoute)) {
      const path = addressOf(route) ?? "";
      const answer = await call(path, { method: route.method, headers: stranger.as, ...(route.method === "GET" ? {} : { body: {} }) });
      if (answer.status !== 404 || answer.body.code !== "not_found")
        wrong.push(`${route.method} ${route.path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    expect(wrong).toEqual([]);
  });

  it("answers what no cache may keep", async () => {
    const answer = await call(`/api/v1/apps/${app.id}`, { headers: owner.as });
    expect([answer.status, answer.headers.get("Cache-Control")]).toEqual([200, "no-store"]);
  });

  it("answers 401 to nobody", async () => {
    const wrong = [];
    for (const route of routes.filter(isTenantRoute)) {
      const answer = await call(addressOf(route) ?? "", { method: route.method, ...(route.method === "GET" ? {} : { body: {} }) });
      if (answer.status !== 401 || answer.body.code !== "unauthenticated") wrong.push(`${route.method} ${route.path}: ${answer.status}`);
    }
    expect(wrong).toEqual([]);
  });

  it("answers 404 to a key of another workspace, and 401 to a revoked one", async () => {
    const created = await call(`/api/v1/workspaces/${stranger.workspace.id}/api-keys`, {
      headers: stranger.as,
      body: { name: "k", scopes: ["apps:read", "workspace:read"] },
    });
    const key = { Authorization: `Bearer ${created.body.data.key}` };
    expect((await call(`/api/v1/apps/${app.id}`, { headers: key })).status).toBe(404);
    expect((await call(`/api/v1/workspaces/${stranger.workspace.id}`, { headers: key })).status).toBe(200);
    const revoked = await call(`/api/v1/workspaces/${stranger.workspace.id}/api-keys/${created.body.data.id}`, {
      method: "DELETE",
      headers: stranger.as,
    });
    expect(revoked.status).toBeLessThan(300);
    await eventually(
      () => call(`/api/v1/workspaces/${stranger.workspace.id}`, { headers: key }),
      (answer) => answer.status === 401,
      6_000,
    );
  });
});

describe("a viewer", () => {
  it("reads, and may not publish, edit or invite", async () => {
    const viewer = await signUp("Viewer");
    const roles = await call(`/api/v1/workspaces/${owner.workspace.id}/roles`, { headers: owner.as });
    const role = roles.body.data.find((one: Json) => one.name === "viewer");
    const invitation = await call(`/api/v1/workspaces/${owner.workspace.id}/invitations`, {
      headers: owner.as,
      body: { email: viewer.email, role_id: role.id },
    });
    expect(invitation.status).toBe(201);
    const accepted = await call(`/api/v1/invitations/${invitation.body.data.token}/accept`, { headers: viewer.as, body: {} });
    expect(accepted.status).toBe(200);
    expect((await call(`/api/v1/apps/${app.id}`, { headers: viewer.as })).status).toBe(200);
    const attempts = await Promise.all([
      call(`/api/v1/apps/${app.id}/publish`, { headers: viewer.as, body: {} }),
      call(`/api/v1/apps/${app.id}/unpublish`, { headers: viewer.as, body: {} }),
      call(`/api/v1/apps/${app.id}/draft`, { method: "PUT", headers: viewer.as, body: echo("Mine") }),
      call(`/api/v1/workspaces/${owner.workspace.id}/apps`, { headers: viewer.as, body: echo("Mine") }),
      call(`/api/v1/workspaces/${owner.workspace.id}/invitations`, {
        headers: viewer.as,
        body: { email: "x@example.test", role_id: role.id },
      }),
    ]);
    expect(attempts.map((answer) => [answer.status, answer.body.code])).toEqual(Array(attempts.length).fill([403, "forbidden"]));
  });
});
