import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { once } from "./idempotency.ts";
import { type Call, type Person, type Platform, startPlatform } from "./testing/platform.ts";

let platform: Platform;
let person: Person;
let keys = 0;
beforeAll(async () => {
  platform = await startPlatform();
  person = await platform.signUp();
}, 60_000);
afterAll(() => platform.stop());

const nextKey = () => `key-${++keys}`;
const post = (key: string, call: Call = {}, path = "api-keys") =>
  platform.call(`POST /api/v1/workspaces/${person.workspaceId}/${path}`, { as: person.as, ...call, headers: { "Idempotency-Key": key } });
const body = { name: "ci", scopes: ["apps:read"] };

describe("a repeated POST", () => {
  it("gets the first answer again, and changes nothing", async () => {
    const key = nextKey();
    const first = await post(key, { body });
    const again = await post(key, { body });
    expect(first.status).toBe(201);
    expect(first.headers.get("Idempotency-Replayed")).toBeNull();
    expect([again.status, again.body]).toEqual([201, first.body]);
    expect(again.headers.get("Idempotency-Replayed")).toBe("true");
    expect(again.headers.get("X-Request-Id")).not.toBe(first.headers.get("X-Request-Id"));
    const rows = await platform.context().db.execute("SELECT row_to_json(k) FROM idempotency_keys k");
    expect(JSON.stringify(rows.rows)).not.toContain(first.body.data.key);
  });

  it("runs once when it comes many times at the same time", async () => {
    const key = nextKey();
    const call = { body: { name: "racing", scopes: ["apps:read"] } };
    const answers = await Promise.all(Array.from({ length: 8 }, () => post(key, call)));
    const made = answers.filter(({ status }) => status === 201);
    expect(new Set(made.map((answer) => answer.body.data.id)).size).toBe(1);
    expect(answers.filter(({ status }) => status !== 201).map((answer) => answer.body.code)).toEqual(
      answers.slice(made.length).map(() => "idempotency_in_progress"),
    );
    const listed = await platform.call(`GET /api/v1/workspaces/${person.workspaceId}/api-keys?limit=100`, { as: person.as });
    expect(listed.body.data.filter((item: { name: string }) => item.name === "racing")).toHaveLength(1);
  });

  it("gets the first refusal again", async () => {
    const key = nextKey();
    const first = await post(key, { body: { name: "" } });
    const again = await post(key, { body: { name: "" } });
    expect(first.status).toBe(422);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get("Content-Type")).toBe("application/problem+json");
  });

  it("is refused with another body", async () => {
    const key = nextKey();
    await post(key, { body });
    expect(await post(key, { body: { ...body, name: "other" } })).toMatchObject({ status: 422, body: { code: "idempotency_key_reused" } });
  });

  it("is another one at another address or from another caller", async () => {
    const key = nextKey();
    const other = await platform.signUp("Other");
    expect((await post(key, { body })).status).toBe(201);
    expect((await post(key, { body: { name: "x", value: "x" } }, "secrets")).status).toBe(201);
    expect((await post(key, { body, as: other.as })).status).toBe(404);
  });

  it.each(["", " ", "ä", "x".repeat(256)])("needs a proper key, not %j", async (key) => {
    expect(await post(key, { body })).toMatchObject({ status: 422, body: { errors: [{ path: "Idempotency-Key" }] } });
  });
});

describe("a request that did not finish", () => {
  const request = new Request("http://127.0.0.1:8787/api/v1/things", { method: "POST" });
  const at = (now: number) => platform.context({ now: () => now });
  const as = (now: number) => Object.create(at(now), { actor: { value: { type: "user", userId: person.userId, email: "", name: "" } } });
  const answer =
    (text: string, status = 201) =>
    async () =>
      Response.json({ text }, { status });
  const run = (key: string, now: number, work: () => Promise<Response>) => once(as(now), request, { key, body: new Uint8Array() }, work);
  const start = Date.UTC(2026, 0, 1);

  it("holds its key for a minute, after which the same request may run", async () => {
    const key = nextKey();
    const begun = Promise.withResolvers<void>();
    const slow = Promise.withResolvers<Response>();
    const stuck = run(key, start, () => {
      begun.resolve();
      return slow.promise;
    });
    await begun.promise;
    await expect(run(key, start + 59_000, answer("early"))).rejects.toMatchObject({ code: "idempotency_in_progress", retryAfter: 1 });
    expect(await (await run(key, start + 60_000, answer("second"))).json()).toEqual({ text: "second" });
    // What the first one says at last reaches its own caller only.
    slow.resolve(Response.json({ text: "first" }, { status: 201 }));
    expect(await (await stuck).json()).toEqual({ text: "first" });
    expect(await (await run(key, start + 61_000, answer("third"))).json()).toEqual({ text: "second" });
  });

  it("gives its key back when it fails, so that it can be tried again", async () => {
    const key = nextKey();
    const fails = () => Promise.reject(new Error("broken"));
    await expect(run(key, start, fails)).rejects.toThrow("broken");
    expect((await run(key, start, answer("unavailable", 503))).status).toBe(503);
    expect(await (await run(key, start, answer("works"))).json()).toEqual({ text: "works" });
  });

  it("is forgotten after a day", async () => {
    const key = nextKey();
    await run(key, start, answer("old"));
    expect(await (await run(key, start + 86_399_000, answer("new"))).json()).toEqual({ text: "old" });
    expect(await (await run(key, start + 86_400_000, answer("new"))).json()).toEqual({ text: "new" });
  });
});
