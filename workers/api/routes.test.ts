import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { PERMISSIONS, SYSTEM_ROLES } from "#workspace";
import { type Person, type Platform, startPlatform } from "./testing/platform.ts";

// Every operation is asked several times, one after the other.
vi.setConfig({ testTimeout: 30_000 });

interface Operation {
  readonly route: string;
  readonly path: string;
  readonly permission: string;
}

/** The addresses whose signature is their sign-in. */
const HOOKS: readonly string[] = ["/api/v1/hooks/{token}", "/api/v1/billing/stripe/webhook"];

const METHODS = ["get", "post", "put", "patch", "delete"];

let platform: Platform;
let owner: Person;
let stranger: Person;
let viewer: Person;
let operations: Operation[];
let appId: string;

beforeAll(async () => {
  platform = await startPlatform();
  [owner, stranger, viewer] = [await platform.signUp("Owner"), await platform.signUp("Stranger"), await platform.signUp("Viewer")];
  const base = `/api/v1/workspaces/${owner.workspaceId}`;
  const roles = await platform.call(`GET ${base}/roles`, { as: owner.as });
  const role_id = roles.body.data.find((role: { name: string }) => role.name === "viewer").id;
  const invited = await platform.call(`POST ${base}/invitations`, { as: owner.as, body: { email: viewer.email, role_id } });
  await platform.call(`POST /api/v1/invitations/${invited.body.data.token}/accept`, { as: viewer.as });
  const app = await platform.call(`POST ${base}/apps`, { as: owner.as, body: { name: "Desk", slug: "desk" } });
  appId = app.body.data.id;
  operations = await describedOperations();
}, 60_000);
afterAll(() => platform.stop());

async function describedOperations(): Promise<Operation[]> {
  const { body } = await platform.call("GET /openapi.json");
  const members = Object.entries<Record<string, { "x-permission": string }>>(body.paths).filter(
    ([path]) => path.startsWith("/api/") && !HOOKS.includes(path),
  );
  return members.flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => ({
      route: method.toUpperCase(),
      path,
      permission: String(item[method]?.["x-permission"]),
    })),
  );
}

/** The operation's address in the owner's workspace; ids below the first are of nothing. */
function address({ route, path }: Operation): string {
  const id = path.startsWith("/api/v1/apps/") ? appId : owner.workspaceId;
  return `${route} ${path.replace("{id}", id).replace(/\{[a-z_]+\}/g, "nothing")}`;
}

/** Routes of one workspace or one app, whose caller must belong to it. */
const scoped = () => operations.filter(({ path }) => /^\/api\/v1\/(workspaces|apps)\/\{id\}/.test(path));

describe("the API description", () => {
  it("is an OpenAPI 3.1 document in which every operation declares what it asks of its caller", async () => {
    const { status, body } = await platform.call("GET /openapi.json");
    expect(status).toBe(200);
    expect(body).toMatchObject({ openapi: "3.1.0", info: { title: "AgentFlow" } });
    expect(Object.keys(body.components.securitySchemes).sort()).toEqual(["api_key", "session"]);
    const known: readonly string[] = [...PERMISSIONS, "signed_in", "user"];
    expect(operations.length).toBeGreaterThan(20);
    for (const operation of operations) expect(known, `${operation.route} ${operation.path}`).toContain(operation.permission);
  });

  it("refers to nothing that it does not define", async () => {
    const { body } = await platform.call("GET /openapi.json");
    const references = [...JSON.stringify(body).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name ?? "");
    expect(references.length).toBeGreaterThan(0);
    for (const name of references) expect(body.components.schemas).toHaveProperty([name]);
  });
});

