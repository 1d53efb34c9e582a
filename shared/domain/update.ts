import { and, eq, ne } from "drizzle-orm";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import { AppError, validationFailed } from "#platform/errors";
import { appDomains, apps, auditLogs } from "#platform/schema";
import { customHostnames } from "./cloudflare/client.ts";
import type { Domain } from "./domain-view.ts";
import { checkBehind, viewDomain } from "./domains.ts";
import type { CertificateMethod } from "./records.ts";
import { type DomainRow, owned, readDomain } from "./rows.ts";

export interface DomainPatch {
  /** Makes it the one that the app's redirecting hostnames lead to, instead of whichever was. */
  readonly canonical?: true | undefined;
  readonly redirect?: boolean | undefined;
  readonly certificateMethod?: CertificateMethod | undefined;
}

function requireSense(row: DomainRow, { canonical, redirect }: DomainPatch): void {
  if (redirect !== true) return;
  const message = "The canonical hostname is where the others lead, so it cannot redirect itself.";
  if (canonical) throw validationFailed([{ path: "redirect", code: "contradiction", message }]);
  if (row.canonical) throw new AppError("invalid_state", `${message} Make another one canonical first.`);
}

/** @throws `not_found`, `validation_failed`, `invalid_state`, `conflict` */
export async function updateDomain(
  ctx: Context,
  workspaceId: string,
  appId: string,
  domainId: string,
  patch: DomainPatch,
): Promise<Domain> {
  const row = await readDomain(ctx, workspaceId, appId, domainId);
  requireSense(row, patch);
  const canonical = patch.canonical ?? row.canonical;
  const after = {
    canonical,
    redirects: patch.canonical ? false : (patch.redirect ?? row.redirects),
    certificateMethod: patch.certificateMethod ?? row.certificateMethod,
  };
  const now = new Date(ctx.clock.now());
  const newMethod = after.certificateMethod !== row.certificateMethod;
  await ctx.transaction(async (tx) => {
    await tx.select({ id: apps.id }).from(apps).where(eq(apps.id, appId)).for("update");
    if (patch.canonical) {
      await tx
        .update(appDomains)
        .set({ canonical: false })
        .where(and(eq(appDomains.appId, appId), eq(appDomains.canonical, true), ne(appDomains.id, domainId)));
    }
    const updated = await tx
      .update(appDomains)
      .set({ ...after, updatedAt: now, ...(newMethod ? { nextCheckAt: now } : {}) })
      .where(and(owned(workspaceId, appId, domainId), eq(appDomains.canonical, row.canonical)))
      .returning({ id: appDomains.id });
    if (updated.length === 0) throw new AppError("conflict", "The hostname was changed meanwhile. Read it again and repeat.");
    const shown = ({ canonical: first, redirects, certificateMethod }: typeof after) => ({
      canonical: first,
      redirect: redirects,
      certificate_method: certificateMethod,
    });
    const entry = {
      workspaceId,
      action: "domain.updated",
      targetType: "domain",
      targetId: domainId,
      before: shown(row),
      after: shown(after),
    };
    await tx.insert(auditLogs).values(auditRow(ctx, entry));
  });
  if (newMethod) checkBehind(ctx, domainId);
  return viewDomain(ctx, workspaceId, appId, domainId);
}

/**
 * Has the certificate validated and issued anew.
 * @throws `not_found`, `invalid_state` where there is none to be renewed, `upstream_unavailable`, `overloaded`
 */
export async function renewCertificate(ctx: Context, workspaceId: string, appId: string, domainId: string): Promise<Domain> {
  const { customHostnameId, certificateMethod, hostname } = await readDomain(ctx, workspaceId, appId, domainId);
  const api = customHostnames(ctx);
  if (api === null) throw new AppError("invalid_state", "This deployment is not set up for custom hostnames, so there is no certificate.");
  if (customHostnameId === null) throw new AppError("invalid_state", `${hostname} has no certificate yet. Verify it first.`);
  const renewed = await api.refresh(customHostnameId, certificateMethod);
  if (renewed.kind === "refused")
    throw new AppError("upstream_unavailable", `Cloudflare does not renew the certificate: ${renewed.detail}`);
  const entry = { workspaceId, action: "domain.certificate_renewed", targetType: "domain", targetId: domainId, after: { hostname } };
  const now = new Date(ctx.clock.now());
  await ctx.db.batch([
    ctx.db
      .update(appDomains)
      .set({ checks: 0, nextCheckAt: now, ...(renewed.value === null ? {} : { customHostname: renewed.value }) })
      .where(owned(workspaceId, appId, domainId)),
    ctx.db.insert(auditLogs).values(auditRow(ctx, entry)),
  ]);
  checkBehind(ctx, domainId);
  return viewDomain(ctx, workspaceId, appId, domainId);
}
