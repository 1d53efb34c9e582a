import type { RouteRule } from "#app";
import { type IpAddress, parseIpAddress, parseIpRange, prefixOf, widthOf } from "#platform/ip-address";

/** What rules can know of a visitor. What is not known matches nothing. */
export interface VisitorTraits {
  readonly address: IpAddress | null;
  readonly asn: number | null;
  readonly country: string | null;
  /** The hashes of the visitor's network, one a session key. */
  readonly networks: readonly string[];
  readonly sessionId: string | null;
}

/** What befalls a visitor. */
export interface Verdict {
  readonly denied: boolean;
  readonly slowed: boolean;
  /** A proof of being human must be newer than this (ms); `null` asks for none. */
  readonly challengedSince: number | null;
}

/** Rules by what they match, such as `asn:64500`. */
type Index<Key> = Map<Key, RouteRule[]>;

function add<Key>(index: Index<Key>, key: Key, rule: RouteRule): void {
  const known = index.get(key);
  if (known) known.push(rule);
  else index.set(key, [rule]);
}

/** Ranges of one version and length, by their prefix: each is one look-up. */
interface Ranges {
  readonly version: IpAddress["version"];
  readonly length: number;
  readonly byPrefix: Index<bigint>;
}

/** The rules of a route, prepared so that a visitor costs a few look-ups, however many rules there are. */
export class VisitorMatcher {
  readonly #exact: Index<string> = new Map();
  readonly #ranges = new Map<string, Ranges>();
  readonly #types: ReadonlySet<RouteRule["type"]>;

  constructor(rules: readonly RouteRule[]) {
    this.#types = new Set(rules.map(({ type }) => type));
    for (const rule of rules) {
      if (rule.type === "ip" || rule.type === "cidr") this.#addRange(rule);
      else add(this.#exact, `${rule.type}:${rule.value}`, rule);
    }
  }

  /** Whether any rule needs this to be known, which may cost something to learn. */
  asksFor(type: RouteRule["type"]): boolean {
    return this.#types.has(type);
  }

  /** What the rules that match, and have not ended by `now`, say together. */
  verdict(visitor: VisitorTraits, now: number): Verdict {
    const rules = this.#matching(visitor).filter(({ until }) => until === null || until > now);
    const challenges = rules.filter(({ kind }) => kind === "challenge").map(({ since }) => since);
    return {
      denied: rules.some(({ kind }) => kind === "deny"),
      slowed: rules.some(({ kind }) => kind === "slow"),
      challengedSince: challenges.length === 0 ? null : Math.max(...challenges),
    };
  }

  #addRange(rule: RouteRule): void {
    const address = rule.type === "ip" ? parseIpAddress(rule.value) : null;
    const range = address ? { first: address, length: widthOf(address.version) } : parseIpRange(rule.value);
    if (range === null) return;
    const { first, length } = range;
    const key = `${first.version}/${length}`;
    const ranges = this.#ranges.get(key) ?? { version: first.version, length, byPrefix: new Map() };
    this.#ranges.set(key, ranges);
    add(ranges.byPrefix, prefixOf(first, length), rule);
  }

  #matching({ address, asn, country, networks, sessionId }: VisitorTraits): RouteRule[] {
    const keys = ["all:", `asn:${asn}`, `country:${country}`, `session:${sessionId}`, ...networks.map((network) => `network:${network}`)];
    const found = keys.flatMap((key) => this.#exact.get(key) ?? []);
    if (address === null) return found;
    for (const { version, length, byPrefix } of this.#ranges.values()) {
      if (version === address.version) found.push(...(byPrefix.get(prefixOf(address, length)) ?? []));
    }
    return found;
  }
}
