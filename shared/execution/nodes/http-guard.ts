import { AppError } from "#platform/errors";

/*
 * Which addresses an http node may call: public ones. The URL parser has already brought every way of writing an address
 * (decimal, octal, hexadecimal, shortened) into one form, so that ranges are enough here. Names are not resolved: where
 * this runs in production no private network can be reached, and locally the list of exceptions is the only opening.
 */

/** `[first address, prefix length]` of IPv4 ranges that are not public (IANA special-purpose address registry). */
const REFUSED_IPV4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
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

const REFUSED_SUFFIXES = ["localhost", "local", "internal", "intranet", "lan", "home.arpa", "localdomain"];

function ipv4Number(text: string): number {
  return text.split(".").reduce((value, part) => value * 256 + Number(part), 0);
}

function isRefusedIpv4(address: number): boolean {
  return REFUSED_IPV4.some(([first, prefix]) => {
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

function isRefusedIpv6(text: string): boolean {
  const [first = 0, second = 0, third = 0, ...rest] = ipv6Groups(text);
  const [g3 = 0, g4 = 0, g5 = 0, g6 = 0, g7 = 0] = rest;
  const last = g6 * 65_536 + g7;
  const zeros = third + g3 + g4 === 0;
  if (first === 0 && second === 0 && zeros) {
    // ::ffff:a.b.c.d is IPv4 in other clothes; ::, ::1 and the old ::a.b.c.d are never public.
    return g5 === 0xffff ? isRefusedIpv4(last) : true;
  }
  if (first === 0x64 && second === 0xff9b) return !zeros || g5 !== 0 || isRefusedIpv4(last);
  if (first === 0x2002) return isRefusedIpv4(second * 65_536 + third);
  if (first === 0x2001 && (second === 0 || second === 0xdb8)) return true;
  // Only 2000::/3 is global unicast.
  return first < 0x2000 || first > 0x3fff;
}

function isRefusedHost(hostname: string): boolean {
  if (hostname.startsWith("[")) return isRefusedIpv6(hostname.slice(1, -1));
  if (/^\d+\.\d+\.\d+\.\d+$/.test(hostname)) return isRefusedIpv4(ipv4Number(hostname));
  const name = hostname.replace(/\.$/, "");
  return !name.includes(".") || REFUSED_SUFFIXES.some((suffix) => name === suffix || name.endsWith(`.${suffix}`));
}

/** `host:port`, with the scheme's own port written out. */
function hostAndPort({ hostname, port, protocol }: URL): string {
  return `${hostname}:${port || (protocol === "https:" ? "443" : "80")}`;
}

/** Reads an address and refuses it unless it is public, or one of the exceptions (`host:port`). */
export function publicAddress(text: string, base: URL | undefined, exceptions: ReadonlySet<string>): URL {
  if (!URL.canParse(text, base)) throw new AppError("node_failed", "config.url: is not an address.");
  const address = new URL(text, base);
  if (address.protocol !== "https:" && address.protocol !== "http:") {
    throw new AppError("node_failed", "config.url: only http:// and https:// addresses can be called.");
  }
  if (address.username !== "" || address.password !== "") {
    throw new AppError("node_failed", "config.url: credentials cannot stand in the address; use auth.");
  }
  if (!exceptions.has(hostAndPort(address)) && isRefusedHost(address.hostname)) {
    throw new AppError("node_failed", "config.url: only public addresses can be called.");
  }
  return address;
}
