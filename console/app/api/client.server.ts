import { data, redirect } from "react-router";
import { z } from "zod";
import { pagePath } from "../own-path.ts";
import type { Visit } from "../visit.ts";
import { type Problem, type Refusal, readProblem } from "./problem.ts";

/*
 * The console's side of the members' API. Every answer is parsed. A refusal of a read ends the page (sign-in, or a finished
 * error page); a refusal of a write is a value, for the form to show.
 */

export interface Page<T> {
  readonly data: T[];
  readonly next_cursor: string | null;
}

export type Outcome<T> =
  | { readonly ok: true; readonly data: T; readonly etag: string | null }
  | { readonly ok: false; readonly problem: Problem };

interface Call {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Write extends Call {
  /** Makes a double submit one write: the same key is the same request. */
  readonly idempotencyKey?: string;
  /** The draft revision that the change starts from. */
  readonly ifMatch?: number;
  /** To be answered as soon as it is taken, not when it is done (RFC 7240). */
  readonly respondAsync?: boolean;
}

const UNREADABLE: Problem = { status: 502, code: "upstream_unavailable", detail: "", requestId: "", faults: [] };

/** Sends a request on the visitor's behalf and keeps the cookies it sets. */
export async function callApi(visit: Visit, call: Call): Promise<Response> {
  const headers = new Headers({ Accept: "application/json", Origin: visit.url.origin, ...call.headers });
  for (const name of ["Cookie", "User-Agent", "CF-Connecting-IP", "Accept-Language"]) {
    const value = visit.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  if (call.body !== undefined) headers.set("Content-Type", "application/json");
  const body = call.body === undefined ? null : JSON.stringify(call.body);
  const request = new Request(`${visit.url.origin}${call.path}`, { method: call.method, headers, body, redirect: "manual" });
  const response = await visit.api.fetch(request).catch((error: unknown) => {
    console.error("API did not answer", call.method, call.path, error);
    return Response.json({ code: "upstream_unavailable" }, { status: 503 });
  });
  visit.setCookies.push(...response.headers.getSetCookie());
  return response;
}

/** The body as JSON; `undefined` where there is none, or where it is something else. */
export async function readJson(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch (error) {
    console.error("API answered with something that is not JSON", response.status, error);
    return undefined;
  }
}

async function ask<T>(visit: Visit, call: Call, schema: z.ZodType<T>): Promise<Outcome<T>> {
  const response = await callApi(visit, call);
  const body = await readJson(response);
  if (response.status === 401) throw redirect(`/sign-in?next=${encodeURIComponent(pagePath(visit.url))}`);
  if (!response.ok) return { ok: false, problem: readProblem(response.status, body) };
  const parsed = schema.safeParse(body);
  if (parsed.success) return { ok: true, data: parsed.data, etag: response.headers.get("ETag") };
  console.error("API answered in an unexpected shape", call.method, call.path, z.prettifyError(parsed.error));
  return { ok: false, problem: UNREADABLE };
}

/** Ends a page with what its error boundary may say: the code and the reference, nothing else. */
export function refuse(problem: Problem): never {
  const refusal: Refusal = { code: problem.code, requestId: problem.requestId };
  throw data(refusal, { status: problem.status });
}

/** Reads `{ "data": … }`. */
export async function readOne<T>(visit: Visit, path: string, schema: z.ZodType<T>): Promise<T> {
  return (await readTagged(visit, path, schema)).data;
}

/** The same for what may not be there: `null` then. */
export async function readIfThere<T>(visit: Visit, path: string, schema: z.ZodType<T>): Promise<T | null> {
  const outcome = await ask(visit, { method: "GET", path: `/api/v1${path}` }, z.object({ data: schema }));
  if (outcome.ok) return outcome.data.data;
  return outcome.problem.status === 404 ? null : refuse(outcome.problem);
}

/** The same for what a page can do without: `null` whatever the reason. */
export async function readIfPossible<T>(visit: Visit, path: string, schema: z.ZodType<T>): Promise<T | null> {
  const outcome = await ask(visit, { method: "GET", path: `/api/v1${path}` }, z.object({ data: schema }));
  return outcome.ok ? outcome.data.data : null;
}

/** Reads `{ "data": … }` together with the revision in its `ETag`. */
export async function readTagged<T>(visit: Visit, path: string, schema: z.ZodType<T>): Promise<{ data: T; revision: number }> {
  const outcome = await ask(visit, { method: "GET", path: `/api/v1${path}` }, z.object({ data: schema }));
  if (!outcome.ok) return refuse(outcome.problem);
  return { data: outcome.data.data, revision: Number(outcome.etag?.replaceAll(/^W\/|"/g, "") ?? 0) };
}

/** Reads a file, to be handed on as it comes. */
export async function readFile(visit: Visit, path: string, type: string): Promise<Response> {
  const response = await callApi(visit, { method: "GET", path: `/api/v1${path}`, headers: { Accept: type } });
  if (!response.ok) return refuse(readProblem(response.status, await readJson(response)));
  const headers = new Headers();
  for (const name of ["Content-Type", "Content-Disposition"]) headers.set(name, response.headers.get(name) ?? "");
  return new Response(response.body, { headers });
}

function askPage<T>(visit: Visit, path: string, schema: z.ZodType<T>): Promise<Outcome<Page<T>>> {
  const page = z.object({ data: z.array(schema), next_cursor: z.string().nullable().default(null) });
  return ask(visit, { method: "GET", path: `/api/v1${path}` }, page);
}

/** Reads one page of a list. */
export async function readPage<T>(visit: Visit, path: string, schema: z.ZodType<T>): Promise<Page<T>> {
  const outcome = await askPage(visit, path, schema);
  return outcome.ok ? outcome.data : refuse(outcome.problem);
}

/** Reads a list that a page can do without: nothing where the visitor's role does not include it. */
export async function readIfAllowed<T>(visit: Visit, path: string, schema: z.ZodType<T>): Promise<T[]> {
  const outcome = await askPage(visit, path, schema);
  if (outcome.ok) return outcome.data.data;
  return outcome.problem.status === 403 ? [] : refuse(outcome.problem);
}

/** Changes something; the answer is `{ "data": … }`. */
export async function write<T>(visit: Visit, change: Write, schema: z.ZodType<T>): Promise<Outcome<T>> {
  const outcome = await ask(visit, withGuards(change), z.object({ data: schema }));
  return outcome.ok ? { ok: true, data: outcome.data.data, etag: outcome.etag } : outcome;
}

/** Changes something whose answer does not matter. */
export function writeOnly(visit: Visit, change: Write): Promise<Outcome<unknown>> {
  return ask(visit, withGuards(change), z.unknown());
}

function withGuards(change: Write): Call {
  return {
    method: change.method,
    path: `/api/v1${change.path}`,
    body: change.body,
    headers: {
      ...(change.idempotencyKey ? { "Idempotency-Key": change.idempotencyKey } : {}),
      ...(change.respondAsync ? { Prefer: "respond-async" } : {}),
      ...(change.ifMatch === undefined ? {} : { "If-Match": `"${change.ifMatch}"` }),
    },
  };
}
