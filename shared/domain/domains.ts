import { and, asc, eq, gt } from "drizzle-orm";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import { sqlState } from "#platform/db";
import { AppError, notFound } from "#platform/errors";
import { type Page, type PageRequest, readCursor, toPage } from "#platform/pages";
import { appDomains, auditLogs } from "#platform/schema";
import { requireHostname } from "./hostnames.ts";

type DomainRow = typeof appDomains.$inferSelect;

/** A custom hostname as the API shows it, with the record that proves ownership. */
export interface Domain {
  readonly id: string;
  readonly app_id: string;
  readonly hostname: string;
  readonly status: DomainRow["status"];
  readonly verification: { readonly type: "TXT"; readonly name: string; readonly value: string };
  readonly verified_at: string | null;
  readonly created_at: string;
}

function present(row: DomainRow): Domain {
  return {
    id: row.id,
    app_id: row.appId,
    hostname: row.hostname,
    status: row.status,
    verification: { type: "TXT", name: `_agentflow.${row.hostname}`, value: row.verificationToken },
    verified_at: row.verifiedAt?.toISOString() ?? null,
    created_at: row.createdAt.toISOString(),
  };
}

/** The hostnames of an app, oldest first. */
export async function listDomains(ctx: Context, workspaceId: string, appId: string, page: PageRequest): Promise<Page<Domain>> {
  const after = readCursor(page.cursor);
  const rows = await ctx.db
    .select()
    .from(appDomains)
    .where(
      and(eq(appDomains.workspaceId, workspaceId), eq(appDomains.appId, appId), after === undefined ? undefined : gt(appDomains.id, after)),
    )
    .orderBy(asc(appDomains.id))
    .limit(page.limit + 1);
  return toPage(rows, page.limit, present);
}

export async function getDomain(ctx: Context, workspaceId: string, appId: string, domainId: string): Promise<Domain> {
  const [row] = await ctx.db
    .select()
    .from(appDomains)
    .where(owned(workspaceId, appId, domainId));
  if (!row) throw notFound("The domain");
  return present(row);
}

/** Claims a hostname for an app. It serves nobody until its owner has proved to be that. A hostname taken anywhere: `conflict`. */
export async function addDomain(ctx: Context, workspaceId: string, appId: string, hostname: string): Promise<Domain> {
  const row = {
    id: ctx.newId("domain"),
    workspaceId,
    appId,
    hostname: requireHostname(hostname),
    status: "pending" as const,
    verificationToken: `agentflow-${Array.from(ctx.random.bytes(16), (byte) => byte.toString(16).padStart(2, "0")).join("")}`,
  };
  try {
    const [[created]] = await ctx.db.batch([
      ctx.db.insert(appDomains).values(row).returning(),
      ctx.db
        .insert(auditLogs)
        .values(
          auditRow(ctx, { workspaceId, action: "domain.added", targetType: "domain", targetId: row.id, after: { hostname: row.hostname } }),
        ),
    ]);
    if (!created) throw new Error("the insert returned no row");
    return present(created);
  } catch (error) {
    if (sqlState(error) === "23505") throw new AppError("conflict", `${row.hostname} is already in use.`, { cause: error });
    throw error;
  }
}

/** Lets a hostname go. Whether visitors still reach it depends on caches of a few seconds only. */
export async function removeDomain(ctx: Context, workspaceId: string, appId: string, domainId: string): Promise<void> {
  const domain = await getDomain(ctx, workspaceId, appId, domainId);
  await ctx.db.batch([
    ctx.db.delete(appDomains).where(owned(workspaceId, appId, domainId)),
    ctx.db.insert(auditLogs).values(
      auditRow(ctx, {
        workspaceId,
        action: "domain.removed",
        targetType: "domain",
        targetId: domainId,
        before: { hostname: domain.hostname },
      }),
    ),
  ]);
}

function owned(workspaceId: string, appId: string, domainId: string) {
  return and(eq(appDomains.workspaceId, workspaceId), eq(appDomains.appId, appId), eq(appDomains.id, domainId));
}
