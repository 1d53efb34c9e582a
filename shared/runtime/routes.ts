import { z } from "zod";
import { type AppRoute, manifestSchema, routeRuleSchema } from "#app";
import type { Context } from "#platform/context";
import { Flights } from "./flights.ts";
import { Lru } from "./lru.ts";

/*
 * Which version an address serves: isolate memory, then KV, then the platform database. None of the caches is trusted for
 * takedowns: every request compares the route's epoch with the app's own, and a route that is behind is read again from
 * the database.
 */

/** What a visitor asked for: an app by its slugs, or by its id where a custom hostname named it. */
export type RouteAddress = { readonly workspaceSlug: string; readonly appSlug: string } | { readonly appId: string };

/** The world around the route cache: where routes are stored, and what the app's current epoch is. */
export interface RouteSources {
  readonly find: (ctx: Context, address: RouteAddress) => Promise<AppRoute | null>;
  /** The epoch of an app as its lease knows it, at most a lease's life old. */
  readonly currentEpoch: (ctx: Context, appId: string) => Promise<number>;
}

const routeSchema: z.ZodType<AppRoute> = z.object({
  workspaceId: z.string(),
  workspaceSlug: z.string(),
  region: z.string(),
  appId: z.string(),
  appSlug: z.string(),
  name: z.string(),
  description: z.string(),
  status: z.enum(["draft", "published", "unpublished", "archived"]),
  versionId: z.string().nullable(),
  versionNumber: z.number().int().nullable(),
  epoch: z.number().int().nonnegative(),
  accessPolicy: manifestSchema.shape.access_policy,
  passwordGeneration: z.number().int().nonnegative(),
  visitorRules: z.array(routeRuleSchema),
  endedSessions: z.array(z.string()),
});

/** How long (ms) an isolate goes without looking at KV again. Takedowns do not wait for it. */
const ROUTE_LIFE_MS = 30_000;
/**
 * How long (ms) an isolate remembers that an address names nothing: long enough that a flood at one address costs a few
 * queries a second, short enough that whoever looked before an app was made finds it once it is.
 */
const MISS_LIFE_MS = 250;
/** Seconds. KV keeps a route this long without a write; the database is asked again after it. */
const KV_LIFE_SECONDS = 24 * 60 * 60;
/** Seconds. The least that KV allows. */
const KV_CACHE_TTL_SECONDS = 30;

interface Known {
  readonly route: AppRoute | null;
  /** The epoch the database was last asked for, so that a lease that is ahead of it does not ask at every request. */
  readonly askedFor: number;
}

export function routeKey(address: RouteAddress): string {
  return "appId" in address ? `route:v4:app:${address.appId}` : `route:v4:${address.workspaceSlug}/${address.appSlug}`;
}

export class RouteCache {
  readonly #sources: RouteSources;
  readonly #routes = new Lru<Known>(2_000, ROUTE_LIFE_MS);
  readonly #misses = new Lru<true>(2_000, MISS_LIFE_MS);
  readonly #loads = new Flights<Known>();

  constructor(sources: RouteSources) {
    this.#sources = sources;
  }

  /**
   * The route of an address that is at least as new as the app's epoch, or `null` when it names no app. `shield` is asked before
   * an address that is not in memory is looked up, and throws what refuses that.
   */
  async resolve(ctx: Context, address: RouteAddress, shield?: () => Promise<void>): Promise<AppRoute | null> {
    const key = routeKey(address);
    const now = ctx.clock.now();
    if (this.#misses.get(key, now)) return null;
    const known = this.#routes.get(key, now) ?? (await this.#lookUp(ctx, key, address, shield));
    if (known.route === null) return null;
    const epoch = await this.#sources.currentEpoch(ctx, known.route.appId);
    if (Math.max(known.route.epoch, known.askedFor) >= epoch) return known.route;
    const renewed = await this.#loads.join(ctx, `${key}#${epoch}`, () => this.#readDatabase(ctx, key, address, epoch));
    return renewed.route;
  }

  async #lookUp(ctx: Context, key: string, address: RouteAddress, shield?: () => Promise<void>): Promise<Known> {
    await shield?.();
    return this.#loads.join(ctx, key, () => this.#load(ctx, key, address));
  }

  async #load(ctx: Context, key: string, address: RouteAddress): Promise<Known> {
    const stored = await this.#readKv(ctx, key);
    if (stored === null) return this.#readDatabase(ctx, key, address, 0);
    const known = { route: stored, askedFor: 0 };
    this.#routes.set(key, known, ctx.clock.now());
    return known;
  }

  async #readKv(ctx: Context, key: string): Promise<AppRoute | null> {
    try {
      const json: unknown = await ctx.env.ROUTES.get(key, { type: "json", cacheTtl: KV_CACHE_TTL_SECONDS });
      if (json === null) return null;
      const parsed = routeSchema.safeParse(json);
      if (parsed.success) return parsed.data;
      ctx.log.warn("stored route is not valid", { key });
    } catch (error) {
      ctx.log.error("route store could not be read", error, { key });
    }
    return null;
  }

  async #readDatabase(ctx: Context, key: string, address: RouteAddress, askedFor: number): Promise<Known> {
    const route = await this.#sources.find(ctx, address);
    const known = { route, askedFor };
    const now = ctx.clock.now();
    if (route === null) {
      this.#routes.delete(key);
      this.#misses.set(key, true, now);
    } else {
      this.#routes.set(key, known, now);
    }
    // An address that never named an app costs KV nothing; one that no longer does is taken out.
    if (route !== null || askedFor > 0) ctx.waitUntil(this.#writeKv(ctx, key, route));
    return known;
  }

  /** KV is a cache: when it cannot be written, the next isolate asks the database. */
  async #writeKv(ctx: Context, key: string, route: AppRoute | null): Promise<void> {
    try {
      if (route === null) await ctx.env.ROUTES.delete(key);
      else await ctx.env.ROUTES.put(key, JSON.stringify(route), { expirationTtl: KV_LIFE_SECONDS });
    } catch (error) {
      ctx.log.error("route store could not be written", error, { key });
    }
  }
}
