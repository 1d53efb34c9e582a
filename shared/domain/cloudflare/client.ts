import { z } from "zod";
import type { Context } from "#platform/context";
import type { Env } from "#platform/env";
import { AppError } from "#platform/errors";
import type { CertificateMethod } from "../records.ts";
import { holdOff, spend } from "./budget.ts";
import { type CustomHostname, customHostnameSchema } from "./custom-hostname.ts";

/** No request is waited for longer, in milliseconds. */
const TIMEOUT = 10_000;
/** Hostnames on one page: as many as Cloudflare gives. */
const PAGE = 50;
/** Seconds to leave Cloudflare alone for when it does not say how long: the window of its own limit. */
const HOLD_OFF = 300;

/** Of https://developers.cloudflare.com/cloudflare-for-platforms/cloudflare-for-saas/reference/status-codes/custom-hostnames/ */
const CODE = { noQuota: 1404, quotaExceeded: 1405, duplicate: 1406, reserved: 1409, example: 1411, notFound: 1436 } as const;

const envelopeSchema = z.object({
  success: z.boolean(),
  errors: z.array(z.object({ code: z.number(), message: z.string() })).nullish(),
  result: z.unknown(),
  result_info: z.object({ total_pages: z.number().int().nonnegative() }).nullish().catch(null),
});
type Envelope = z.infer<typeof envelopeSchema>;

const quotaSchema = z.object({ allocated: z.number(), used: z.number(), exceeded: z.boolean().nullish() });
export type HostnameQuota = z.infer<typeof quotaSchema>;

/** What Cloudflare will not do, whoever asks how often. */
export interface Refusal {
  readonly kind: "refused";
  readonly why: "quota" | "hostname" | "credentials" | "duplicate";
  readonly detail: string;
}
export type Result<T> = { readonly kind: "done"; readonly value: T } | Refusal;

/**
 * The custom hostnames of the deployment's zone. Every call throws `upstream_unavailable` for what may succeed later and
 * `overloaded` once the budget of requests is used up; what Cloudflare refuses for good is returned.
 */
export interface CustomHostnames {
  /** `null` when there is no such hostname. */
  get(id: string): Promise<Result<CustomHostname | null>>;
  find(hostname: string): Promise<Result<CustomHostname | null>>;
  create(hostname: string, method: CertificateMethod): Promise<Result<CustomHostname>>;
  /** Has hostname and certificate validated anew, by this method. `null` when there is no such hostname. */
  refresh(id: string, method: CertificateMethod): Promise<Result<CustomHostname | null>>;
  /** Removing what is not there is no failure. */
  remove(id: string): Promise<Result<null>>;
  /** A page of all of them, counted from 1. */
  page(page: number): Promise<Result<HostnamePage>>;
  quota(): Promise<Result<HostnameQuota>>;
}

interface HostnamePage {
  readonly hostnames: readonly CustomHostname[];
  readonly pages: number;
}

interface Call {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly path?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Whether the number of pages is asked for as well. */
  readonly paged?: boolean;
}

/** What came back, read to its end. */
interface Answer extends Pick<Response, "status" | "ok" | "headers"> {
  readonly text: string;
}

function readEnvelope(text: string): Envelope | null {
  try {
    return envelopeSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

const out = (message: string, retryAfter?: number, cause?: unknown) =>
  new AppError("upstream_unavailable", message, { ...(retryAfter !== undefined && { retryAfter }), cause });

/** Whole seconds of a `Retry-After` header, which holds seconds or a date (RFC 9110, 10.2.3). */
function retryAfter(headers: Headers, now: number): number | undefined {
  const text = headers.get("retry-after")?.trim() ?? "";
  if (/^\d{1,6}$/.test(text)) return Number(text);
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - now) / 1_000));
}

/** What an order of a certificate says. Delegation is Cloudflare's own answer to the question for a text. */
function ssl(method: CertificateMethod) {
  return { method: method === "http" ? "http" : "txt", type: "dv", settings: { min_tls_version: "1.2" } };
}

function refusalOf(status: number, { errors }: Envelope): Refusal | null {
  const code = errors?.[0]?.code ?? 0;
  const refused = (why: Refusal["why"], detail: string): Refusal => ({ kind: "refused", why, detail });
  if (code === CODE.noQuota || code === CODE.quotaExceeded) return refused("quota", "The quota of custom hostnames is used up.");
  if (code === CODE.duplicate || status === 409) return refused("duplicate", "There is such a custom hostname already.");
  if (status === 401 || status === 403) return refused("credentials", `Cloudflare answered ${status} (${code}).`);
  if (code === CODE.reserved || code === CODE.example) return refused("hostname", "The name is reserved for documentation and tests.");
  return status === 400 ? refused("hostname", `it says that it is not valid (code ${code}).`) : null;
}

