import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { workspaces } from "#platform/schema";
import { createDefaultWorkspace } from "#workspace";
import { type Person, type Platform, startPlatform } from "./testing/platform.ts";

let platform: Platform;
let owner: Person;
beforeAll(async () => {
  platform = await startPlatform();
  owner = await platform.signUp("Owner");
}, 60_000);
afterAll(() => platform.stop());

const at = (person: Person, rest = "") => `/api/v1/workspaces/${person.workspaceId}${rest}`;

async function roleId(person: Person, name: string): Promise<string> {
  const { body } = await platform.call(`GET ${at(person, "/roles")}`, { as: person.as });
  return body.data.find((role: { name: string }) => role.name === name).id;
}

/** Invites somebody new into a workspace and lets them in. */
async function join(host: Person, role: string): Promise<Person & { memberId: string }> {
  const guest = await platform.signUp("Guest");
  const invited = await platform.call(`POST ${at(host, "/invitations")}`, {
    as: host.as,
    body: { email: guest.email, role_id: await roleId(host, role) },
  });
  const accepted = await platform.call(`POST /api/v1/invitations/${invited.body.data.token}/accept`, { as: guest.as });
  if (accepted.status !== 200) throw new Error(JSON.stringify(accepted.body));
  const { body } = await platform.call(`GET ${at(host, "/members?limit=100")}`, { as: host.as });
  const memberId = body.data.find((member: { user_id: string }) => member.user_id === guest.userId).id;
  return { ...guest, memberId };
}

describe("workspaces", () => {
  it("are made with a slug of one's own, once", async () => {
    const body = { name: "Acme", slug: "acme-inc", region: "weur" };
    const made = await platform.call("POST /api/v1/workspaces", { as: owner.as, body });
    expect(made).toMatchObject({
      status: 201,
      body: { data: { name: "Acme", slug: "acme-inc", region: "weur", role: "owner", is_default: false, delete_at: null } },
    });
    const again = await platform.call("POST /api/v1/workspaces", { as: owner.as, body });
    expect(again).toMatchObject({ status: 409, body: { code: "conflict" } });
  });

  it.each(["api", "openapi.json", "Acme", "a", "a--b", "-ab", "ab-", "x".repeat(41)])("refuse the slug %s", async (slug) => {
    const answer = await platform.call("POST /api/v1/workspaces", { as: owner.as, body: { name: "A", slug } });
    expect(answer).toMatchObject({ status: 422, body: { code: "validation_failed", errors: [{ path: "slug" }] } });
  });

  it("are listed page by page, with one default however often it is made", async () => {
    const person = await platform.signUp("Pager");
    await Promise.all(
      [1, 2, 3].map(() => createDefaultWorkspace(platform.context(), { id: person.userId, name: "Pager", email: person.email })),
    );
    const second = await platform.call("POST /api/v1/workspaces", { as: person.as, body: { name: "Second" } });
    const first = await platform.call("GET /api/v1/workspaces?limit=1", { as: person.as });
    expect(first.body.data.map((workspace: { id: string }) => workspace.id)).toEqual([person.workspaceId]);
    const next = await platform.call(`GET /api/v1/workspaces?limit=1&cursor=${first.body.next_cursor}`, { as: person.as });
    expect(next.body).toMatchObject({ data: [{ id: second.body.data.id }], next_cursor: null });
  });

  it("can be renamed, but keep their slug", async () => {
    const renamed = await platform.call(`PATCH ${at(owner)}`, { as: owner.as, body: { name: "Renamed" } });
    expect(renamed.body.data.name).toBe("Renamed");
    const moved = await platform.call(`PATCH ${at(owner)}`, { as: owner.as, body: { slug: "other" } });
    expect(moved.status).toBe(422);
  });

  it("can still be read and restored while their deletion is due, and nothing else", async () => {
    const person = await platform.signUp("Gone");
    const deleted = await platform.call(`DELETE ${at(person)}`, { as: person.as });
    const due = Date.parse(deleted.body.data.delete_at) - Date.now();
    expect(deleted.body.data.status).toBe("deleting");
    expect(due / 86_400_000).toBeCloseTo(7, 2);
    expect((await platform.call(`GET ${at(person)}`, { as: person.as })).status).toBe(200);
    for (const [route, body] of [
      [`PATCH ${at(person)}`, { name: "X" }],
      [`POST ${at(person, "/secrets")}`, { name: "x", value: "x" }],
    ] as const) {
      expect(await platform.call(route, { as: person.as, body })).toMatchObject({ status: 409, body: { code: "invalid_state" } });
    }
    const restored = await platform.call(`PATCH ${at(person)}`, { as: person.as, body: { status: "active" } });
    expect(restored.body.data).toMatchObject({ status: "active", delete_at: null });
    expect((await platform.call(`POST ${at(person, "/secrets")}`, { as: person.as, body: { name: "x", value: "x" } })).status).toBe(201);
  });
});

