import { lookup, Resolver } from "node:dns/promises";
import type { DnsRecord, RecordType } from "./records.ts";
import type { Zone } from "./zone.ts";

/** Numbers of RFC 1035, section 4.1.1. */
export const RCODE = { ok: 0, formatError: 1, failed: 2, noSuchName: 3, notImplemented: 4, refused: 5 } as const;

export interface Resolution {
  readonly rcode: number;
  /** Whether the zone itself says so. */
  readonly authoritative: boolean;
  readonly records: readonly DnsRecord[];
}

/** Names that may stand for one another in a row. */
const MAX_CHAIN = 8;

/**
 * Answers a question from the zone, following CNAMEs, and for names that the zone does not know as this machine's own resolver
 * does, its hosts file included, since that is what the Worker's requests will use. Names below `.test` belong to nobody (RFC
 * 6761): there, what is not planted does not exist.
 */
export async function resolve(zone: Zone, name: string, type: RecordType, depth = 0): Promise<Resolution> {
  const fault = zone.fault(name)?.kind;
  if (fault === "servfail") return failure(RCODE.failed);
  if (fault === "refused") return failure(RCODE.refused);
  const own = zone.at(name);
  if (own === null) return await outside(zone, name, type);
  const alias = own.find((record) => record.type === "CNAME");
  if (!alias || type === "CNAME") return { rcode: RCODE.ok, authoritative: true, records: own.filter((record) => record.type === type) };
  if (depth === MAX_CHAIN) return failure(RCODE.failed);
  const { rcode, records } = await resolve(zone, alias.data, type, depth + 1);
  return { rcode, authoritative: true, records: [alias, ...records] };
}

function failure(rcode: number): Resolution {
  return { rcode, authoritative: true, records: [] };
}

async function outside(zone: Zone, name: string, type: RecordType): Promise<Resolution> {
  const reserved = name === "test" || name.endsWith(".test");
  if (reserved && (type === "TXT" || type === "CNAME")) return absent(zone, name);
  const found = type === "A" || type === "AAAA" ? await addresses(name, type) : await records(name, type);
  return reserved && found.rcode !== RCODE.ok ? absent(zone, name) : found;
}

function absent(zone: Zone, name: string): Resolution {
  return { rcode: zone.exists(name) ? RCODE.ok : RCODE.noSuchName, authoritative: true, records: [] };
}

async function addresses(name: string, type: "A" | "AAAA"): Promise<Resolution> {
  return await asAnswer(async () => {
    const found = (await lookup(name, { all: true })).filter(({ family }) => family === (type === "A" ? 4 : 6));
    return found.map(({ address: data }) => ({ name, type, data }));
  });
}

/** Milliseconds that the machine's resolver may take where its hosts file has no say. */
const TIMEOUT_MS = 2_000;

async function records(name: string, type: "CNAME" | "TXT"): Promise<Resolution> {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: 1 });
  return await asAnswer(async () => {
    const found = type === "CNAME" ? await resolver.resolveCname(name) : (await resolver.resolveTxt(name)).map((parts) => parts.join(""));
    return found.map((data) => ({ name, type, data }));
  });
}

async function asAnswer(find: () => Promise<readonly DnsRecord[]>): Promise<Resolution> {
  try {
    return { rcode: RCODE.ok, authoritative: false, records: await find() };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    const rcode = code === "ENOTFOUND" ? RCODE.noSuchName : code === "ENODATA" ? RCODE.ok : RCODE.failed;
    return { rcode, authoritative: false, records: [] };
  }
}
