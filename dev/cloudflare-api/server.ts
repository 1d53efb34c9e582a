import { z } from "zod";
import { type ApiAnswer, type ApiDouble, type ApiRequest, startApiDouble } from "../api-double.ts";
import { createDoubleClock, type DoubleClock, type DoubleTime } from "../double-clock.ts";
import { answerControl } from "./control.ts";
import { type CustomHostname, type HostnameStatus, newHostname, restartValidation, type SslStatus } from "./custom-hostname.ts";
import { type Fault, interferenceOf } from "./faults.ts";
import { settle, type World } from "./lifecycle.ts";
import type { LookUp } from "./look-up.ts";
import { createRateLimit } from "./rate-limit.ts";
import { readHostnames, writeHostnames } from "./state-file.ts";
import { failure, onWire, pageOf, REFUSALS, success } from "./wire.ts";

export interface CloudflareApiOptions {
  /** 0 takes any free port. */
  readonly port: number;
  readonly token: string;
  readonly zoneId: string;
  /** Name that custom hostnames are to lead to. */
  readonly target: string;
  /** What the far side's resolver finds; tests plant it, the stack asks its DNS server. */
  readonly lookUp: LookUp;
  /** What a visitor gets at an http address; nothing answers unless it is given. */
  readonly visit?: World["visit"];
  readonly time?: DoubleTime;
  readonly quota?: Quota;
  /** Where its hostnames are kept from one start to the next; nowhere unless it is given. */
  readonly file?: string;
  /** The real one refuses names such as `shop.example.test` and `shop.example.com`; the double takes them unless it is told to. */
  readonly refuseReserved?: boolean;
}

interface Quota {
  readonly allocated: number;
  readonly hardCap: number;
}

export interface CloudflareApi extends Pick<ApiDouble, "seen" | "interfere" | "close"> {
  /** What a client takes as its base address, `…/client/v4`. */
  readonly origin: string;
  readonly clock: DoubleClock;
  /** The zone's custom hostnames as they were last seen, oldest first. */
  hostnames(): readonly CustomHostname[];
  /** A hostname that somebody else made, or that a crash has left behind. */
  add(hostname: string): CustomHostname;
  /** Sets statuses, which then stay; `null` lets the hostname live on from where it is. */
  pin(id: string, statuses: { readonly status?: HostnameStatus; readonly ssl?: SslStatus; readonly expiresAt?: number } | null): void;
  /** Lets something befall requests from now on; `null` lets all pass. */
  fail(fault: Fault | null): void;
  setQuota(quota: Quota): void;
}

const PREFIX = "/client/v4";
const ID = "0a1b2c3d4e5f6789";

const sslSchema = z.object({
  method: z.string().optional(),
  type: z.string().optional(),
  settings: z.object({ min_tls_version: z.enum(["1.0", "1.1", "1.2", "1.3"]).optional() }).optional(),
});
const createSchema = z.object({ hostname: z.string(), ssl: sslSchema.optional() });
const editSchema = z.object({ ssl: sslSchema.optional() });
const originSchema = z.object({ origin: z.string().min(1) });
const methodSchema = z.enum(["http", "txt", "email"]);

interface Zone {
  readonly clock: DoubleClock;
  readonly world: World;
  readonly hostnames: Map<string, CustomHostname>;
  readonly refuseReserved: boolean;
  quota: Quota;
  fallbackOrigin: { origin: string; at: number } | null;
}

/**
 * A double of Cloudflare's API of custom hostnames (https://developers.cloudflare.com/api/resources/custom_hostnames/), whose
 * hostnames and certificates come and go by its clock and by what DNS says. Tests speak to it here, or below `/__control`.
 * Listens on this machine only.
 */