describe("workspaces whose deletion is final", () => {
  it("cannot be restored", async () => {
    const person = await platform.signUp("Late");
    await platform.call(`DELETE ${at(person)}`, { as: person.as });
    const over = { deleteAt: new Date(Date.now() - 1_000) };
    await platform.context().db.update(workspaces).set(over).where(eq(workspaces.id, person.workspaceId));
    const restored = await platform.call(`PATCH ${at(person)}`, { as: person.as, body: { status: "active" } });
    expect(restored).toMatchObject({ status: 409, body: { code: "invalid_state" } });
    expect((await platform.call(`GET ${at(person)}`, { as: person.as })).body.data.status).toBe("deleting");
  });
});

describe("members", () => {
  it("join by an invitation for their address, once", async () => {
    const guest = await platform.signUp("Invited");
    const other = await platform.signUp("Other");
    const body = { email: guest.email.toUpperCase(), role_id: await roleId(owner, "viewer") };
    const invited = await platform.call(`POST ${at(owner, "/invitations")}`, { as: owner.as, body });
    expect(invited.status).toBe(201);
    const accept = `POST /api/v1/invitations/${invited.body.data.token}/accept`;
    expect((await platform.call(accept)).status).toBe(401);
    expect((await platform.call(accept, { as: other.as })).body.code).toBe("forbidden");
    expect((await platform.call(accept, { as: guest.as })).body.data).toMatchObject({ id: owner.workspaceId, role: "viewer" });
    expect((await platform.call(accept, { as: guest.as })).status).toBe(410);
    expect((await platform.call("POST /api/v1/invitations/guessed/accept", { as: guest.as })).status).toBe(404);
    expect((await platform.call(`POST ${at(owner, "/invitations")}`, { as: owner.as, body })).status).toBe(409);
  });

  it("cannot use an invitation that was replaced or taken back", async () => {
    const guest = await platform.signUp("Late");
    const body = { email: guest.email, role_id: await roleId(owner, "viewer") };
    const invite = () => platform.call(`POST ${at(owner, "/invitations")}`, { as: owner.as, body });
    const first = (await invite()).body.data;
    const second = (await invite()).body.data;
    const listed = await platform.call(`GET ${at(owner, "/invitations")}`, { as: owner.as });
    expect(listed.body.data.filter((item: { email: string }) => item.email === guest.email)).toEqual([
      expect.objectContaining({ id: second.id }),
    ]);
    expect(JSON.stringify(listed.body)).not.toContain(second.token);
    expect((await platform.call(`DELETE ${at(owner, `/invitations/${second.id}`)}`, { as: owner.as })).status).toBe(204);
    for (const { token } of [first, second])
      expect((await platform.call(`POST /api/v1/invitations/${token}/accept`, { as: guest.as })).status).toBe(404);
  });

  it("change roles and leave, except for the owner", async () => {
    const member = await join(owner, "member");
    const path = at(owner, `/members/${member.memberId}`);
    const promoted = await platform.call(`PATCH ${path}`, { as: owner.as, body: { role_id: await roleId(owner, "admin") } });
    expect(promoted.body.data).toMatchObject({ role: "admin", email: member.email });
    const asOwner = await platform.call(`PATCH ${path}`, { as: owner.as, body: { role_id: await roleId(owner, "owner") } });
    expect(asOwner.status).toBe(422);

    const { body } = await platform.call(`GET ${at(owner, "/members?limit=100")}`, { as: member.as });
    const ownerMember = body.data.find((item: { role: string }) => item.role === "owner").id;
    for (const route of [`PATCH ${at(owner, `/members/${ownerMember}`)}`, `DELETE ${at(owner, `/members/${ownerMember}`)}`]) {
      const change = route.startsWith("PATCH") ? { body: { role_id: await roleId(owner, "viewer") } } : {};
      expect(await platform.call(route, { as: member.as, ...change })).toMatchObject({ status: 409, body: { code: "invalid_state" } });
    }
    expect((await platform.call(`DELETE ${path}`, { as: owner.as })).status).toBe(204);
    expect((await platform.call(`GET ${at(owner)}`, { as: member.as })).status).toBe(404);
  });

  it("hand on no more than they hold", async () => {
    const managing = await platform.call(`POST ${at(owner, "/roles")}`, {
      as: owner.as,
      body: { name: "Recruiter", permissions: ["workspace:read", "members:read", "members:manage", "roles:manage", "api_keys:manage"] },
    });
    const recruiter = await join(owner, managing.body.data.name);
    const admin = await join(owner, "admin");
    const adminRole = await roleId(owner, "admin");
    const refused = [
      [`POST ${at(owner, "/invitations")}`, { email: "new@example.test", role_id: adminRole }],
      [`PATCH ${at(owner, `/members/${recruiter.memberId}`)}`, { role_id: adminRole }],
      [`DELETE ${at(owner, `/members/${admin.memberId}`)}`, undefined],
      [`POST ${at(owner, "/roles")}`, { name: "More", permissions: ["apps:delete"] }],
      [`PATCH ${at(owner, `/roles/${managing.body.data.id}`)}`, { permissions: ["apps:delete"] }],
      [`POST ${at(owner, "/api-keys")}`, { name: "k", scopes: ["apps:delete"] }],
    ] as const;
    for (const [route, body] of refused)
      expect(await platform.call(route, { as: recruiter.as, body }), route).toMatchObject({ status: 403, body: { code: "forbidden" } });
  });

  it("can become the owner, who becomes an admin", async () => {
    const host = await platform.signUp("Host");
    const heir = await join(host, "member");
    const transfer = `POST ${at(host, "/transfer-ownership")}`;
    const body = { member_id: heir.memberId };
    expect((await platform.call(transfer, { as: heir.as, body })).status).toBe(403);
    expect((await platform.call(transfer, { as: host.as, body })).body.data).toMatchObject({ role: "admin", is_default: false });
    expect((await platform.call(`GET ${at(host)}`, { as: heir.as })).body.data.role).toBe("owner");
    expect((await platform.call(transfer, { as: host.as, body })).status).toBe(403);
    const { body: mine } = await platform.call("GET /api/v1/workspaces", { as: host.as });
    expect(mine.data.filter((workspace: { is_default: boolean }) => workspace.is_default)).toHaveLength(1);
  });
});

