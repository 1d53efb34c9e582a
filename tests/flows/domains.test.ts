import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { apiKey, call, echo, eventually, type Json, type Member, type PublishedApp, publishApp, signUp, stack } from "./client.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

let member: Member;
let app: PublishedApp;
let count = 0;

beforeAll(async () => {
  member = await signUp("Owner");
  app = await publishApp(member, echo("Hello", { name: "Shop" }));
});

function newHost(): string {
  count += 1;
  return `shop-${Date.now()}-${count}.example.test`;
}

function domains(method: string, path = "", body?: unknown, appId = app.id) {
  return call(`/api/v1/apps/${appId}/domains${path}`, { method, headers: member.as, ...(body === undefined ? {} : { body }) });
}

async function add(hostname: string, more: object = {}): Promise<Json> {
  const { status, body } = await domains("POST", "", { hostname, ...more });
  if (status !== 201) throw new Error(`adding answered ${status}: ${JSON.stringify(body)}`);
  return body.data;
}

/** Sets a record in the local DNS, or takes it out. */
async function dns(method: "POST" | "DELETE", record: object): Promise<void> {
  const answer = await fetch(stack().dnsRecords, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(record) });
  if (!answer.ok) throw new Error(`DNS answered ${answer.status}: ${await answer.text()}`);
}

const plant = ({ name, type, value }: Json) => dns("POST", { name, type, data: value });
const recordFor = (domain: Json, purpose: string, type: string): Json =>
  domain.records.find((record: Json) => record.purpose === purpose && record.type === type && !record.name.startsWith("_cf-"));

/** Asks for a check, as often as that may be asked, until the domain is in this state. */
function checkedUntil(id: string, status: string): Promise<Json> {
  return eventually(
    async () => {
      await domains("POST", `/${id}/verify`, {});
      return (await domains("GET", `/${id}`)).body.data;
    },
    (domain) => domain.status === status,
    60_000,
  );
}

interface Answer {
  readonly status: number;
  readonly location: string | undefined;
  readonly text: string;
}

/** A visitor's request at a host, sent to the stack's own port. */
function visit(host: string, path = "/schema"): Promise<Answer> {
  const { hostname, port } = new URL(stack().api);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, headers: { Host: host } }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, location: response.headers.location, text: Buffer.concat(chunks).toString() }),
      );
    });
    sent.on("error", reject);
    sent.end();
  });
}

/** What must hold everywhere within five seconds. */
const soon = (host: string, done: (answer: Answer) => boolean, path?: string) => eventually(() => visit(host, path), done, 5_000);

