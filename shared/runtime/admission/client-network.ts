import type { Env } from "#platform/env";
import { ipv6Groups } from "#platform/ip-address";

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
/** The imported keys, newest first, and the text they came from; that changes only with a deployment. */
let imported: { readonly text: string; readonly keys: readonly CryptoKey[] } | undefined;

interface Keyed {
  readonly env: Pick<Env, "SESSION_KEYS">;
}

async function signingKeys({ env }: Keyed): Promise<readonly CryptoKey[]> {
  const text = env.SESSION_KEYS;
  if (imported?.text === text) return imported.keys;
  const secrets = text.split(",").filter((entry) => entry !== "");
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const keys = await Promise.all(
    secrets.map((secret) => crypto.subtle.importKey("raw", new TextEncoder().encode(secret), algorithm, false, ["sign"])),
  );
  imported = { text, keys };
  return keys;
}

/** The network's name under the key of this number, 0 being the newest; `undefined` when there are not so many. */
async function nameUnder(ctx: Keyed, ip: string, number: number): Promise<string | undefined> {
  const network = clientNetwork(ip);
  const memo = `${number}\n${ctx.env.SESSION_KEYS}\n${network}`;
  const known = names.get(memo);
  if (known !== undefined) return known;
  const key = (await signingKeys(ctx))[number];
  if (key === undefined) return undefined;
  const mac = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(`rate limit by network\n${network}`));
  const name = btoa(String.fromCharCode(...new Uint8Array(mac, 0, 18)))
    .replaceAll("+", "-")
    .replaceAll("/", "_");
  if (names.size >= NAMES_KEPT) names.clear();
  names.set(memo, name);
  return name;
}

/**
 * A name for the visitor's network that does not tell the address: HMAC-SHA-256 with the newest session key. Names are
 * kept in the isolate's memory, since a visitor seldom comes once. A new key starts new counters.
 */
export async function networkName(ctx: Keyed, ip: string): Promise<string> {
  const name = await nameUnder(ctx, ip, 0);
  if (name === undefined) throw new Error("SESSION_KEYS holds no key");
  return name;
}

/** Every name that {@link networkName} has given the network since the oldest of the session keys, newest first. */
export async function networkNames(ctx: Keyed, ip: string): Promise<readonly string[]> {
  const { length } = await signingKeys(ctx);
  const found = await Promise.all(Array.from({ length }, (_, number) => nameUnder(ctx, ip, number)));
  return found.filter((name) => name !== undefined);
}
