import type { Env } from "#platform/env";

/** The eight 16-bit groups of an IPv6 address, or `undefined` when the text is not one. A dotted tail counts as two groups. */
function ipv6Groups(text: string): number[] | undefined {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const address = dotted ? `${dotted[1]}${pair(dotted[2], dotted[3])}:${pair(dotted[4], dotted[5])}` : text;
  const [head = "", tail, ...more] = address.split("::");
  if (more.length > 0) return undefined;
  const left = groupsOf(head);
  const right = tail === undefined ? [] : groupsOf(tail);
  const missing = 8 - left.length - right.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...left, ...new Array<number>(missing).fill(0), ...right];
  return groups.every((group) => group >= 0 && group <= 0xffff) ? groups : undefined;
}

function pair(high = "", low = ""): string {
  return (Number(high) * 256 + Number(low)).toString(16);
}

function groupsOf(text: string): number[] {
  return text === "" ? [] : text.split(":").map((group) => (/^[0-9a-f]{1,4}$/i.test(group) ? Number.parseInt(group, 16) : -1));
}

/**
 * The network that a visitor is limited by: an IPv4 address whole; of an IPv6 address its /64, which is what one household
 * or one machine gets. IPv4 written as IPv6 is the same visitor.
 */
export function clientNetwork(ip: string): string {
  if (!ip.includes(":")) return ip;
  const groups = ipv6Groups(ip.split("%")[0] ?? "");
  if (!groups) return ip;
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isMapped) {
    return groups
      .slice(6)
      .flatMap((group) => [group >> 8, group & 255])
      .join(".");
  }
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(":")}::/64`;
}

const NAMES_KEPT = 10_000;
const names = new Map<string, string>();
let signer: { readonly keys: string; readonly key: CryptoKey } | undefined;

async function signingKey(keys: string): Promise<CryptoKey> {
  if (signer?.keys === keys) return signer.key;
  const newest = keys.split(",")[0] ?? "";
  if (newest === "") throw new Error("SESSION_KEYS holds no key");
  const secret = new TextEncoder().encode(newest);
  const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  signer = { keys, key };
  return key;
}

/**
 * A name for the visitor's network that does not tell the address: HMAC-SHA-256 with the newest session key. Names are
 * kept in the isolate's memory, since a visitor seldom comes once. A new key starts new counters.
 */
export async function networkName(ctx: { readonly env: Pick<Env, "SESSION_KEYS"> }, ip: string): Promise<string> {
  const key = await signingKey(ctx.env.SESSION_KEYS);
  const network = clientNetwork(ip);
  const memo = `${ctx.env.SESSION_KEYS}\n${network}`;
  const known = names.get(memo);
  if (known !== undefined) return known;
  const mac = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(`rate limit by network\n${network}`));
  const name = btoa(String.fromCharCode(...new Uint8Array(mac, 0, 18)))
    .replaceAll("+", "-")
    .replaceAll("/", "_");
  if (names.size >= NAMES_KEPT) names.clear();
  names.set(memo, name);
  return name;
}