describe("a custom domain", () => {
  it("is claimed, proved, certified, served within five seconds, and gone within five seconds of its removal", async () => {
    const host = newHost();
    const domain = await add(host);
    expect(domain).toMatchObject({ hostname: host, status: "pending", next_step: { code: "add_ownership_record" }, version_id: null });
    const [proof, routing] = [recordFor(domain, "ownership", "TXT"), recordFor(domain, "routing", "CNAME")];
    expect(proof).toMatchObject({ name: `_agentflow.${host}`, value: domain.verification.value });
    expect(routing).toMatchObject({ name: host, value: expect.stringMatching(/\.customers\.agentflow\.test$/) });
    expect((await visit(host)).status).toBe(421);

    await plant(proof);
    const owned = await checkedUntil(domain.id, "verifying");
    expect(owned.checks.ownership.state).toBe("passed");
    expect(owned.verified_at).not.toBeNull();
    expect((await visit(host)).status).toBe(421);

    await plant(routing);
    const active = await checkedUntil(domain.id, "active");
    const answer = await soon(host, ({ status }) => status === 200);
    expect(JSON.parse(answer.text)).toMatchObject({ data: { name: "Shop" } });
    expect(active).toMatchObject({
      next_step: null,
      checks: { routing: { state: "passed" }, hostname: { status: "active" }, certificate: { status: "active" } },
    });
    expect(Date.parse(active.checks.certificate.expires_at)).toBeGreaterThan(Date.now() + 80 * 86_400_000);
    expect((await visit(host, app.path)).status).toBe(404);
    expect((await visit(host, "/api/v1/workspaces")).status).toBe(404);

    expect((await domains("DELETE", `/${domain.id}`)).status).toBe(204);
    await soon(host, ({ status }) => status === 421);
    await eventually(
      async () => JSON.stringify(await (await fetch(`${stack().cloudflare}/hostnames`)).json()),
      (held) => !held.includes(host),
      90_000,
    );
  });

  it("is proved and led here by one record, redirects to the canonical one, and is switched and switched back", async () => {
    const [host, other] = [newHost(), newHost()];
    const first = await add(host);
    await plant(recordFor(first, "routing", "CNAME"));
    await checkedUntil(first.id, "active");
    await soon(host, ({ status }) => status === 200);
    const second = await add(other);
    await plant(recordFor(second, "routing", "CNAME"));
    await checkedUntil(second.id, "active");
    expect((await domains("PATCH", `/${first.id}`, { canonical: true })).status).toBe(200);
    expect((await domains("PATCH", `/${second.id}`, { redirect: true })).body.data.redirect_to).toBe(host);
    const { port } = new URL(stack().api);
    const redirected = await soon(`${other}:${port}`, ({ status }) => status === 308, "/schema?a=1");
    expect(redirected.location).toBe(`http://${host}:${port}/schema?a=1`);

    const replacement = await publishApp(member, echo("Bye", { name: "Replacement" }));
    const switched = await domains("POST", `/${first.id}/activate`, { app_id: replacement.id });
    expect(switched.body.data).toMatchObject({ app_id: replacement.id, previous: { app_id: app.id } });
    await soon(host, ({ text }) => text.includes('"name":"Replacement"'));
    const back = await domains("POST", `/${first.id}/rollback`, {}, replacement.id);
    expect(back.body.data).toMatchObject({ app_id: app.id, previous: null });
    await soon(host, ({ text }) => text.includes('"name":"Shop"'));

    expect((await domains("POST", `/${first.id}/rollback`, {})).body.data.status).toBe("verified");
    await soon(host, ({ status }) => status === 421);
    await domains("POST", `/${first.id}/activate`, {});
    await checkedUntil(first.id, "active");
    await soon(host, ({ status }) => status === 200);
  });

  it("says what is wrong, and believes nobody else's proof", async () => {
    const host = newHost();
    const domain = await add(host);
    await dns("POST", { name: `_agentflow.${host}`, type: "TXT", data: "agentflow-of-somebody-else" });
    const wrong = await checkedUntil(domain.id, "action_needed");
    expect(wrong.next_step.code).toBe("fix_ownership_record");
    expect(recordFor(wrong, "ownership", "TXT")).toMatchObject({ state: "wrong", found: ["agentflow-of-somebody-else"] });
    const stranger = await signUp("Stranger");
    const theirs = await publishApp(stranger, echo("Theirs"));
    const taken = await call(`/api/v1/apps/${theirs.id}/domains`, { headers: stranger.as, body: { hostname: host.toUpperCase() } });
    expect([taken.status, taken.body.code]).toEqual([409, "conflict"]);
    expect((await call(`/api/v1/apps/${app.id}/domains/${domain.id}/verify`, { headers: stranger.as, body: {} })).status).toBe(404);
  });

  it("tells how many there may be", async () => {
    const { status, body } = await call(`/api/v1/workspaces/${member.workspace.id}/domains/quota`, { headers: member.as });
    expect(status).toBe(200);
    expect(body.data).toMatchObject({ allocated: 100, exceeded: false, source: "cloudflare" });
  });
});

it("is served here as docs/local-stack.md says", async () => {
  const text = readFileSync(`${ROOT}docs/local-stack.md`, "utf8");
  const code = /```sh\n([\s\S]*?)```/.exec(text.slice(text.indexOf("## A domain on this machine")))?.[1];
  const key = await apiKey(member, ["apps:read", "domains:manage"]);
  const { stdout } = await promisify(execFile)("bash", ["-euo", "pipefail", "-c", code ?? "exit 1"], {
    cwd: ROOT,
    env: {
      ...process.env,
      AGENTFLOW: stack().api,
      RECORDS: stack().dnsRecords,
      APP: app.id,
      KEY: key.Authorization.replace("Bearer ", ""),
    },
  });
  expect(stdout).toContain('"name":"Shop"');
  expect(stdout.trimEnd()).toMatch(/421$/);
});
