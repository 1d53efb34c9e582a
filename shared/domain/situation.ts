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

/** What has just been learned of a claim. */
export interface Learned {
  readonly dns: DnsFacts;
  readonly state: CustomState;
  /** The newest that is known of it at Cloudflare. */
  readonly custom: CustomHostname | null;
}

function situationOf(ctx: Context, row: DomainRow, { dns, state, custom }: Learned, checks: number): Situation {
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
      certificate: cloudflareRecords(row, custom).filter(({ purpose }) => purpose === "certificate"),
    },
  };
}

/** The state that follows from what has just been learned, at the check of this number. */
export function decideOn(ctx: Context, row: DomainRow, learned: Learned, checks: number): Decision {
  return decide(situationOf(ctx, row, learned, checks));
}

/** The state that follows from what was learned last, without asking anybody. */
export function decideFromMemory(ctx: Context, row: DomainRow): Decision {
  const custom = customOf(row);
  const state: CustomState = custom === null ? { kind: "none" } : stateOf(custom, ctx.clock.now());
  return { ...decideOn(ctx, row, { dns: dnsOf(row), state, custom }, 0), away: row.awayChecks };
}
