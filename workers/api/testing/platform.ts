import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { neon } from "@neondatabase/serverless";
import type { Clock } from "#platform/clock";
import { type Context, createContext } from "#platform/context";
import { configureDriver } from "#platform/db";
import type { Env } from "#platform/env";
// biome-ignore lint/style/noRestrictedImports: tests run on the local stack's database
import { startSqlGateway } from "../../../dev/sql-gateway/server.ts";
import { startTestPostgres } from "../../../tests/database/prepared-servers.ts";
import { handleApi } from "../index.ts";

export const API_ORIGIN = "http://127.0.0.1:8787";
export const CONSOLE_ORIGIN = "http://127.0.0.1:8788";

// biome-ignore lint/suspicious/noExplicitAny: answers are checked by what the tests assert of them
type Json = any;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Json;
}

export interface Call {
  /** Headers of a member or a key, such as `{ Cookie: … }`. */
  readonly as?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** A text is sent as it is, anything else as JSON. */
  readonly body?: unknown;
}

/** Somebody signed up, with the default workspace. */
export interface Person {
  readonly userId: string;
  readonly email: string;
  readonly workspaceId: string;
  readonly as: { readonly Cookie: string };
}

export interface Platform {
  readonly env: Env;
  context(clock?: Clock): Context;
  /** One request to the members' API, such as `GET /api/v1/workspaces`. */
  call(route: string, call?: Call): Promise<Answer>;
  signUp(name?: string): Promise<Person>;
  /** Waits for what requests left to be done after their answers. */
  settle(): Promise<void>;
  stop(): Promise<void>;
}

/** The members' API on a real PostgreSQL, behind the drivers that production uses. */
export async function startPlatform(): Promise<Platform> {
  const directory = await mkdtemp(join(tmpdir(), "api-"));
  const [postgres, gateway] = await Promise.all([startTestPostgres(directory), startSqlGateway({ port: 0 })]);
  const env = environment({ DATABASE_URL: postgres.url("postgres"), SQL_GATEWAY_ORIGIN: gateway.origin });
  await applyMigrations(env);
  const pending: Promise<unknown>[] = [];
  const context = (clock?: Clock) => createContext(env, { waitUntil: (work) => pending.push(work), ...(clock && { clock }) });

  async function call(route: string, { as = {}, headers = {}, body }: Call = {}): Promise<Answer> {
    const [method = "GET", path = ""] = route.split(" ");
    const type: Record<string, string> = body === undefined ? {} : { "Content-Type": "application/json" };
    const request = new Request(new URL(path, API_ORIGIN), {
      method,
      headers: { ...type, ...as, ...headers },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const response = await handleApi(request, context());
    const text = await response.text();
    const isJson = /[/+]json\b/.test(response.headers.get("Content-Type") ?? "");
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  }

  let people = 0;
  async function signUp(name = "Ada"): Promise<Person> {
    people += 1;
    const email = `${name.toLowerCase()}-${people}@example.test`;
    const answer = await call("POST /api/auth/sign-up/email", { body: { name, email, password: "correct horse battery" } });
    if (answer.status !== 200) throw new Error(`sign-up answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    const as = { Cookie: cookieOf(answer) };
    const { body } = await call("GET /api/v1/workspaces", { as });
    return { userId: answer.body.user.id, email, workspaceId: body.data[0].id, as };
  }

  return {
    env,
    context,
    call,
    signUp,
    settle: async () => void (await Promise.all(pending.splice(0))),
    stop: async () => {
      await Promise.all(pending);
      await gateway.close();
      await postgres.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** What a browser would send back. */
export function cookieOf(answer: Answer): string {
  return answer.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
}

/** The bindings that the API needs here; objects and queues are not among them. */
function environment(database: Pick<Env, "DATABASE_URL" | "SQL_GATEWAY_ORIGIN">): Env {
  const bindings: Partial<Env> = {
    ...database,
    VERSION: "0.0.0",
    API_ORIGIN,
    CONSOLE_ORIGIN,
    PLATFORM_HOSTS: "localhost:8787,localhost:8788",
    AUTH_SECRET: "a secret of the tests, long enough for the library",
    ENVELOPE_KEYS: `1:${btoa("k".repeat(32))}`,
    WORKSPACE_DATABASE_ADMIN_URL: database.DATABASE_URL,
  };
  return bindings as Env;
}

async function applyMigrations(env: Env): Promise<void> {
  configureDriver(env);
  const folder = fileURLToPath(new URL("../../../migrations/platform/", import.meta.url).href);
  const files = (await readdir(folder)).filter((name) => name.endsWith(".sql")).sort();
  const sql = neon(env.DATABASE_URL);
  for (const file of files) {
    const text = await readFile(join(folder, file), "utf8");
    await sql.transaction(text.split("--> statement-breakpoint").map((statement) => sql.query(statement)));
  }
}
