/** `[first address, prefix length]` of IPv4 ranges that are not public (IANA special-purpose address registry). */
const NOT_PUBLIC_IPV4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  // Answers only from within Azure: the metadata and DNS server of its virtual machines.
  ["168.63.129.16", 32],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];

function ipv4Number(text: string): number {
  return text.split(".").reduce((value, part) => value * 256 + Number(part), 0);
}

function isPublicIpv4(address: number): boolean {
  return !NOT_PUBLIC_IPV4.some(([first, prefix]) => {
    const size = 2 ** (32 - prefix);
    return Math.floor(address / size) === Math.floor(ipv4Number(first) / size);
  });
}

/** The eight groups of an IPv6 address as the URL parser writes it (no dotted part, `::` at most once). */
function ipv6Groups(text: string): number[] {
  const [head = "", tail] = text.split("::");
  const groups = (part: string) => (part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16)));
  const [left, right] = [groups(head), groups(tail ?? "")];
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
}

function isPublicIpv6(text: string): boolean {
  const [first = 0, second = 0, third = 0, ...rest] = ipv6Groups(text);
  const [g3 = 0, g4 = 0, g5 = 0, g6 = 0, g7 = 0] = rest;
  const last = g6 * 65_536 + g7;
  const zeros = third + g3 + g4 === 0;
  // ::ffff:a.b.c.d is IPv4 in other clothes; ::, ::1 and the old ::a.b.c.d are never public.
  if (first === 0 && second === 0 && zeros) return g5 === 0xffff && isPublicIpv4(last);
  // NAT64: the IPv4 address is what will be reached.
  if (first === 0x64 && second === 0xff9b) return zeros && g5 === 0 && isPublicIpv4(last);
  // 6to4, the same.
  if (first === 0x2002) return isPublicIpv4(second * 65_536 + third);
  // Protocol assignments (Teredo among them), and the two ranges for documentation.
  if (first === 0x2001 && (second < 0x200 || second === 0xdb8)) return false;
  if (first === 0x3fff && second < 0x1000) return false;
  // Only 2000::/3 is global unicast.
  return first >= 0x2000 && first <= 0x3fff;
}

const DOTTED = /^\d+\.\d+\.\d+\.\d+$/;

/**
 * Whether a host, as the URL parser writes it, is a public IP address; `undefined` for a name. The parser has already brought
 * every way of writing an address (decimal, octal, hexadecimal, shortened, other digits) into one form.
 */
export function isPublicIp(host: string): boolean | undefined {
  if (host.startsWith("[")) return isPublicIpv6(host.slice(1, -1));
  return DOTTED.test(host) ? isPublicIpv4(ipv4Number(host)) : undefined;
}

/** An IP address as the URL parser writes it, from the spelling that DNS answers have; `undefined` when it is none. */
export function asHost(ip: string): string | undefined {
  const address = `http://${ip.includes(":") ? `[${ip}]` : ip}/`;
  const host = URL.canParse(address) ? new URL(address).hostname : "";
  return isPublicIp(host) === undefined ? undefined : host;
}