/** A hostname that is not there is an answer; a path that is not there means a zone that this token does not see. */
function absent({ errors }: Envelope): Result<null> {
  if (errors?.[0]?.code === CODE.notFound) return { kind: "done", value: null };
  return { kind: "refused", why: "credentials", detail: "Cloudflare does not know the zone." };
}

/** `null` where the deployment is not set up for custom hostnames. */
export function customHostnames(ctx: Context): CustomHostnames | null {
  const { CLOUDFLARE_ZONE_ID: zone, CLOUDFLARE_API_TOKEN: token, CLOUDFLARE_API_ORIGIN: origin } = ctx.env;
  return zone && token && origin ? createCustomHostnames(ctx, `${origin.replace(/\/$/, "")}/zones/${zone}/custom_hostnames`, token) : null;
}

export function isConfigured({ CLOUDFLARE_ZONE_ID: zone, CLOUDFLARE_API_TOKEN: token, CLOUDFLARE_API_ORIGIN: origin }: Env): boolean {
  return Boolean(zone && token && origin);
}

function createCustomHostnames(ctx: Context, base: string, token: string): CustomHostnames {
  async function send({ method, path = "", query = {}, body }: Call): Promise<Answer> {
    await spend(ctx);
    const url = new URL(`${base}${path}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const headers = { Authorization: `Bearer ${token}`, Accept: "application/json", "Content-Type": "application/json" };
    const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }), signal: AbortSignal.timeout(TIMEOUT) };
    try {
      const response = await fetch(url, init);
      // Read at once: an answer that breaks off is one that never came.
      return { status: response.status, ok: response.ok, headers: response.headers, text: await response.text() };
    } catch (error) {
      throw out("Cloudflare cannot be reached.", undefined, error);
    }
  }

  /** Throws for what may succeed later. */
  async function requireAnswer({ status, headers }: Answer): Promise<void> {
    if (status === 429) {
      const seconds = retryAfter(headers, ctx.clock.now()) ?? HOLD_OFF;
      await holdOff(ctx, seconds);
      throw out("Cloudflare takes no more requests for the moment.", seconds);
    }
    if (status >= 500) throw out(`Cloudflare is out of order (status ${status}).`, retryAfter(headers, ctx.clock.now()));
  }

  async function call<T>(schema: z.ZodType<T>, request: Call): Promise<Result<T | null>> {
    const response = await send(request);
    await requireAnswer(response);
    const envelope = readEnvelope(response.text);
    if (envelope === null) throw out("Cloudflare answered in a way that is not understood.");
    const { status, ok } = response;
    if (status === 404) return absent(envelope);
    const refusal = ok && envelope.success ? null : refusalOf(status, envelope);
    if (refusal !== null) return refusal;
    const { result: value, result_info } = envelope;
    const result = schema.safeParse(request.paged ? { items: value, pages: result_info?.total_pages ?? 1 } : value);
    if (!ok || !result.success) throw out(`Cloudflare answered in a way that is not understood (status ${status}).`);
    return { kind: "done", value: result.data };
  }

  /** For calls that a missing hostname is no answer to. */
  async function definite<T>(schema: z.ZodType<T>, request: Call): Promise<Result<T>> {
    const result = await call(schema, request);
    if (result.kind === "refused") return result;
    if (result.value === null) throw out("Cloudflare answered in a way that is not understood.");
    return { kind: "done", value: result.value };
  }

  const listSchema = z.array(customHostnameSchema);
  return {
    get: (id) => call(customHostnameSchema, { method: "GET", path: `/${encodeURIComponent(id)}` }),
    async find(hostname) {
      const result = await definite(listSchema, { method: "GET", query: { hostname } });
      return result.kind === "refused" ? result : { kind: "done", value: result.value.find((one) => one.hostname === hostname) ?? null };
    },
    create: (hostname, method) => definite(customHostnameSchema, { method: "POST", body: { hostname, ssl: ssl(method) } }),
    refresh: (id, method) =>
      call(customHostnameSchema, { method: "PATCH", path: `/${encodeURIComponent(id)}`, body: { ssl: ssl(method) } }),
    async remove(id) {
      const result = await call(z.unknown(), { method: "DELETE", path: `/${encodeURIComponent(id)}` });
      return result.kind === "refused" ? result : { kind: "done", value: null };
    },
    async page(page) {
      const query = { page: String(page), per_page: String(PAGE) };
      const result = await definite(z.object({ items: listSchema, pages: z.number() }), { method: "GET", query, paged: true });
      if (result.kind === "refused") return result;
      return { kind: "done", value: { hostnames: result.value.items, pages: result.value.pages } };
    },
    quota: () => definite(quotaSchema, { method: "GET", path: "/quota" }),
  };
}
