import { readFileSync } from "node:fs";
import { createParser } from "eventsource-parser";
import pg from "pg";
import { inject } from "vitest";

export const stack = () => inject("stack");

// biome-ignore lint/suspicious/noExplicitAny: answers are checked by what the tests assert of them
export type Json = any;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Json;
}

export interface Call {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

/** One request to the stack; a body that is not a string is sent as JSON. */
export async function call(path: string, { method, body, headers = {} }: Call = {}): Promise<Answer> {
  const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(new URL(path, stack().api), {
    method: method ?? (body === undefined ? "GET" : "POST"),
    headers: { ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...headers },
    ...(text === undefined ? {} : { body: text }),
    redirect: "manual",
  });
  const answer = await response.text();
  const isJson = /json/.test(response.headers.get("Content-Type") ?? "");
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(answer) : answer };
}

let people = 0;

export interface Member {
  readonly email: string;
  readonly cookie: string;
  readonly workspace: { readonly id: string; readonly slug: string };
  readonly as: { readonly Cookie: string };
}

/** A new user, signed up through the API, with the default workspace. */
export async function signUp(name = "Ada"): Promise<Member> {
  people += 1;
  const email = `${name.toLowerCase()}-${process.pid}-${people}-${Date.now()}@example.test`;
  const answer = await call("/api/auth/sign-up/email", { body: { name, email, password: "correct horse battery" } });
  if (answer.status !== 200) throw new Error(`sign-up answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  const cookie = answer.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
  const { body } = await call("/api/v1/workspaces", { headers: { Cookie: cookie } });
  return { email, cookie, workspace: body.data[0], as: { Cookie: cookie } };
}

/** A key of the member's workspace, as request headers. */
export async function apiKey(member: Member, scopes: readonly string[]): Promise<{ Authorization: string }> {
  const { status, body } = await call(`/api/v1/workspaces/${member.workspace.id}/api-keys`, {
    headers: member.as,
    body: { name: "test", scopes },
  });
  if (status !== 201) throw new Error(`creating a key answered ${status}: ${JSON.stringify(body)}`);
  return { Authorization: `Bearer ${body.data.key}` };
}

/** The contract's own manifest, fresh for each caller to change. */
export function leadDesk(): Json {
  return JSON.parse(readFileSync(new URL("../../dev/demo/lead-desk.json", import.meta.url), "utf8"));
}

export interface PublishedApp {
  readonly id: string;
  readonly slug: string;
  readonly path: string;
  readonly versionId: string;
}

/** Creates an app from a manifest and publishes it. */
export async function publishApp(member: Member, manifest: Json): Promise<PublishedApp> {
  const created = await call(`/api/v1/workspaces/${member.workspace.id}/apps`, { headers: member.as, body: manifest });
  if (created.status !== 201) throw new Error(`creating answered ${created.status}: ${JSON.stringify(created.body)}`);
  const published = await call(`/api/v1/apps/${created.body.data.id}/publish`, { headers: member.as, body: {} });
  if (published.status !== 200) throw new Error(`publishing answered ${published.status}: ${JSON.stringify(published.body)}`);
  const { id, slug, current_version } = published.body.data;
  return { id, slug, path: `/${member.workspace.slug}/${slug}`, versionId: current_version.id };
}

/** A hostname that is active for an app, as if all had been proved. Nobody checks it again, nor ends a check that is under way. */
export async function bindHostname(member: Member, appId: string, hostname: string): Promise<void> {
  const { status, body } = await call(`/api/v1/apps/${appId}/domains`, { headers: member.as, body: { hostname } });
  if (status !== 201) throw new Error(`claiming answered ${status}: ${JSON.stringify(body)}`);
  await platformRows(
    `UPDATE app_domains SET status = 'active', verified_at = now(), next_check_at = NULL, checking_until = now() + interval '1 year'
     WHERE id = $1`,
    [body.data.id],
  );
}

/** A manifest that only computes: no model, no database. */
export function echo(text: string, changes: Json = {}): Json {
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
    access_policy: {
      access_mode: "public_anonymous",
      rate_limit: { per_ip: null, per_session: null, per_app: null },
      allowed_origins: ["*"],
      require_captcha: false,
    },
    ...changes,
  };
}

/** Runs `work` with a connection to one database of the embedded server, as its administrator or another role. */
export async function withDatabase<T>(database: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const address = new URL(stack().postgres);
  address.pathname = `/${database}`;
  const client = new pg.Client({ connectionString: address.href });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Rows of the platform database. */
export function platformRows<Row extends pg.QueryResultRow>(sql: string, values: readonly unknown[]): Promise<Row[]> {
  return withDatabase("agentflow", async (client) => (await client.query<Row>(sql, [...values])).rows);
}

/** Asks again until `done` holds: for what is recorded after the answer. Fails when it does not within `patience` ms. */
export async function eventually<T>(read: () => Promise<T>, done: (value: T) => boolean, patience = 30_000): Promise<T> {
  const deadline = Date.now() + patience;
  for (;;) {
    const value = await read();
    if (done(value)) return value;
    if (Date.now() > deadline) throw new Error(`not reached within ${patience} ms; last: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Runs `count` tasks with at most `width` under way at once. */
export async function inParallel<T>(count: number, width: number, task: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const lane = async () => {
    for (let index = next++; index < count; index = next++) results[index] = await task(index);
  };
  await Promise.all(Array.from({ length: width }, lane));
  return results;
}

export interface SseEvent {
  readonly id: string;
  readonly event: string;
  readonly data: Json;
}

/** Starts a run as a stream and reads it to its end. */
export async function stream(
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; events: SseEvent[] }> {
  const response = await fetch(new URL(path, stack().api), {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "text/event-stream", ...headers },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  const blocks = text.split("\n\n").filter((block) => block.includes("data:"));
  const field = (block: string, name: string) =>
    block
      .split("\n")
      .filter((line) => line.startsWith(`${name}:`))
      .map((line) => line.slice(name.length + 1).trim())
      .join("\n");
  const events = blocks.map((block) => ({ id: field(block, "id"), event: field(block, "event"), data: JSON.parse(field(block, "data")) }));
  return { status: response.status, events };
}

/** Reads events until `enough` says so, or the stream ends. */
export async function watch(path: string, headers: Record<string, string>, enough: (events: SseEvent[]) => boolean = () => false) {
  const abort = new AbortController();
  const response = await fetch(new URL(path, stack().api), { headers: { Accept: "text/event-stream", ...headers }, signal: abort.signal });
  const events: SseEvent[] = [];
  const parser = createParser({ onEvent: ({ id = "", event = "", data }) => events.push({ id, event, data: JSON.parse(data) }) });
  if (response.body === null || !response.ok) return { status: response.status, events };
  const decoder = new TextDecoder();
  for await (const chunk of response.body) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    if (enough(events)) break;
  }
  abort.abort();
  return { status: response.status, events };
}
