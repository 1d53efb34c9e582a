import { and, asc, eq, gt } from "drizzle-orm";
import type { z } from "zod";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import { notFound, validationFailed } from "#platform/errors";
import { faultsOf } from "#platform/faults";
import { isId } from "#platform/ids";
import { type Page, type PageRequest, readCursor, toPage } from "#platform/pages";
import { apps, auditLogs, triggers } from "#platform/schema";
import { actingUser, notDeleted, readApp } from "../app-rows.ts";
import { appConfigSchema, type NewTrigger, scheduleConfigSchema, type TriggerChanges, webhookConfigSchema } from "./config.ts";
import { checkInputs } from "./inputs.ts";
import { nextFiring } from "./schedule.ts";
import { newSigningSecret, sealTriggerSecret } from "./signing.ts";

export type TriggerRow = typeof triggers.$inferSelect;

/** A trigger as members see it. The secret is shown where it is made, and never again. */
export interface Trigger {
  readonly id: string;
  readonly app_id: string;
  readonly type: TriggerRow["type"];
  readonly name: string;
  readonly enabled: boolean;
  readonly config: unknown;
  /** Where a webhook is sent to. */
  readonly url: string | null;
  readonly next_fire_at: string | null;
  readonly last_fired_at: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface TriggerWithSecret extends Trigger {
  readonly secret: string;
}

function present(ctx: Context, row: TriggerRow): Trigger {
  return {
    id: row.id,
    app_id: row.appId,
    type: row.type,
    name: row.name,
    enabled: row.enabled,
    config: row.config,
    url: row.token === null ? null : new URL(`/api/v1/hooks/${row.token}`, ctx.env.API_ORIGIN).href,
    next_fire_at: row.nextFireAt?.toISOString() ?? null,
    last_fired_at: row.lastFiredAt?.toISOString() ?? null,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}

function triggerOf(workspaceId: string, appId: string, triggerId: string) {
  return and(eq(triggers.workspaceId, workspaceId), eq(triggers.appId, appId), eq(triggers.id, triggerId));
}

async function readTrigger(ctx: Context, workspaceId: string, appId: string, triggerId: string): Promise<TriggerRow> {
  const [row] = isId("trigger", triggerId)
    ? await ctx.db
        .select()
        .from(triggers)
        .where(triggerOf(workspaceId, appId, triggerId))
    : [];
  if (!row) throw notFound("The trigger");
  return row;
}

/** The triggers of an app, oldest first. @throws `not_found` */
export async function listTriggers(ctx: Context, workspaceId: string, appId: string, page: PageRequest): Promise<Page<Trigger>> {
  const after = readCursor(page.cursor);
  const [rows] = await Promise.all([
    ctx.db
      .select()
      .from(triggers)
      .where(
        and(eq(triggers.workspaceId, workspaceId), eq(triggers.appId, appId), after === undefined ? undefined : gt(triggers.id, after)),
      )
      .orderBy(asc(triggers.id))
      .limit(page.limit + 1),
    readApp(ctx, workspaceId, appId),
  ]);
  return toPage(rows, page.limit, (row) => present(ctx, row));
}

/** @throws `not_found` */
export async function getTrigger(ctx: Context, workspaceId: string, appId: string, triggerId: string): Promise<Trigger> {
  return present(ctx, await readTrigger(ctx, workspaceId, appId, triggerId));
}

/** Makes a trigger; a webhook's secret is in the answer, and nowhere else. @throws `not_found`, `validation_failed` */
export async function createTrigger(
  ctx: Context,
  workspaceId: string,
  appId: string,
  { type, name, enabled, config }: NewTrigger,
): Promise<Trigger | TriggerWithSecret> {
  await Promise.all([readApp(ctx, workspaceId, appId), checkInputs(type, config.inputs)]);
  const now = new Date(ctx.clock.now());
  const id = ctx.newId("trigger");
  const secret = type === "webhook" ? newSigningSecret(ctx) : null;
  const sealed = secret === null ? null : await sealTriggerSecret(ctx, workspaceId, id, secret);
  const row: TriggerRow = {
    id,
    workspaceId,
    appId,
    type,
    name,
    enabled,
    config,
    sourceAppId: type === "app" ? await sourceApp(ctx, workspaceId, appId, config.app) : null,
    token: type === "webhook" ? newToken(ctx) : null,
    sealedSecret: sealed?.sealed ?? null,
    keyVersion: sealed?.keyVersion ?? null,
    nextFireAt: type === "schedule" && enabled ? nextFiring(config, now) : null,
    lastFiredAt: null,
    createdBy: actingUser(ctx),
    createdAt: now,
    updatedAt: now,
  };
  const audit = auditRow(ctx, {
    workspaceId,
    action: "trigger.created",
    targetType: "trigger",
    targetId: id,
    after: { app_id: appId, type, config },
  });
  await ctx.db.batch([ctx.db.insert(triggers).values(row), ctx.db.insert(auditLogs).values(audit)]);
  return secret === null ? present(ctx, row) : { ...present(ctx, row), secret };
}

/** Changes a trigger; a new config replaces the old one whole. @throws `not_found`, `validation_failed` */
export async function updateTrigger(
  ctx: Context,
  workspaceId: string,
  appId: string,
  triggerId: string,
  changes: TriggerChanges,
): Promise<Trigger> {
  const before = await readTrigger(ctx, workspaceId, appId, triggerId);
  const now = new Date(ctx.clock.now());
  const { name = before.name, enabled = before.enabled } = changes;
  // One that is only given another name keeps its time: it may be due this very moment.
  const follows = changes.config !== undefined || enabled !== before.enabled;
  const followed = follows ? await configured(ctx, before, changes.config ?? before.config, enabled, now) : {};
  const row = { ...before, name, enabled, updatedAt: now, ...followed };
  const { config, sourceAppId, nextFireAt } = row;
  const audit = auditRow(ctx, {
    workspaceId,
    action: "trigger.updated",
    targetType: "trigger",
    targetId: triggerId,
    before: { name: before.name, enabled: before.enabled, config: before.config },
    after: { name, enabled, config },
  });
  await ctx.db.batch([
    ctx.db
      .update(triggers)
      .set({ name, enabled, updatedAt: now, ...(follows && { config, sourceAppId, nextFireAt }) })
      .where(triggerOf(workspaceId, appId, triggerId)),
    ctx.db.insert(auditLogs).values(audit),
  ]);
  return present(ctx, row);
}

/** What follows from a config, by the trigger's type. */
async function configured(
  ctx: Context,
  { type, workspaceId, appId }: TriggerRow,
  config: unknown,
  enabled: boolean,
  now: Date,
): Promise<Pick<TriggerRow, "config" | "sourceAppId" | "nextFireAt">> {
  switch (type) {
    case "schedule": {
      const schedule = await checked(type, scheduleConfigSchema, config);
      return { config: schedule, sourceAppId: null, nextFireAt: enabled ? nextFiring(schedule, now) : null };
    }
    case "webhook":
      return { config: await checked(type, webhookConfigSchema, config), sourceAppId: null, nextFireAt: null };
    case "app": {
      const followed = await checked(type, appConfigSchema, config);
      return { config: followed, sourceAppId: await sourceApp(ctx, workspaceId, appId, followed.app), nextFireAt: null };
    }
  }
}

async function checked<T extends Pick<NewTrigger["config"], "inputs">>(
  type: TriggerRow["type"],
  schema: z.ZodType<T>,
  config: unknown,
): Promise<T> {
  const parsed = schema.safeParse(config);
  if (!parsed.success) throw validationFailed(faultsOf(parsed.error, ["config"]));
  await checkInputs(type, parsed.data.inputs);
  return parsed.data;
}

/** @throws `validation_failed` for an app that there is none of, or that would follow itself */
async function sourceApp(ctx: Context, workspaceId: string, appId: string, slug: string): Promise<string> {
  const [source] = await ctx.db
    .select({ id: apps.id })
    .from(apps)
    .where(and(eq(apps.workspaceId, workspaceId), eq(apps.slug, slug), notDeleted));
  if (!source) throw validationFailed([{ path: "config.app", code: "unknown_app", message: `The workspace has no app ${slug}.` }]);
  if (source.id !== appId) return source.id;
  throw validationFailed([{ path: "config.app", code: "own_app", message: "An app cannot follow itself." }]);
}

/** @throws `not_found` */
export async function deleteTrigger(ctx: Context, workspaceId: string, appId: string, triggerId: string): Promise<void> {
  await readTrigger(ctx, workspaceId, appId, triggerId);
  const audit = auditRow(ctx, { workspaceId, action: "trigger.deleted", targetType: "trigger", targetId: triggerId });
  await ctx.db.batch([ctx.db.delete(triggers).where(triggerOf(workspaceId, appId, triggerId)), ctx.db.insert(auditLogs).values(audit)]);
}

/** Gives a webhook another secret; the old one is void at once. @throws `not_found`, also for a trigger that has none */
export async function rotateTriggerSecret(ctx: Context, workspaceId: string, appId: string, triggerId: string): Promise<TriggerWithSecret> {
  const row = await readTrigger(ctx, workspaceId, appId, triggerId);
  if (row.type !== "webhook") throw notFound("The secret");
  const secret = newSigningSecret(ctx);
  const { sealed, keyVersion } = await sealTriggerSecret(ctx, workspaceId, triggerId, secret);
  const updatedAt = new Date(ctx.clock.now());
  const audit = auditRow(ctx, { workspaceId, action: "trigger.secret_rotated", targetType: "trigger", targetId: triggerId });
  await ctx.db.batch([
    ctx.db
      .update(triggers)
      .set({ sealedSecret: sealed, keyVersion, updatedAt })
      .where(triggerOf(workspaceId, appId, triggerId)),
    ctx.db.insert(auditLogs).values(audit),
  ]);
  return { ...present(ctx, { ...row, updatedAt }), secret };
}

/** 192 bits, in base64url. */
function newToken(ctx: Context): string {
  const bytes = ctx.random.bytes(24);
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_");
}