describe("every operation", () => {
  it("answers 401 to nobody", async () => {
    for (const operation of operations) {
      const answer = await platform.call(address(operation));
      expect([address(operation), answer.status, answer.body.code]).toEqual([address(operation), 401, "unauthenticated"]);
    }
  });

  it("answers 404 to a stranger, as if nothing were there", async () => {
    for (const operation of scoped()) {
      const answer = await platform.call(address(operation), { as: stranger.as });
      const absent = await platform.call(address(operation).replace(/(wrk|app)_[0-9a-z]{26}/, "$1_01k00000000000000000000000"), {
        as: stranger.as,
      });
      expect([address(operation), answer.status, answer.body.detail]).toEqual([address(operation), 404, absent.body.detail]);
      const garbage = await platform.call(address(operation).replace(/(wrk|app)_[0-9a-z]{26}/, "%00'--"), { as: stranger.as });
      expect([address(operation), garbage.status]).toEqual([address(operation), 404]);
    }
  });

  it("answers 403 to a viewer who lacks its permission", async () => {
    const allowed: readonly string[] = SYSTEM_ROLES.viewer;
    const forbidden = scoped().filter(({ permission }) => !allowed.includes(permission));
    expect(forbidden.length).toBeGreaterThan(20);
    for (const operation of forbidden) {
      const answer = await platform.call(address(operation), { as: viewer.as });
      expect([address(operation), answer.status, answer.body.code]).toEqual([address(operation), 403, "forbidden"]);
    }
  });
});

describe("requests", () => {
  const post = (call: object) => platform.call(`POST /api/v1/workspaces/${owner.workspaceId}/secrets`, { as: owner.as, ...call });

  it("have addresses and methods that exist", async () => {
    expect(await platform.call("GET /api/v1/nothing", { as: owner.as })).toMatchObject({ status: 404, body: { code: "not_found" } });
    const wrong = await platform.call(`PUT /api/v1/workspaces/${owner.workspaceId}`, { as: owner.as, body: {} });
    expect(wrong).toMatchObject({ status: 405, body: { code: "method_not_allowed" } });
    expect(wrong.headers.get("Allow")).toBe("DELETE, GET, PATCH");
  });

  it("have bodies of JSON, not too large", async () => {
    expect((await post({ body: "{", headers: {} })).body.code).toBe("bad_request");
    expect((await post({ body: "a=b", headers: { "Content-Type": "application/x-www-form-urlencoded" } })).status).toBe(415);
    expect((await post({ body: JSON.stringify("x".repeat(1024 * 1024)) })).status).toBe(413);
    expect((await post({ body: [] })).status).toBe(422);
    expect((await post({ headers: { "Content-Type": "application/json" } })).status).toBe(422);
  });

  it("name every fault at once", async () => {
    const answer = await post({ body: { name: "Not Good", value: 1, more: true } });
    expect(answer).toMatchObject({ status: 422, body: { code: "validation_failed" } });
    expect(answer.headers.get("Content-Type")).toBe("application/problem+json");
    expect(answer.body.errors.map((fault: { path: string }) => fault.path)).toEqual(["name", "value", ""]);
  });

  it("are paged with cursors that this API gave", async () => {
    const list = (query: string) => platform.call(`GET /api/v1/workspaces?${query}`, { as: owner.as });
    for (const query of ["limit=0", "limit=101", "limit=x", "cursor=x", "cursor='--"])
      expect([query, (await list(query)).status]).toEqual([query, 422]);
  });

  it("from foreign pages change nothing, even with the member's cookie", async () => {
    const body = { name: "foreign", value: "x" };
    const from = (headers: Record<string, string>) => post({ body, headers });
    expect(await from({ Origin: "https://evil.test" })).toMatchObject({ status: 403, body: { code: "access_denied" } });
    expect((await from({ "Sec-Fetch-Site": "cross-site" })).status).toBe(403);
    expect((await from({ Origin: "http://127.0.0.1:8788" })).status).toBe(201);
    expect((await from({ "Sec-Fetch-Site": "same-origin" })).status).toBe(201);
  });

  it("answer with their id, whatever happens", async () => {
    for (const route of ["GET /api/v1/workspaces", "GET /api/v1/nothing", "GET /openapi.json", "GET /api/auth/get-session"])
      expect((await platform.call(route)).headers.get("X-Request-Id")).toMatch(/^req_/);
  });
});
