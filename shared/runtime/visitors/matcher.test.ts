import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RouteRule } from "#app";
import { formatIpAddress, type IpAddress, parseIpAddress, parseIpRange, widthOf } from "#platform/ip-address";
import { type Verdict, VisitorMatcher, type VisitorTraits } from "./matcher.ts";

const NOBODY: VisitorTraits = { address: null, asn: null, country: null, networks: [], sessionId: null };
const NONE: Verdict = { denied: false, slowed: false, challengedSince: null };

function rule(type: RouteRule["type"], value: string, changes: Partial<RouteRule> = {}): RouteRule {
  return { kind: "deny", type, value, since: 0, until: null, ...changes };
}

function from(ip: string): VisitorTraits {
  return { ...NOBODY, address: parseIpAddress(ip) };
}

/** Bit by bit, rule by rule: slow and plain. */
function naiveMatch({ type, value }: RouteRule, visitor: VisitorTraits): boolean {
  switch (type) {
    case "all":
      return true;
    case "asn":
      return visitor.asn !== null && String(visitor.asn) === value;
    case "country":
      return visitor.country === value;
    case "network":
      return visitor.networks.includes(value);
    case "session":
      return visitor.sessionId === value;
    case "ip":
      return visitor.address !== null && formatIpAddress(visitor.address) === value;
    case "cidr": {
      const range = parseIpRange(value);
      if (range === null || visitor.address?.version !== range.first.version) return false;
      const binary = ({ version, bits }: IpAddress) => bits.toString(2).padStart(widthOf(version), "0");
      return binary(visitor.address).startsWith(binary(range.first).slice(0, range.length));
    }
  }
}

function naiveVerdict(rules: readonly RouteRule[], visitor: VisitorTraits, now: number): Verdict {
  let verdict = NONE;
  for (const each of rules) {
    if ((each.until !== null && each.until <= now) || !naiveMatch(each, visitor)) continue;
    if (each.kind === "deny") verdict = { ...verdict, denied: true };
    if (each.kind === "slow") verdict = { ...verdict, slowed: true };
    if (each.kind === "challenge") verdict = { ...verdict, challengedSince: Math.max(verdict.challengedSince ?? 0, each.since) };
  }
  return verdict;
}

// Few values, close together, so that matches are frequent.
const address = fc.oneof(
  fc.integer({ min: 0, max: 255 }).map((last): IpAddress => ({ version: 4, bits: 0xcb007100n + BigInt(last) })),
  fc.integer({ min: 0, max: 255 }).map((last): IpAddress => ({ version: 6, bits: (0x20010db8n << 96n) + (BigInt(last) << 60n) })),
);
const range = fc.tuple(address, fc.integer({ min: 0, max: 128 })).map(([first, cut]) => {
  const length = Math.min(cut, widthOf(first.version));
  const canonical = parseIpRange(`${formatIpAddress(first)}/${length}`);
  return canonical ? `${formatIpAddress(canonical.first)}/${canonical.length}` : "";
});
const asn = fc.constantFrom(1, 2, 3);
const country = fc.constantFrom("DE", "FR", "T1");
const name = fc.constantFrom("a", "b", "c");
const match = fc.oneof(
  address.map((value) => ["ip", formatIpAddress(value)] as const),
  range.map((value) => ["cidr", value] as const),
  asn.map((value) => ["asn", String(value)] as const),
  country.map((value) => ["country", value] as const),
  name.map((value) => ["network", value] as const),
  name.map((value) => ["session", value] as const),
  fc.constant(["all", ""] as const),
);
const moment = fc.integer({ min: 0, max: 5 });
const rules = fc.array(
  fc.record({
    match: match,
    kind: fc.constantFrom<RouteRule["kind"]>("deny", "challenge", "slow"),
    since: moment,
    until: fc.option(moment),
  }),
  { maxLength: 30 },
);
const visitor = fc.record({
  address: fc.option(address),
  asn: fc.option(asn),
  country: fc.option(country),
  networks: fc.array(name, { maxLength: 2 }),
  sessionId: fc.option(name),
});

describe("VisitorMatcher", () => {
  it("finds what going through all rules finds", () => {
    fc.assert(
      fc.property(rules, visitor, moment, (drawn, who, now) => {
        const all = drawn.map(({ match: [type, value], ...rest }): RouteRule => ({ type, value, ...rest }));
        expect(new VisitorMatcher(all).verdict(who, now)).toEqual(naiveVerdict(all, who, now));
      }),
      { numRuns: 2_000 },
    );
  });

  it("keeps the two versions of addresses apart", () => {
    const everyIpv6 = new VisitorMatcher([rule("cidr", "::/0")]);
    expect(everyIpv6.verdict(from("2001:db8::1"), 0).denied).toBe(true);
    expect(everyIpv6.verdict(from("203.0.113.7"), 0).denied).toBe(false);
    expect(new VisitorMatcher([rule("ip", "203.0.113.7")]).verdict(from("::ffff:203.0.113.7"), 0).denied).toBe(true);
  });

  it("finds nothing where nothing is known of the visitor", () => {
    const matcher = new VisitorMatcher([rule("asn", "64500"), rule("country", "DE"), rule("cidr", "0.0.0.0/0"), rule("session", "vis_1")]);
    expect(matcher.verdict(NOBODY, 0)).toEqual(NONE);
  });

  it("forgets a rule at its end", () => {
    const matcher = new VisitorMatcher([rule("all", "", { until: 100 })]);
    expect([matcher.verdict(NOBODY, 99).denied, matcher.verdict(NOBODY, 100).denied]).toEqual([true, false]);
  });
});
