import { AppError } from "#platform/errors";
import { isPublicIp } from "./ip.ts";
import type { OutgoingPolicy } from "./policy.ts";
import { isWebPort } from "./ports.ts";

/** Characters of an address, about what servers take. */
const MAX_LENGTH = 16_384;

/** Endings of names that mean something only within a network. Cloud metadata names end so too. */
const PRIVATE_SUFFIXES = [
  "localhost",
  "local",
  "internal",
  "intranet",
  "lan",
  "corp",
  "home",
  "private",
  "home.arpa",
  "localdomain",
  "onion",
];

/** Whether a name (without the dot at its end) can be one of the public DNS: several labels, none empty. */
export function isPublicName(name: string): boolean {
  return /^[^.]+(\.[^.]+)+$/.test(name) && !PRIVATE_SUFFIXES.some((suffix) => name === suffix || name.endsWith(`.${suffix}`));
}

/** The host as lists of hosts name it: without the dot that may end a name. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/\.$/, "");
}

function portOf({ port, protocol }: URL): number {
  return Number(port || (protocol === "https:" ? 443 : 80));
}

/** Whether the operators made an exception for this host and port. One for a host alone opens no ports that are not the web's. */
export function isException(address: URL, { allowed }: OutgoingPolicy): boolean {
  const [host, port] = [hostOf(address), portOf(address)];
  return allowed.has(`${host}:${port}`) || (allowed.has(host) && isWebPort(port));
}

function isAmong(host: string, hosts: readonly string[]): boolean {
  return hosts.some((entry) => (entry.startsWith("*.") ? host.endsWith(entry.slice(1)) : host === entry));
}

function refused(message: string): AppError {
  return new AppError("validation_failed", message);
}

/**
 * Reads an address, relative to `base` where there is one, and refuses what must not be called: other schemes, credentials,
 * ports of other services, hosts that are not public. What a name resolves to is not looked at. Refuses with `validation_failed`.
 */
export function checkAddress(text: string, base: URL | undefined, policy: OutgoingPolicy): URL {
  if (text.length > MAX_LENGTH) throw refused(`An address has at most ${MAX_LENGTH} characters.`);
  if (!URL.canParse(text, base)) throw refused("This is not an address.");
  const address = new URL(text, base);
  if (address.protocol !== "https:" && address.protocol !== "http:") {
    throw refused("Only http:// and https:// addresses can be called.");
  }
  if (address.username !== "" || address.password !== "") throw refused("Credentials cannot stand in the address.");
  if (policy.hosts && !isAmong(hostOf(address), policy.hosts)) throw refused("This host is not among those that may be called here.");
  if (isException(address, policy)) return address;
  if (!(isPublicIp(address.hostname) ?? isPublicName(hostOf(address)))) throw refused("Only public addresses can be called.");
  if (!isWebPort(portOf(address))) throw refused("This port belongs to another service than the web.");
  return address;
}
