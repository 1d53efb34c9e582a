import { and, eq, gt, isNull, or, sql } from "drizzle-orm";
import { z } from "zod";
import { apps, VISITOR_MATCH_TYPES, VISITOR_RULE_KINDS, visitorRules } from "#platform/schema";

/** A rule as it travels with an app's route. */
export const routeRuleSchema = z.object({
  kind: z.enum(VISITOR_RULE_KINDS),
  type: z.enum(VISITOR_MATCH_TYPES),
  value: z.string(),
  /** Since when, in milliseconds. */
  since: z.number(),
  /** Until when, in milliseconds; `null` is without end. */
  until: z.number().nullable(),
});
export type RouteRule = z.infer<typeof routeRuleSchema>;

export function unexpired(now: Date) {
  return or(isNull(visitorRules.expiresAt), gt(visitorRules.expiresAt, now));
}

const milliseconds = (column: typeof visitorRules.updatedAt | typeof visitorRules.expiresAt) =>
  sql`floor(extract(epoch FROM ${column}) * 1000)::bigint`;

/** JSON of the rules that concern an app's visitors, its workspace's among them: a column of a query over `apps`. */
export function rulesInForce(now: Date) {
  const concerned = and(
    eq(visitorRules.workspaceId, apps.workspaceId),
    or(isNull(visitorRules.appId), eq(visitorRules.appId, apps.id)),
    unexpired(now),
  );
  return sql<unknown>`(SELECT coalesce(json_agg(json_build_object(
    'kind', ${visitorRules.kind}, 'type', ${visitorRules.matchType}, 'value', ${visitorRules.matchValue},
    'since', ${milliseconds(visitorRules.updatedAt)}, 'until', ${milliseconds(visitorRules.expiresAt)}
  )), '[]'::json) FROM ${visitorRules} WHERE ${concerned})`;
}
