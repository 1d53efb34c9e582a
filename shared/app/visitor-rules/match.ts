import { z } from "zod";
import { isId } from "#platform/ids";
import { formatIpAddress, parseIpAddress, parseIpRange } from "#platform/ip-address";
import type { VISITOR_MATCH_TYPES } from "#platform/schema";

/** Whom a rule concerns, in the one spelling that is stored and compared. */
export interface StoredMatch {
  readonly type: (typeof VISITOR_MATCH_TYPES)[number];
  readonly value: string;
}

/** A rule's match as it is given and shown: exactly one of these. */
export const visitorMatchSchema = z
  .strictObject({
    ip: z.string().refine((text) => parseIpAddress(text) !== null, 'Give an address such as "203.0.113.7" or "2001:db8::7".'),
    cidr: z.string().refine((text) => parseIpRange(text) !== null, 'Give a range such as "203.0.113.0/24" or "2001:db8::/32".'),
    asn: z.number().int().min(1).max(4_294_967_295),
    country: z.string().regex(/^([A-Z]{2}|T1)$/, 'Give two capital letters (ISO 3166-1) such as "DE", or "T1" for Tor.'),
    network: z.string().regex(/^[\w-]{24}$/, "Give a network's hash as a run or a runtime event shows it."),
    session: z.string().refine((text) => isId("visitor", text), 'Give a session\'s id as a run shows it, such as "vis_…".'),
    all: z.literal(true),
  })
  .partial()
  .refine((match) => Object.keys(match).length === 1, "Give exactly one of ip, cidr, asn, country, network, session, all.");
export type VisitorMatch = z.infer<typeof visitorMatchSchema>;

function canonicalIp(text: string): string | undefined {
  const address = parseIpAddress(text);
  return address ? formatIpAddress(address) : undefined;
}

function canonicalCidr(text: string): string | undefined {
  const range = parseIpRange(text);
  return range ? `${formatIpAddress(range.first)}/${range.length}` : undefined;
}

/** The stored form of a match that {@link visitorMatchSchema} has read. */
export function storedMatch(match: VisitorMatch): StoredMatch {
  const { ip, cidr, asn, country, network, session } = match;
  if (ip !== undefined) return { type: "ip", value: canonicalIp(ip) ?? ip };
  if (cidr !== undefined) return { type: "cidr", value: canonicalCidr(cidr) ?? cidr };
  if (asn !== undefined) return { type: "asn", value: String(asn) };
  if (country !== undefined) return { type: "country", value: country };
  if (network !== undefined) return { type: "network", value: network };
  if (session !== undefined) return { type: "session", value: session };
  return { type: "all", value: "" };
}

/** The shown form of a stored match. */
export function shownMatch({ type, value }: StoredMatch): VisitorMatch {
  switch (type) {
    case "asn":
      return { asn: Number(value) };
    case "all":
      return { all: true };
    default:
      return { [type]: value };
  }
}
