import { describe, expect, it } from "vitest";
import { STAND_IN_KEYS, standInToken } from "../../dev/turnstile/server.ts";
import { type Answer, call, echo, eventually, type Json, type Member, platformRows, publishApp, signUp, stack } from "./client.ts";

const PROMISE = 5_000;
const WORD = { inputs: { word: "you" } };

function rule(member: Member, body: Json): Promise<Answer> {
  return call(`/api/v1/workspaces/${member.workspace.id}/visitor-rules`, { headers: member.as, body });
}

/** A visitor who keeps the session, and proves to be human where a token is given. */
function run(path: string, session: string | null = null, captcha_token?: string): Promise<Answer> {
  const headers: Record<string, string> = session === null ? {} : { "X-App-Session-Id": session };
  return call(`${path}/runs`, { body: { ...WORD, captcha_token }, headers });
}

function sessionOf({ headers }: Answer): string {
  return headers.get("X-App-Session-Id") ?? "";
}

let tokens = 0;

function solved(appId: string): string {
  tokens += 1;
  return standInToken({ hostname: new URL(stack().api).hostname, action: appId, at: Date.now(), id: `${process.pid}-${tokens}` });
}

describe("a rule about visitors", () => {
  it("holds everywhere 5 s after it was answered, for those it names alone, until it ends", async () => {
    const member = await signUp();
    const app = await publishApp(member, echo("Hello"));
    const [mallory, alice] = [await run(app.path), await run(app.path)].map(sessionOf);
    const [{ session_id } = { session_id: "" }] = await eventually(
      () => platformRows<{ session_id: string }>("SELECT session_id FROM executions WHERE app_id = $1 ORDER BY id LIMIT 1", [app.id]),
      (rows) => rows.length === 1,
    );
    const denied = await rule(member, { app_id: app.id, kind: "deny", match: { session: session_id }, reason: "Mallory" });
    const answered = Date.now();
    expect(denied.status).toBe(201);
    const seen: { at: number; status: number }[] = [];
    while (Date.now() < answered + PROMISE + 1_000) seen.push({ at: Date.now(), status: (await run(app.path, mallory)).status });
    expect(seen.filter(({ at, status }) => at > answered + PROMISE && status !== 403)).toEqual([]);
    expect(await run(app.path, mallory)).toMatchObject({ status: 403, body: { code: "blocked" } });
    const page = await call(app.path, { headers: { Accept: "text/html", "X-App-Session-Id": mallory ?? "" } });
    expect([page.status, /cannot be used from where you are/.test(page.body)]).toEqual([403, true]);
    expect((await run(app.path, alice)).status).toBe(200);
    const path = `/api/v1/workspaces/${member.workspace.id}/visitor-rules/${denied.body.data.id}`;
    expect((await call(path, { method: "DELETE", headers: member.as })).status).toBe(204);
    await eventually(
      () => run(app.path, mallory),
      ({ status }) => status === 200,
      PROMISE,
    );
  });
});

describe("a captcha", () => {
  it("is asked for once, of people alone, on pages that may show it", async () => {
    const member = await signUp();
    const { access_policy } = echo("Hello");
    const app = await publishApp(member, echo("Hello", { access_policy: { ...access_policy, require_captcha: true } }));
    const asked = await run(app.path);
    expect([asked.status, asked.body.code]).toEqual([403, "captcha_required"]);
    const { captcha } = asked.body;
    expect(captcha).toMatchObject({ site_key: STAND_IN_KEYS.siteKey, action: app.id });
    const widget = await fetch(captcha.script);
    expect(await widget.text()).toContain("turnstile");
    const page = await call(app.path, { headers: { Accept: "text/html" } });
    expect(page.headers.get("Content-Security-Policy")).toContain(`frame-src ${new URL(captcha.script).origin}`);
    const other = await publishApp(member, echo("Hello"));
    const plain = await call(other.path, { headers: { Accept: "text/html" } });
    expect(plain.headers.get("Content-Security-Policy")).not.toContain("frame-src");

    const token = solved(app.id);
    const passed = await run(app.path, null, token);
    expect(passed.status).toBe(200);
    expect((await run(app.path, sessionOf(passed))).status).toBe(200);
    expect((await run(app.path, null, token)).body.code).toBe("captcha_required");
    expect((await run(app.path, null, solved(other.id))).body.code).toBe("captcha_required");
  });
});

describe("the watch over an app's traffic", () => {
  it("asks a network that runs the app too often to prove to be human, and tells its members", async () => {
    const member = await signUp();
    const { access_policy } = echo("Hello");
    const anomaly = { frequency: { max_runs: 5, window_seconds: 600, action: "challenge", duration_seconds: 600 } };
    const app = await publishApp(member, echo("Hello", { access_policy: { ...access_policy, anomaly } }));
    const last = await eventually(
      () => run(app.path),
      ({ status }) => status !== 200,
    );
    expect(last.body.code).toBe("captcha_required");
    expect((await run(app.path, null, solved(app.id))).status).toBe(200);
    const events = await call(`/api/v1/workspaces/${member.workspace.id}/runtime-events`, { headers: member.as });
    expect(events.body.data).toMatchObject([{ app_id: app.id, type: "anomaly.frequency", payload: { effect: "challenge" } }]);
  });
});