export async function startCloudflareApi(options: CloudflareApiOptions): Promise<CloudflareApi> {
  const zone = createZone(options, options.file === undefined ? [] : await readHostnames(options.file));
  const tooMany = createRateLimit();
  const double = await startApiDouble({
    port: options.port,
    prefix: PREFIX,
    failure,
    respond: async (request) => {
      const wait = tooMany(zone.clock.now());
      if (wait !== null) return REFUSALS.tooMany(wait);
      if (request.authorization !== `Bearer ${options.token}`) return REFUSALS.unauthenticated();
      const [zones, zoneId, resource, ...rest] = request.path;
      if (zones !== "zones" || zoneId !== options.zoneId || resource !== "custom_hostnames") {
        return failure(404, `Could not route to /${request.path.join("/")}, perhaps your object identifier is invalid?`);
      }
      return respond(request, rest, zone);
    },
    control: async (request) => answerControl(request, api),
  });
  const api: CloudflareApi = {
    origin: `${double.origin}${PREFIX}`,
    clock: zone.clock,
    seen: double.seen,
    interfere: double.interfere,
    async close() {
      await double.close();
      if (options.file !== undefined) await writeHostnames(options.file, [...zone.hostnames.values()]);
    },
    hostnames: () => [...zone.hostnames.values()],
    add: (hostname) => add(zone, newHostname(hostname, "http", zone.clock.now())),
    pin: (id, statuses) => pin(zone, id, statuses),
    fail: (fault) => double.interfere(fault === null ? null : interferenceOf(fault)),
    setQuota: (quota) => {
      zone.quota = quota;
    },
  };
  return api;
}

function createZone(
  { time = "wall", lookUp, visit = async () => null, target, quota, refuseReserved = false }: CloudflareApiOptions,
  kept: readonly CustomHostname[],
): Zone {
  return {
    clock: createDoubleClock(time),
    world: { lookUp, visit, target: target.toLowerCase(), delegationId: ID },
    hostnames: new Map(kept.map((hostname) => [hostname.id, hostname])),
    refuseReserved,
    // What a zone of a plan without contract has: https://developers.cloudflare.com/cloudflare-for-platforms/cloudflare-for-saas/plans/
    quota: quota ?? { allocated: 100, hardCap: 50_000 },
    fallbackOrigin: null,
  };
}

function add({ hostnames }: Zone, made: CustomHostname): CustomHostname {
  hostnames.set(made.id, made);
  return made;
}

function pin({ hostnames }: Zone, id: string, statuses: Parameters<CloudflareApi["pin"]>[1]): void {
  const hostname = hostnames.get(id);
  if (!hostname) throw new Error(`There is no custom hostname ${id}`);
  hostname.pinned = statuses !== null;
  if (statuses?.status !== undefined) hostname.status = statuses.status;
  if (statuses?.ssl !== undefined) hostname.ssl.status = statuses.ssl;
  if (statuses?.expiresAt !== undefined) hostname.ssl.expiresAt = statuses.expiresAt;
}

async function respond({ method, query, body }: ApiRequest, [id, ...rest]: readonly string[], zone: Zone): Promise<ApiAnswer> {
  if (rest.length > 0) return failure(404, "Could not route to this path");
  if (id === "quota" && method === "GET") return quotaOf(zone);
  if (id === "fallback_origin") return fallbackOrigin(method, body, zone);
  await settleAll(zone, id);
  if (id === undefined) return method === "POST" ? create(body, zone) : list(query, zone);
  const hostname = zone.hostnames.get(id);
  if (!hostname) return REFUSALS.notFound();
  if (method === "GET") return success(200, onWire(hostname, ID));
  if (method === "PATCH") return edit(hostname, body, zone);
  if (method !== "DELETE") return failure(405, "Method not allowed");
  zone.hostnames.delete(id);
  return success(200, { id });
}

/** Brings those that are asked about up to date. */
async function settleAll({ hostnames, clock, world }: Zone, id: string | undefined): Promise<void> {
  for (const hostname of [...hostnames.values()].filter((one) => id === undefined || one.id === id)) {
    if (!(await settle(hostname, clock.now(), world))) hostnames.delete(hostname.id);
  }
}

function list(query: URLSearchParams, { hostnames }: Zone): ApiAnswer {
  const filters = ["id", "hostname", "hostname.exact", "hostname.contain", "hostname.startsWith"].filter((name) => query.has(name));
  if (filters.length > 1) return REFUSALS.filters();
  const [filter] = filters;
  const wanted = (filter === undefined ? "" : (query.get(filter) ?? "")).toLowerCase();
  const found = [...hostnames.values()].filter((one) => matches(one, filter, wanted));
  return pageOf(
    found.map((one) => onWire(one, ID)),
    query,
  );
}

