import { describe, expect, it } from "vitest";
import { call, echo, type Json, publishApp, signUp } from "./client.ts";

const PROMISE = 5_000;

/** Polls with several clients until `stop`; returns each answer with the moment it arrived. */
function poll(path: string) {
  const seen: { at: number; status: number; said: unknown }[] = [];
  let going = true;
  const client = async () => {
    while (going) {
      const answer = await call(`${path}/runs`, { body: { inputs: { word: "you" } } });
      seen.push({ at: Date.now(), status: answer.status, said: answer.body.data?.outputs?.said });
    }
  };
  const clients = Promise.all([client(), client(), client()]);
  return {
    seen,
    async until(done: () => boolean) {
      while (!done()) await call("/healthz");
      going = false;
      await clients;
    },
  };
}

describe("takedown", () => {
  it("serves nobody later than 5 s after unpublishing was answered", async () => {
    const member = await signUp();
    const app = await publishApp(member, echo("Hello"));
    const polling = poll(app.path);
    await polling.until(() => polling.seen.length > 20);
    const again = poll(app.path);
    const answer = await call(`/api/v1/apps/${app.id}/unpublish`, { headers: member.as, body: {} });
    const answered = Date.now();
    expect(answer.status).toBe(200);
    await again.until(() => Date.now() > answered + PROMISE + 1_500);
    expect(again.seen.filter((one) => one.at > answered + PROMISE && one.status === 200)).toEqual([]);
    const page = await call(app.path, { headers: { Accept: "text/html" } });
    expect(page.status).toBe(410);
    expect(page.body).toMatch(/not available/i);
  });

  it("holds to another access policy, 5 s after at the latest", async () => {
    const member = await signUp();
    const app = await publishApp(member, echo("Hello"));
    const polling = poll(app.path);
    await polling.until(() => polling.seen.length > 20);
    const change = (body: Json) => call(`/api/v1/apps/${app.id}/access-policy`, { method: "PATCH", headers: member.as, body });

    const limited = poll(app.path);
    expect((await change({ rate_limit: { per_app: { max_requests: 1, window_seconds: 86_400 } } })).status).toBe(200);
    const limitedAt = Date.now();
    await limited.until(() => Date.now() > limitedAt + PROMISE + 1_500);
    const late = limited.seen.filter((one) => one.at > limitedAt + PROMISE);
    expect(new Set(late.map(({ status }) => status))).toEqual(new Set([429]));

    const closed = poll(app.path);
    expect((await change({ access_mode: "private" })).status).toBe(200);
    const closedAt = Date.now();
    await closed.until(() => Date.now() > closedAt + PROMISE + 1_500);
    const later = closed.seen.filter((one) => one.at > closedAt + PROMISE);
    expect(later.length).toBeGreaterThan(0);
    expect(later.filter(({ status }) => status === 200 || status === 429)).toEqual([]);
  });

  it("serves the version rolled back to, 5 s after at the latest", async () => {
    const member = await signUp();
    const app = await publishApp(member, echo("First"));
    const saved = await call(`/api/v1/apps/${app.id}/draft`, { method: "PUT", headers: member.as, body: echo("Second") });
    expect(saved.status).toBe(200);
    const published = await call(`/api/v1/apps/${app.id}/publish`, { headers: member.as, body: { changelog: "Says second" } });
    expect(published.status).toBe(200);
    const polling = poll(app.path);
    await polling.until(() => polling.seen.some((one) => one.said === "Second you"));
    const again = poll(app.path);
    const answer = await call(`/api/v1/apps/${app.id}/rollback`, { headers: member.as, body: { version_id: app.versionId } });
    const answered = Date.now();
    expect(answer.status).toBe(200);
    await again.until(() => Date.now() > answered + PROMISE + 1_500);
    const late = again.seen.filter((one) => one.at > answered + PROMISE);
    expect(late.length).toBeGreaterThan(0);
    expect(late.filter((one) => one.said !== "First you")).toEqual([]);
  });
});
