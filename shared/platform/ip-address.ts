/** An IP address as a number of 32 or 128 bits. IPv4 written as IPv6 (`::ffff:a.b.c.d`) is IPv4. */
export interface IpAddress {
  readonly version: 4 | 6;
  readonly bits: bigint;
}

/** The addresses that share their first `length` bits with `first`, whose other bits are 0. */
export interface IpRange {
  readonly first: IpAddress;
  readonly length: number;
}

const OCTET = "([1-9]?\\d|1\\d\\d|2[0-4]\\d|25[0-5])";
const IPV4 = new RegExp(`^${OCTET}\\.${OCTET}\\.${OCTET}\\.${OCTET}$`);
const MAPPED = 0xffffn << 32n;

function ipv4Bits(text: string): bigint | null {
  const [, ...octets] = IPV4.exec(text) ?? [];
  return octets.length === 4 ? octets.reduce((bits, octet) => (bits << 8n) | BigInt(octet), 0n) : null;
}

/** A part of an IPv6 address as groups of 16 bits; -1 stands for one that is none. */
function groupsOf(text: string): number[] {
  return text === "" ? [] : text.split(":").map((group) => (/^[0-9a-f]{1,4}$/i.test(group) ? Number.parseInt(group, 16) : -1));
}

/** The last two groups, where they are written as IPv4, in the usual form. */
function withoutDots(text: string): string {
  const end = text.lastIndexOf(":") + 1;
  const bits = ipv4Bits(text.slice(end));
  return bits === null ? text : `${text.slice(0, end)}${(bits >> 16n).toString(16)}:${(bits & 0xffffn).toString(16)}`;
}

/** The eight groups of an IPv6 address (RFC 4291, section 2.2), or `null` when the text is not one. */
export function ipv6Groups(text: string): number[] | null {
  const [head = "", tail, ...more] = withoutDots(text).split("::");
  if (more.length > 0) return null;
  const left = groupsOf(head);
  const right = tail === undefined ? [] : groupsOf(tail);
  const missing = 8 - left.length - right.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const groups = [...left, ...new Array<number>(missing).fill(0), ...right];
  return groups.includes(-1) ? null : groups;
}

/** Reads an address in any of its spellings; `null` for anything else, zone identifiers among it. */
export function parseIpAddress(text: string): IpAddress | null {
  const bits = ipv4Bits(text);
  if (bits !== null) return { version: 4, bits };
  const groups = ipv6Groups(text);
  if (groups === null) return null;
  const all = groups.reduce((sum, group) => (sum << 16n) | BigInt(group), 0n);
  return all >> 32n === MAPPED >> 32n ? { version: 4, bits: all & 0xffffffffn } : { version: 6, bits: all };
}

/** Bits of an address of this version. */
export function widthOf(version: IpAddress["version"]): number {
  return version === 4 ? 32 : 128;
}

/** The first `length` bits of an address, as a number. */
export function prefixOf({ version, bits }: IpAddress, length: number): bigint {
  return bits >> BigInt(widthOf(version) - length);
}

/** Reads `address/length`; bits beyond the prefix are dropped. `null` for anything else. */
export function parseIpRange(text: string): IpRange | null {
  const [, address = "", digits] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const parsed = parseIpAddress(address);
  const length = Number(digits);
  if (parsed === null || length > widthOf(parsed.version)) return null;
  const rest = BigInt(widthOf(parsed.version) - length);
  return { first: { version: parsed.version, bits: (parsed.bits >> rest) << rest }, length };
}

/** The one spelling of an address that all others come down to (RFC 5952). */
export function formatIpAddress({ version, bits }: IpAddress): string {
  if (version === 4) return [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 0xffn).join(".");
  const groups = Array.from({ length: 8 }, (_, index) => ((bits >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}
