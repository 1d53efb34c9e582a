import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { STAND_IN_KEYS } from "../turnstile/server.ts";
import type { StackSecrets } from "./secrets.ts";

export interface StackAddresses {
  readonly port: number;
  readonly consolePort: number;
  /** Connection string of the platform database. */
  readonly databaseUrl: string;
  /** Admin connection string of the server for workspace databases. */
  readonly adminUrl: string;
  /** Origin of the SQL gateway; `""` where the drivers reach the databases by themselves. */
  readonly gatewayOrigin: string;
  /** Where names in users' addresses are looked up. */
  readonly dnsAddress: string;
  /** Where custom hostnames are made, what they are to lead to, and where DNS is asked about them. */
  readonly domains: {
    readonly apiOrigin: string;
    readonly zoneId: string;
    readonly target: string;
    readonly resolvers: readonly string[];
  };
  readonly outgoingAllow: string;
  /** Where the stand-in for Turnstile is. */
  readonly turnstileOrigin: string;
  readonly model: { readonly baseUrl: string; readonly apiKey: string; readonly name: string; readonly kind: "offline" | "live" };
}

/** The Worker's variables and secrets on this machine: those of production, with local addresses. */
export function devVars(addresses: StackAddresses, secrets: StackSecrets): Record<string, string> {
  const { port, consolePort, model } = addresses;
  const hosts = [port, consolePort].flatMap((each) => [`127.0.0.1:${each}`, `localhost:${each}`]);
  return {
    ...secrets,
    API_ORIGIN: `http://127.0.0.1:${port}`,
    CONSOLE_ORIGIN: `http://127.0.0.1:${consolePort}`,
    PLATFORM_HOSTS: hosts.join(","),
    DATABASE_URL: addresses.databaseUrl,
    WORKSPACE_DATABASE_ADMIN_URL: addresses.adminUrl,
    SQL_GATEWAY_ORIGIN: addresses.gatewayOrigin,
    OPENAI_BASE_URL: model.baseUrl,
    OPENAI_API_KEY: model.apiKey,
    OPENAI_MODEL: model.name,
    MODEL_KIND: model.kind,
    OUTGOING_DNS: addresses.dnsAddress,
    OUTGOING_ALLOW: addresses.outgoingAllow,
    CLOUDFLARE_API_ORIGIN: addresses.domains.apiOrigin,
    CLOUDFLARE_ZONE_ID: addresses.domains.zoneId,
    DOMAIN_TARGET: addresses.domains.target,
    DOMAIN_RESOLVERS: addresses.domains.resolvers.join(","),
    TURNSTILE_ORIGIN: addresses.turnstileOrigin,
    TURNSTILE_SITE_KEY: STAND_IN_KEYS.siteKey,
  };
}

/** Writes the variables as wrangler reads them (dotenv, with `$` as the sign of a variable). */
export async function writeDevVars(file: string, vars: Readonly<Record<string, string>>): Promise<void> {
  const lines = Object.entries(vars).map(([name, value]) => `${name}='${value.replaceAll("$", "\\$")}'`);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${lines.join("\n")}\n`, { mode: 0o600 });
}