describe("roles", () => {
  it("of the system stay as they are", async () => {
    for (const [method, body] of [
      ["PATCH", { name: "x" }],
      ["DELETE", undefined],
    ] as const) {
      const answer = await platform.call(`${method} ${at(owner, `/roles/${await roleId(owner, "viewer")}`)}`, { as: owner.as, body });
      expect(answer).toMatchObject({ status: 409, body: { code: "invalid_state" } });
    }
  });

  it("are made, changed and removed when nobody has them", async () => {
    const make = { name: "Auditor", permissions: ["audit:read", "workspace:read", "audit:read"] };
    const made = await platform.call(`POST ${at(owner, "/roles")}`, { as: owner.as, body: make });
    expect(made.body.data).toMatchObject({ name: "Auditor", is_system: false, permissions: ["audit:read", "workspace:read"] });
    expect((await platform.call(`POST ${at(owner, "/roles")}`, { as: owner.as, body: make })).status).toBe(409);
    const path = at(owner, `/roles/${made.body.data.id}`);
    const auditor = await join(owner, "Auditor");
    expect((await platform.call(`GET ${at(owner, "/audit-logs")}`, { as: auditor.as })).status).toBe(200);
    await platform.call(`PATCH ${path}`, { as: owner.as, body: { permissions: ["workspace:read"] } });
    expect((await platform.call(`GET ${at(owner, "/audit-logs")}`, { as: auditor.as })).status).toBe(403);
    expect((await platform.call(`DELETE ${path}`, { as: owner.as })).status).toBe(409);
    await platform.call(`DELETE ${at(owner, `/members/${auditor.memberId}`)}`, { as: owner.as });
    expect((await platform.call(`DELETE ${path}`, { as: owner.as })).status).toBe(204);
    expect((await platform.call(`PATCH ${path}`, { as: owner.as, body: { name: "x" } })).status).toBe(404);
  });

  it("refuse permissions that do not exist", async () => {
    const body = { name: "X", permissions: ["apps:read", "apps:everything"] };
    const answer = await platform.call(`POST ${at(owner, "/roles")}`, { as: owner.as, body });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ path: "permissions[1]" }] } });
  });
});

