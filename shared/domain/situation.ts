import type { Context } from "#platform/context";
import { isConfigured } from "./cloudflare/client.ts";
import type { CustomHostname } from "./cloudflare/custom-hostname.ts";
import { stateOf } from "./cloudflare/sync.ts";
import type { DnsFacts } from "./dns/look-up.ts";
import type { Wanted } from "./dns/verdicts.ts";
import { aliasOf, type ClaimRecord, cloudflareRecords, ownershipRecord, routingRecord } from "./records.ts";
import { customOf, type DomainRow, dnsOf } from "./rows.ts";
import { MAX_CHECKS } from "./schedule.ts";
import { domainTarget } from "./settings.ts";
import { type CustomState, type Decision, decide, type Situation } from "./states.ts";
import { isApex } from "./suffix.ts";

/** What the resolvers are asked of a claim. */
export function wantedOf({ env }: Context, { hostname, verificationToken: token }: DomainRow): Wanted {
  const target = domainTarget(env);
  if (target === "") return { hostname, apex: isApex(hostname), token, alias: null, target: null };
  return { hostname, apex: isApex(hostname), token, alias: aliasOf(token, target), target };
}

/** Every record of a claim that its owner may have to set. */
export function recordsOf({ env }: Context, row: DomainRow, custom: CustomHostname | null = customOf(row)): ClaimRecord[] {
  const routing = routingRecord(row, domainTarget(env));
  return [ownershipRecord(row), ...(routing === null ? [] : [routing]), ...cloudflareRecords(row, custom)];
}

/** What a claim's state follows from, with what has just been learned. */
function situationOf(ctx: Context, row: DomainRow, dns: DnsFacts, state: CustomState, checks: number): Situation {
  return {
    hostname: row.hostname,
    status: row.status,
    verified: row.verifiedAt !== null,
    inService: row.inService,
    configured: isConfigured(ctx.env),
    over: checks >= MAX_CHECKS,
    away: row.awayChecks,
    dns,
    custom: state,
    records: {
      ownership: ownershipRecord(row),
      routing: routingRecord(row, domainTarget(ctx.env)),
      certificate: cloudflareRecords(row, customOf(row)).filter(({ purpose }) => purpose === "certificate"),
    },
  };
}

export function decideOn(ctx: Context, row: DomainRow, dns: DnsFacts, state: CustomState, checks = row.checks): Decision {
  return decide(situationOf(ctx, row, dns, state, checks));
}

/** The state that follows from what was learned last, without asking anybody. */
export function decideFromMemory(ctx: Context, row: DomainRow): Decision {
  const custom = customOf(row);
  const state: CustomState = custom === null ? { kind: "none" } : stateOf(custom, ctx.clock.now());
  return { ...decideOn(ctx, row, dnsOf(row), state, 0), away: row.awayChecks };
}
