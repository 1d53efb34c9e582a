import { connect } from "node:net";
import { beforeAll, describe, expect, it } from "vitest";
import { bindHostname, call, echo, type Json, type Member, type PublishedApp, publishApp, signUp, stack } from "./client.ts";

/*
 * What can be written where a request names its host, byte by byte as somebody hostile writes it, sent to the Worker: it reaches
 * the app of that very host, or nothing; never another tenant, never the members' API.
 */

const stamp = Date.now();
const OWN = `own-${stamp}.example.test`;
const OTHERS = `others-${stamp}.example.test`;
const PENDING = `pending-${stamp}.example.test`;

let owner: Member;
let stranger: Member;
let own: PublishedApp;
let platform: string;

beforeAll(async () => {
  [owner, stranger] = await Promise.all([signUp("Owner"), signUp("Stranger")]);
  const [first, theirs] = await Promise.all([
    publishApp(owner, echo("Mine", { name: "Own app" })),
    publishApp(stranger, echo("Theirs", { name: "Secret app" })),
  ]);
  own = first;
  platform = new URL(stack().api).host;
  await bindHostname(owner, own.id, OWN);
  await bindHostname(stranger, theirs.id, OTHERS);
  const claimed = await call(`/api/v1/apps/${own.id}/domains`, { headers: owner.as, body: { hostname: PENDING } });
  expect(claimed.status).toBe(201);
});

interface Reply {
  /** 0 when the connection was closed without an answer. */
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** Sends these very bytes and reads all that comes back until the server closes the connection. */
function send(request: string): Promise<Reply> {
  const { hostname, port } = new URL(stack().api);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    const chunks: Buffer[] = [];
    socket.setTimeout(20_000, () => socket.destroy(new Error("no answer")));
    socket.on("error", (error: NodeJS.ErrnoException) => (error.code === "ECONNRESET" ? resolve(read("")) : reject(error)));
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("close", () => resolve(read(Buffer.concat(chunks).toString())));
    socket.end(request);
  });
}

function read(text: string): Reply {
  const [head = "", ...rest] = text.split("\r\n\r\n");
  return { status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0), head, body: rest.join("\r\n\r\n") };
}

interface Attempt {
  readonly target?: string;
  readonly hosts?: readonly string[];
  readonly headers?: readonly string[];
  readonly version?: "1.0" | "1.1";
}

/** A request with the member's own cookie, which makes the members' API answer if it is reached. */
function attempt({ target = "/schema", hosts = [OWN], headers = [], version = "1.1" }: Attempt): Promise<Reply> {
  const lines = [
    `GET ${target} HTTP/${version}`,
    ...hosts.map((host) => `Host: ${host}`),
    `Cookie: ${owner.cookie}`,
    "Accept: application/json",
    "Connection: close",
    ...headers,
  ];
  return send(`${lines.join("\r\n")}\r\n\r\n`);
}

/**
 * What an answer is of: of the owner's app, or of nothing. Anything else is a breach, and is shown. What has no request id was
 * turned away by the server's own parser, before the Worker.
 */
function reached({ status, head, body }: Reply): string {
  const ofWorker = /^x-request-id: /im.test(head);
  if (status >= 400 && (!ofWorker || status < 500)) return "nothing";
  if (status === 0) return "nothing";
  const name: Json = status === 200 && body.includes('"name":"Own app"') ? "own" : null;
  return name ?? `${status} ${body.slice(0, 200)}`;
}