describe("API keys", () => {
  const mint = async (body: object) => (await platform.call(`POST ${at(owner, "/api-keys")}`, { as: owner.as, body })).body.data;
  const bearer = (key: string) => ({ Authorization: `Bearer ${key}` });

  it("act for their workspace alone, within their scopes", async () => {
    const key = await mint({ name: "ci", scopes: ["workspace:read", "members:read"] });
    expect(key.key).toMatch(/^afk_[A-Za-z0-9_-]{43}$/);
    const as = bearer(key.key);
    const mine = await platform.call("GET /api/v1/workspaces", { as });
    expect(mine.body.data).toEqual([
      expect.objectContaining({ id: owner.workspaceId, role: null, permissions: ["workspace:read", "members:read"] }),
    ]);
    expect((await platform.call(`GET ${at(owner, "/members")}`, { as })).status).toBe(200);
    expect((await platform.call(`GET ${at(owner, "/audit-logs")}`, { as })).status).toBe(403);
    const other = await platform.signUp("Elsewhere");
    expect((await platform.call(`GET ${at(other)}`, { as })).status).toBe(404);
    expect((await platform.call("POST /api/v1/workspaces", { as, body: { name: "X" } })).status).toBe(403);
  });

  it("are shown once, and stored as a hash", async () => {
    const key = await mint({ name: "once", scopes: ["apps:read"] });
    const listed = await platform.call(`GET ${at(owner, "/api-keys?limit=100")}`, { as: owner.as });
    const shown = listed.body.data.find((item: { id: string }) => item.id === key.id);
    expect(Object.keys(shown).sort()).toEqual(
      ["id", "name", "preview", "scopes", "created_by", "last_used_at", "expires_at", "revoked_at", "created_at"].sort(),
    );
    const rows = await platform.context().db.execute("SELECT * FROM api_keys");
    expect(JSON.stringify(rows.rows)).not.toContain(key.key);
  });

  it("remember when they were last used, to the minute", async () => {
    const key = await mint({ name: "used", scopes: ["workspace:read"] });
    await platform.call(`GET ${at(owner)}`, { as: bearer(key.key) });
    await platform.settle();
    const { body } = await platform.call(`GET ${at(owner, "/api-keys?limit=100")}`, { as: owner.as });
    const { last_used_at } = body.data.find((item: { id: string }) => item.id === key.id);
    expect(Date.now() - Date.parse(last_used_at)).toBeLessThan(60_000);
  });

  it("end at once when they are revoked or rotated", async () => {
    const key = await mint({ name: "short", scopes: ["workspace:read"] });
    const get = (value: string) => platform.call(`GET ${at(owner)}`, { as: bearer(value) });
    expect((await get(key.key)).status).toBe(200);
    const rotated = await platform.call(`POST ${at(owner, `/api-keys/${key.id}/rotate`)}`, { as: owner.as });
    expect(rotated).toMatchObject({ status: 201, body: { data: { name: "short", scopes: ["workspace:read"], revoked_at: null } } });
    expect((await get(key.key)).status).toBe(401);
    expect((await get(rotated.body.data.key)).status).toBe(200);
    const revoke = `DELETE ${at(owner, `/api-keys/${rotated.body.data.id}`)}`;
    expect((await platform.call(revoke, { as: owner.as })).status).toBe(204);
    expect((await platform.call(revoke, { as: owner.as })).status).toBe(204);
    const refused = await get(rotated.body.data.key);
    expect(refused).toMatchObject({ status: 401, body: { code: "unauthenticated" } });
    expect(refused.headers.get("WWW-Authenticate")).toContain("Bearer");
    const stale = await platform.call(`POST ${at(owner, `/api-keys/${key.id}/rotate`)}`, { as: owner.as });
    expect(stale.status).toBe(409);
  });

  it("expire", async () => {
    const past = { name: "past", scopes: ["apps:read"], expires_at: new Date(Date.now() - 1000).toISOString() };
    expect((await platform.call(`POST ${at(owner, "/api-keys")}`, { as: owner.as, body: past })).status).toBe(422);
    const key = await mint({ name: "soon", scopes: ["workspace:read"], expires_at: new Date(Date.now() + 3_600_000).toISOString() });
    await platform.context().db.execute(`UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE id = '${key.id}'`);
    expect((await platform.call(`GET ${at(owner)}`, { as: bearer(key.key) })).status).toBe(401);
  });

  it.each(["Bearer afk_nope", `Bearer afk_${"A".repeat(43)}`, "Basic YTpi", "Bearer", ""])("are not %s", async (Authorization) => {
    expect((await platform.call("GET /api/v1/workspaces", { as: { Authorization } })).status).toBe(401);
  });
});

