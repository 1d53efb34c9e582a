import { z } from "zod";
import { manifestSchema, type readVersion, type VersionContent } from "#app";
import { compilePlan, type InputDeclaration, inputDeclarations, type Plan } from "#execution";
import type { Context } from "#platform/context";
import { Flights } from "./flights.ts";
import { Lru } from "./lru.ts";
import { chatInput } from "./page/chat-input.ts";

/** A version as the runtime serves it: its content, and what is computed from it once. */
export interface ServedVersion {
  readonly content: VersionContent;
  readonly plan: Plan;
  readonly inputs: readonly InputDeclaration[];
  /** The input that takes what a visitor writes, of an app that is a chat. Its runs are turns of conversations. */
  readonly chatInput: string | null;
}

const { workflow, ui_schema, db_schema, config } = manifestSchema.shape;
const versionSchema: z.ZodType<VersionContent> = z.object({
  versionId: z.string(),
  number: z.number().int(),
  name: z.string(),
  description: z.string(),
  workflow,
  ui_schema,
  db_schema,
  config,
});

/** Seconds. A version never changes, but KV caches misses as well. */
const KV_CACHE_TTL_SECONDS = 300;
/** Seconds. Versions that nobody visits for this long leave KV. */
const KV_LIFE_SECONDS = 7 * 24 * 60 * 60;

function versionKey(versionId: string): string {
  return `version:v1:${versionId}`;
}

/** Versions by id: isolate memory, then KV, then the platform database. They are immutable, so none of it goes stale. */
export class VersionCache {
  readonly #read: typeof readVersion;
  readonly #versions = new Lru<ServedVersion>(200, Number.POSITIVE_INFINITY);
  readonly #loads = new Flights<ServedVersion>();

  constructor(read: typeof readVersion) {
    this.#read = read;
  }

  async get(ctx: Context, workspaceId: string, versionId: string): Promise<ServedVersion> {
    const cached = this.#versions.get(versionId, ctx.clock.now());
    return cached ?? this.#loads.join(ctx, versionId, () => this.#load(ctx, workspaceId, versionId));
  }

  async #load(ctx: Context, workspaceId: string, versionId: string): Promise<ServedVersion> {
    const content = (await this.#readKv(ctx, versionId)) ?? (await this.#readDatabase(ctx, workspaceId, versionId));
    const { workflow, ui_schema } = content;
    const plan = compilePlan(workflow);
    const version = { content, plan, inputs: inputDeclarations(workflow), chatInput: chatInput(ui_schema.blocks) };
    this.#versions.set(versionId, version, ctx.clock.now());
    return version;
  }

  async #readKv(ctx: Context, versionId: string): Promise<VersionContent | null> {
    try {
      const json: unknown = await ctx.env.ROUTES.get(versionKey(versionId), { type: "json", cacheTtl: KV_CACHE_TTL_SECONDS });
      if (json === null) return null;
      const parsed = versionSchema.safeParse(json);
      if (parsed.success) return parsed.data;
      ctx.log.warn("stored version is not valid", { version_id: versionId });
    } catch (error) {
      ctx.log.error("version store could not be read", error, { version_id: versionId });
    }
    return null;
  }

  async #readDatabase(ctx: Context, workspaceId: string, versionId: string): Promise<VersionContent> {
    const content = await this.#read(ctx, workspaceId, versionId);
    ctx.waitUntil(this.#writeKv(ctx, content));
    return content;
  }

  async #writeKv(ctx: Context, content: VersionContent): Promise<void> {
    try {
      await ctx.env.ROUTES.put(versionKey(content.versionId), JSON.stringify(content), { expirationTtl: KV_LIFE_SECONDS });
    } catch (error) {
      ctx.log.error("version store could not be written", error, { version_id: content.versionId });
    }
  }
}
