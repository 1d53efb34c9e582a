import { describe, expect, it } from "vitest";
import { call, echo, eventually, type Json, platformRows, publishApp, signUp } from "./client.ts";

describe("admission", () => {
  it("admits exactly 10 of 100 simultaneous requests under 10 a minute, and bills nothing else", async () => {
    const member = await signUp();
    const app = await publishApp(
      member,
      echo("Hello", {
        access_policy: {
          access_mode: "public_anonymous",
          rate_limit: { per_ip: { max_requests: 10, window_seconds: 60 }, per_session: null, per_app: null },
          allowed_origins: ["*"],
          require_captcha: false,
        },
      }),
    );
    const answers = await Promise.all(Array.from({ length: 100 }, () => call(`${app.path}/runs`, { body: { inputs: { word: "you" } } })));
    const admitted = answers.filter((answer) => answer.status === 200);
    const refused = answers.filter((answer) => answer.status === 429);
    expect(answers.filter(({ status }) => status !== 200 && status !== 429).map(({ status, body }): Json => [status, body])).toEqual([]);
    expect([admitted.length, refused.length]).toEqual([10, 90]);
    for (const answer of refused) {
      expect(answer.body).toMatchObject({ code: "rate_limited", status: 429 });
      expect(Number(answer.headers.get("Retry-After"))).toBeGreaterThanOrEqual(1);
      expect(Number(answer.headers.get("Retry-After"))).toBeLessThanOrEqual(60);
      expect(answer.headers.get("RateLimit")).toMatch(/"per_ip";r=0;t=\d+/);
      expect(answer.headers.get("RateLimit-Policy")).toContain('"per_ip";q=10;w=60');
    }
    const requests = () =>
      platformRows<{ n: number }>("SELECT count(*)::int AS n FROM billing_usage_events WHERE workspace_id = $1 AND meter = 'requests'", [
        member.workspace.id,
      ]);
    await eventually(requests, ([row]) => row?.n === 10);
    const quota = await eventually(
      () => call(`/api/v1/workspaces/${member.workspace.id}/quota`, { headers: member.as }),
      (answer) => answer.body.data.meters.requests.used === 10,
    );
    expect(quota.status).toBe(200);
  });

  it("charges nothing for a request that is not valid", async () => {
    const member = await signUp();
    const app = await publishApp(member, echo("Hello"));
    const refused = await call(`${app.path}/runs`, { body: { inputs: {} } });
    expect(refused.status).toBe(422);
    expect(refused.body.errors).toContainEqual(expect.objectContaining({ path: "inputs.word" }));
    expect((await call(`${app.path}/runs`, { body: { inputs: { word: "you" } } })).status).toBe(200);
    await eventually(
      () => call(`/api/v1/workspaces/${member.workspace.id}/quota`, { headers: member.as }),
      (answer) => answer.body.data.meters.requests.used === 1,
    );
  });
});