describe("secrets", () => {
  it("are set, replaced and removed, and never shown", async () => {
    const set = (value: string) => platform.call(`POST ${at(owner, "/secrets")}`, { as: owner.as, body: { name: "stripe_key", value } });
    const first = await set("sk_one");
    const second = await set("sk_two");
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body.data.id).toBe(first.body.data.id);
    const listed = await platform.call(`GET ${at(owner, "/secrets")}`, { as: owner.as });
    expect(listed.body.data).toEqual([expect.objectContaining({ name: "stripe_key", created_by: owner.userId })]);
    const rows = await platform.context().db.execute("SELECT row_to_json(s) FROM workspace_secrets s");
    for (const value of ["sk_one", "sk_two"]) expect(JSON.stringify([listed.body, rows.rows])).not.toContain(value);

    const { loadSecrets } = await import("#workspace");
    expect(await loadSecrets(platform.context(), owner.workspaceId)).toEqual({ stripe_key: "sk_two" });
    const remove = `DELETE ${at(owner, "/secrets/stripe_key")}`;
    expect((await platform.call(remove, { as: owner.as })).status).toBe(204);
    expect((await platform.call(remove, { as: owner.as })).status).toBe(404);
  });

  it.each([
    ["Upper", "x"],
    ["1st", "x"],
    ["", "x"],
    ["empty", ""],
    ["large", "ä".repeat(8193)],
  ])("refuse %s", async (name, value) => {
    const answer = await platform.call(`POST ${at(owner, "/secrets")}`, { as: owner.as, body: { name, value } });
    expect(answer).toMatchObject({ status: 422, body: { code: "validation_failed" } });
  });
});

it("records what was changed and by whom", async () => {
  const person = await platform.signUp("Watched");
  await platform.call(`PATCH ${at(person)}`, { as: person.as, body: { name: "After" } });
  const { body } = await platform.call(`GET ${at(person, "/audit-logs")}`, { as: person.as });
  expect(body.data.map((entry: { action: string }) => entry.action)).toEqual(["workspace.updated", "workspace.created"]);
  expect(body.data[0]).toMatchObject({
    actor_type: "user",
    actor_id: person.userId,
    actor_name: "Watched",
    before: { name: "Watched's workspace" },
    after: { name: "After" },
    request_id: expect.stringMatching(/^req_/),
  });
});
