import { and, eq, ne } from "drizzle-orm";
import { z } from "zod";
import type { Context } from "#platform/context";
import { notFound } from "#platform/errors";
import { isId } from "#platform/ids";
import { appDomains } from "#platform/schema";
import { type CustomHostname, customHostnameSchema } from "./cloudflare/custom-hostname.ts";
import { type DnsFacts, dnsFactsSchema, NOTHING_KNOWN } from "./dns/look-up.ts";
import { type NextStep, nextStepSchema } from "./next-steps.ts";

export type DomainRow = typeof appDomains.$inferSelect;

/** A warning that was given: its code, and when. */
const noticeSchema = z.object({ code: z.string(), at: z.string() });
export type Notice = z.infer<typeof noticeSchema>;

/** What was kept of the last answers. Anything else than what is kept now, as of an earlier release, is nothing. */
export const dnsOf = (row: DomainRow): DnsFacts => dnsFactsSchema.safeParse(row.dns).data ?? NOTHING_KNOWN;
export const customOf = (row: DomainRow): CustomHostname | null => customHostnameSchema.safeParse(row.customHostname).data ?? null;
export const nextStepOf = (row: DomainRow): NextStep | null => nextStepSchema.safeParse(row.nextStep).data ?? null;
export const noticesOf = (row: DomainRow): Notice[] => z.array(noticeSchema).safeParse(row.notices).data ?? [];

/** A claim of an app that was not given up. */
export function owned(workspaceId: string, appId: string, domainId: string) {
  return and(
    eq(appDomains.workspaceId, workspaceId),
    eq(appDomains.appId, appId),
    eq(appDomains.id, domainId),
    ne(appDomains.status, "removed"),
  );
}

/** @throws `not_found` */
export async function readDomain(ctx: Context, workspaceId: string, appId: string, domainId: string): Promise<DomainRow> {
  const [row] = isId("domain", domainId)
    ? await ctx.db
        .select()
        .from(appDomains)
        .where(owned(workspaceId, appId, domainId))
    : [];
  if (!row) throw notFound("The domain");
  return row;
}