function matches({ id, hostname }: CustomHostname, filter: string | undefined, wanted: string): boolean {
  if (filter === undefined) return true;
  if (filter === "id") return id === wanted;
  if (filter === "hostname.contain") return hostname.includes(wanted);
  return filter === "hostname.startsWith" ? hostname.startsWith(wanted) : hostname === wanted;
}

function create(body: unknown, zone: Zone): ApiAnswer {
  const input = createSchema.safeParse(body);
  if (!input.success) return REFUSALS.undecodable();
  const hostname = input.data.hostname.toLowerCase();
  const { ssl } = input.data;
  const refusal = refusalOf(hostname, zone) ?? sslRefusal(ssl);
  if (refusal) return refusal;
  if ([...zone.hostnames.values()].some((one) => one.hostname === hostname)) return REFUSALS.duplicate();
  if (zone.quota.hardCap === 0) return REFUSALS.noQuota();
  if (zone.hostnames.size >= zone.quota.hardCap) return REFUSALS.quotaExceeded();
  const made = add(zone, newHostname(hostname, methodSchema.parse(ssl?.method ?? "http"), zone.clock.now()));
  made.ssl.minTlsVersion = ssl?.settings?.min_tls_version ?? "1.0";
  return success(201, onWire(made, ID));
}

function refusalOf(hostname: string, { refuseReserved }: Zone): ApiAnswer | null {
  if (/[^\0-\x7f]/.test(hostname)) return REFUSALS.nonAscii();
  if (hostname.length > 255 || !/^[a-z0-9_-]+(\.[a-z0-9_-]+)+$/.test(hostname) || /^[\d.]+$/.test(hostname)) return REFUSALS.invalid();
  if (!refuseReserved) return null;
  if (/\.(test|example|invalid|localhost)$/.test(hostname)) return REFUSALS.reserved();
  return /(^|\.)example\.(com|net|org)$/.test(hostname) ? REFUSALS.example() : null;
}

function sslRefusal(ssl: z.infer<typeof sslSchema> | undefined): ApiAnswer | null {
  if (ssl === undefined) return null;
  if (ssl.method === undefined || ssl.type !== "dv") return REFUSALS.methodAndType();
  return methodSchema.safeParse(ssl.method).success ? null : REFUSALS.method();
}

async function edit(hostname: CustomHostname, body: unknown, { clock, world }: Zone): Promise<ApiAnswer> {
  const input = editSchema.safeParse(body);
  if (!input.success) return REFUSALS.undecodable();
  const { ssl } = input.data;
  const refusal = sslRefusal(ssl);
  if (refusal) return refusal;
  restartValidation(hostname, methodSchema.parse(ssl?.method ?? hostname.ssl.method), clock.now());
  if (ssl?.settings?.min_tls_version !== undefined) hostname.ssl.minTlsVersion = ssl.settings.min_tls_version;
  await settle(hostname, clock.now(), world);
  return success(202, onWire(hostname, ID));
}

function quotaOf({ quota, hostnames }: Zone): ApiAnswer {
  const used = hostnames.size;
  return success(200, { allocated: quota.allocated, used, exceeded: used > quota.allocated, hard_cap: quota.hardCap });
}

function fallbackOrigin(method: string, body: unknown, zone: Zone): ApiAnswer {
  const input = originSchema.safeParse(body);
  if (method === "PUT") {
    if (!input.success) return REFUSALS.undecodable();
    zone.fallbackOrigin = { origin: input.data.origin, at: zone.clock.now() };
  }
  if (zone.fallbackOrigin === null) return REFUSALS.noFallback();
  const { origin, at } = zone.fallbackOrigin;
  const date = new Date(at).toISOString();
  const status = zone.clock.now() - at < 1_000 ? "initializing" : "active";
  return success(200, { origin, status, errors: [], created_at: date, updated_at: date });
}
