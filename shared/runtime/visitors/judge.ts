import { z } from "zod";
import type { AppRoute, RouteRule } from "#app";
import type { Context } from "#platform/context";
import { parseIpAddress } from "#platform/ip-address";
import { networkNames } from "../admission/client-network.ts";
import { knownSession } from "../session.ts";
import { type Verdict, VisitorMatcher } from "./matcher.ts";

/** What the network says of a request. */
export interface Arrival {
  readonly ip: string;
  readonly request: {
    readonly headers: Headers;
    /** The network's own words on where a request comes from; absent on a local stack, and read only where a rule asks for it. */
    readonly cf?: object | undefined;
  };
}

const wordsSchema = z.object({ asn: z.number().optional().catch(undefined), country: z.string().optional().catch(undefined) });

const UNKNOWN_TO_RULES: Verdict = { denied: false, slowed: false, challengedSince: null };

/** Matchers by the rules they were made of, which a cached route keeps for its life. */
const matchers = new WeakMap<readonly RouteRule[], VisitorMatcher>();

function matcherOf(rules: readonly RouteRule[]): VisitorMatcher {
  const known = matchers.get(rules);
  if (known) return known;
  const made = new VisitorMatcher(rules);
  matchers.set(rules, made);
  return made;
}

/** What the app's rules say of a visitor. Pure arithmetic and, where a rule asks for it, a signature: no call to anywhere. */
export async function judgeVisitor(ctx: Context, route: AppRoute, { ip, request }: Arrival): Promise<Verdict> {
  if (route.visitorRules.length === 0) return UNKNOWN_TO_RULES;
  const matcher = matcherOf(route.visitorRules);
  const [networks, session] = await Promise.all([
    matcher.asksFor("network") ? networkNames(ctx, ip) : [],
    matcher.asksFor("session") ? knownSession(ctx, route, request.headers) : null,
  ]);
  const cf = matcher.asksFor("asn") || matcher.asksFor("country") ? wordsSchema.parse(request.cf ?? {}) : {};
  const visitor = {
    address: parseIpAddress(ip),
    asn: cf.asn ?? null,
    country: cf.country ?? null,
    networks,
    sessionId: session,
  };
  return matcher.verdict(visitor, ctx.clock.now());
}
