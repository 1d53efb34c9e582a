import { and, eq, isNull, ne } from "drizzle-orm";
import { getApp, getVersion, validateManifest } from "#app";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import type { Transaction } from "#platform/db";
import { AppError, errorCode, validationFailed } from "#platform/errors";
import { appDomains, apps, auditLogs } from "#platform/schema";
import type { Domain } from "./domain-view.ts";
import { checkBehind, viewDomain } from "./domains.ts";
import { type DomainRow, owned, readDomain } from "./rows.ts";
import { decideFromMemory } from "./situation.ts";

/** Where a hostname is to lead. */
export interface Activation {
  /** Another app of the workspace; without it, the one that it has. */
  readonly appId?: string | undefined;
  /** A version that is served whatever the app publishes; `null`: whichever it publishes. */
  readonly versionId?: string | null | undefined;
}

type Columns = Partial<typeof appDomains.$inferInsert>;

/** What a switch changes, and how it is written down. */
interface Change {
  readonly action: "domain.activated" | "domain.rolled_back";
  readonly columns: Columns & { readonly appId: string };
}

/** @throws `not_found`, `invalid_state` for an app that serves nobody, `validation_failed` for a version that cannot run */
async function requireServable(ctx: Context, workspaceId: string, appId: string, versionId: string | null): Promise<void> {
  const app = await getApp(ctx, workspaceId, appId);
  if (app.status !== "published") throw new AppError("invalid_state", `The app ${app.name} is not published. Publish it first.`);
  if (versionId === null) return;
  const { manifest } = await getVersion(ctx, workspaceId, appId, versionId);
  const checked = await validateManifest(manifest);
  if (!checked.ok) throw validationFailed(checked.faults);
}

/**
 * Leads a hostname to another app of the workspace, or to one version, in one step: visitors get the one or the other, never
 * neither. Also puts one back that was taken out of service. Repeated, it changes nothing.
 * @throws `not_found`, `invalid_state`, `validation_failed`, `conflict` when another change won
 */
export async function activateDomain(
  ctx: Context,
  workspaceId: string,
  appId: string,
  domainId: string,
  { appId: wantedApp, versionId: wantedVersion }: Activation,
): Promise<Domain> {
  const row = await readDomain(ctx, workspaceId, appId, domainId);
  const target = wantedApp ?? row.appId;
  const versionId = wantedVersion === undefined ? (target === row.appId ? row.versionId : null) : wantedVersion;
  const switched = target !== row.appId || versionId !== row.versionId;
  if (!switched && row.inService) return viewDomain(ctx, workspaceId, appId, domainId);
  if (switched) await requireServable(ctx, workspaceId, target, versionId);
  const previous = { previousAppId: row.appId, previousVersionId: row.versionId, switchedAt: new Date(ctx.clock.now()) };
  await apply(ctx, row, {
    action: "domain.activated",
    columns: { appId: target, versionId, ...(switched ? previous : {}), ...serviceColumns(ctx, row, true) },
  });
  if (!row.inService) checkBehind(ctx, domainId);
  return viewDomain(ctx, workspaceId, target, domainId);
}

/**
 * Undoes the last switch; without one, takes the hostname out of service: it stays proved, and comes back by being activated.
 * @throws `not_found`, `invalid_state` when there is nothing to be undone, `conflict` when another change won
 */
export async function rollBackDomain(ctx: Context, workspaceId: string, appId: string, domainId: string): Promise<Domain> {
  const row = await readDomain(ctx, workspaceId, appId, domainId);
  const columns = row.previousAppId === null ? outOfService(ctx, row) : await backTo(ctx, row, row.previousAppId);
  await apply(ctx, row, { action: "domain.rolled_back", columns });
  return viewDomain(ctx, workspaceId, columns.appId, domainId);
}

async function backTo(ctx: Context, row: DomainRow, previousAppId: string): Promise<Change["columns"]> {
  await getApp(ctx, row.workspaceId, previousAppId).catch((error: unknown) => {
    if (errorCode(error) !== "not_found") throw error;
    throw new AppError("invalid_state", "The app that the hostname was switched from is deleted. Activate another app instead.");
  });
  return { appId: previousAppId, versionId: row.previousVersionId, previousAppId: null, previousVersionId: null, switchedAt: null };
}

function outOfService(ctx: Context, row: DomainRow): Change["columns"] {
  if (!row.inService) throw new AppError("invalid_state", "The hostname is out of service already. Activate it to serve it again.");
  if (row.verifiedAt === null) throw new AppError("invalid_state", "The hostname was never in service. Remove it to give it up.");
  return { appId: row.appId, ...serviceColumns(ctx, row, false) };
}

/** What taking it in or out of service makes of its state, from what was learned last. */
function serviceColumns(ctx: Context, row: DomainRow, inService: boolean): Columns {
  if (row.inService === inService) return {};
  const { status, nextStep } = decideFromMemory(ctx, { ...row, inService });
  return { inService, status, nextStep, nextCheckAt: new Date(ctx.clock.now()) };
}

async function isCanonicalTaken(tx: Transaction, { id }: DomainRow, appId: string): Promise<boolean> {
  const found = await tx
    .select({ id: appDomains.id })
    .from(appDomains)
    .where(and(eq(appDomains.appId, appId), eq(appDomains.canonical, true), ne(appDomains.id, id), ne(appDomains.status, "removed")));
  return found.length > 0;
}

const shownBy = ({ appId, versionId, status }: Pick<DomainRow, "appId" | "versionId" | "status">) => ({
  app_id: appId,
  version_id: versionId,
  status,
});

/** The one way in which a hostname is switched: conditional and audited. @throws `conflict` */
async function apply(ctx: Context, row: DomainRow, { action, columns }: Change): Promise<void> {
  const { id, workspaceId, appId, versionId, status, inService } = row;
  await ctx.transaction(async (tx) => {
    await tx.select({ id: apps.id }).from(apps).where(eq(apps.id, columns.appId)).for("update");
    const moved = columns.appId !== appId;
    // An app has one canonical hostname; the first to come is that.
    const canonical = moved ? !row.redirects && !(await isCanonicalTaken(tx, row, columns.appId)) : row.canonical;
    const unchanged = and(
      owned(workspaceId, appId, id),
      versionId === null ? isNull(appDomains.versionId) : eq(appDomains.versionId, versionId),
      eq(appDomains.status, status),
      eq(appDomains.inService, inService),
    );
    const [after] = await tx
      .update(appDomains)
      .set({ ...columns, canonical, updatedAt: new Date(ctx.clock.now()) })
      .where(unchanged)
      .returning();
    if (!after) throw new AppError("conflict", "The hostname was changed meanwhile. Read it again and repeat.");
    const entry = { workspaceId, action, targetType: "domain", targetId: id, before: shownBy(row), after: shownBy(after) };
    await tx.insert(auditLogs).values(auditRow(ctx, entry));
  });
}