describe("a request for a host", () => {
  it("reaches its app, the other one's, and the API, each where it is", async () => {
    expect(reached(await attempt({}))).toBe("own");
    expect((await attempt({ hosts: [OTHERS] })).body).toContain('"name":"Secret app"');
    const api = await attempt({ hosts: [platform], target: "/api/v1/workspaces" });
    expect([api.status, api.body.includes(owner.workspace.id)]).toEqual([200, true]);
  });

  // [what it tries, the request, whether it reaches the own app or nothing]
  const cases: readonly (readonly [string, () => Attempt, "own" | "nothing"])[] = [
    ["a port", () => ({ hosts: [`${OWN}:8443`] }), "own"],
    ["a port that is none", () => ({ hosts: [`${OWN}:99999`] }), "nothing"],
    ["a port of letters", () => ({ hosts: [`${OWN}:http`] }), "nothing"],
    ["an empty port", () => ({ hosts: [`${OWN}:`] }), "own"],
    ["the platform's port", () => ({ hosts: [`${OWN}:${platform.split(":")[1]}`] }), "own"],
    ["a dot at the end", () => ({ hosts: [`${OWN}.`] }), "own"],
    ["two dots at the end", () => ({ hosts: [`${OWN}..`] }), "nothing"],
    ["upper case", () => ({ hosts: [OWN.toUpperCase()] }), "own"],
    ["a list of hosts", () => ({ hosts: [`${OWN},${OTHERS}`] }), "nothing"],
    ["a list with spaces", () => ({ hosts: [`${OWN}, ${OTHERS}`] }), "nothing"],
    ["a semicolon", () => ({ hosts: [`${OWN};${OTHERS}`] }), "nothing"],
    ["a slash in the host", () => ({ hosts: [`${OWN}/${OTHERS}`] }), "nothing"],
    ["a path of the API in the host", () => ({ hosts: [`${OWN}/api/v1/workspaces?`], target: "/" }), "nothing"],
    ["a backslash", () => ({ hosts: [`${OWN}\\${OTHERS}`] }), "nothing"],
    ["userinfo", () => ({ hosts: [`${platform}@${OTHERS.replace("others", "nobody")}`] }), "nothing"],
    ["a fragment", () => ({ hosts: [`${OTHERS.replace("others", "nobody")}#.${OWN}`] }), "nothing"],
    ["a percent-encoded letter", () => ({ hosts: [OWN.replace("own", "%6fwn")] }), "own"],
    ["a percent-encoded end", () => ({ hosts: [`${OWN}%00.evil.test`] }), "nothing"],
    ["a space before", () => ({ hosts: [`  ${OWN}`] }), "own"],
    ["a tab after", () => ({ hosts: [`${OWN}\t`] }), "own"],
    ["a name below it", () => ({ hosts: [`a.${OWN}`] }), "nothing"],
    ["a name above it", () => ({ hosts: ["example.test"] }), "nothing"],
    ["a name that ends with it", () => ({ hosts: [`evil${OWN}`] }), "nothing"],
    ["a claim that is not active", () => ({ hosts: [PENDING] }), "nothing"],
    ["letters that look alike", () => ({ hosts: [OWN.replace("own", "оwn")] }), "nothing"],
    ["no host", () => ({ hosts: [], version: "1.1" }), "nothing"],
    ["no host, as HTTP/1.0 may", () => ({ hosts: [], version: "1.0" }), "nothing"],
    ["an empty host", () => ({ hosts: [""] }), "nothing"],
    ["two hosts, the other one second", () => ({ hosts: [OWN, OTHERS] }), "nothing"],
    ["two hosts, the platform second", () => ({ hosts: [OWN, platform], target: "/api/v1/workspaces" }), "nothing"],
    ["two hosts that are the same", () => ({ hosts: [OWN, OWN] }), "nothing"],
    ["an address", () => ({ hosts: ["192.0.2.1"] }), "nothing"],
    ["an address of IPv6", () => ({ hosts: ["[::1]"] }), "nothing"],
    ["the platform at another port", () => ({ hosts: ["127.0.0.1:1"], target: "/api/v1/workspaces" }), "nothing"],
    ["the platform without its port", () => ({ hosts: ["localhost"], target: "/api/v1/workspaces" }), "nothing"],
    ["a target in absolute form", () => ({ target: `http://${OWN}/schema`, hosts: [OWN] }), "own"],
    ["the other one in absolute form", () => ({ target: `http://${OTHERS}/api/v1/workspaces`, hosts: [OWN] }), "nothing"],
    ["the API in absolute form", () => ({ target: "http://127.0.0.1:1/api/v1/workspaces", hosts: [OWN] }), "nothing"],
    ["userinfo in absolute form", () => ({ target: `http://${platform}@${OWN}/api/v1/workspaces`, hosts: [OWN] }), "nothing"],
    ["X-Forwarded-Host, the other one", () => ({ headers: [`X-Forwarded-Host: ${OTHERS}`] }), "own"],
    ["X-Forwarded-Host, the platform", () => ({ headers: [`X-Forwarded-Host: ${platform}`], target: "/api/v1/workspaces" }), "nothing"],
    ["Forwarded", () => ({ headers: [`Forwarded: for=127.0.0.1;host=${OTHERS};proto=https`] }), "own"],
    ["X-Original-URL", () => ({ headers: ["X-Original-URL: /api/v1/workspaces", "X-Rewrite-URL: /api/v1/workspaces"] }), "own"],
    ["a header that folds into the host", () => ({ hosts: [`${OWN}\r\n ${OTHERS}`] }), "nothing"],
    ["the API", () => ({ target: "/api/v1/workspaces" }), "nothing"],
    ["sign-in", () => ({ target: "/api/auth/get-session" }), "nothing"],
    ["the hand-off", () => ({ target: "/auth/hand-off?code=x" }), "nothing"],
    ["the API's description", () => ({ target: "/openapi.json" }), "nothing"],
    ["the health of the platform", () => ({ target: "/healthz" }), "nothing"],
    ["an app by its slug", () => ({ target: `${own.path}/schema` }), "nothing"],
    ["the demo app by its slug", () => ({ target: "/demo/lead-desk/schema" }), "nothing"],
    ["the API, percent-encoded", () => ({ target: "/%61%70%69/v1/workspaces" }), "nothing"],
    ["the API by way of dots", () => ({ target: "/schema/../api/v1/workspaces" }), "nothing"],
    ["the API by way of encoded dots", () => ({ target: "/schema/%2e%2e/api/v1/workspaces" }), "nothing"],
    ["two slashes", () => ({ target: `//${OTHERS}/schema` }), "nothing"],
    ["a backslash in the path", () => ({ target: "/\\api/v1/workspaces" }), "nothing"],
  ];

  it.each(cases)("with %s", async (_what, request, expected) => {
    expect(reached(await attempt(request()))).toBe(expected);
  });
});
