import type { Env } from "#platform/env";
import { normalizeHostname } from "./hostnames.ts";

/** The name that customers point their hostnames at, or `""` where the deployment has none. */
export function domainTarget({ DOMAIN_TARGET = "" }: Env): string {
  return normalizeHostname(DOMAIN_TARGET) ?? "";
}

/** The resolvers that have to agree. */
export function domainResolvers({ DOMAIN_RESOLVERS = "" }: Env): string[] {
  return DOMAIN_RESOLVERS.split(",")
    .map((address) => address.trim())
    .filter((address) => URL.canParse(address));
}

/** Whether a hostname is one of the platform's own, which nobody can claim. */
export function isPlatformHostname(env: Env, hostname: string): boolean {
  const origins = [env.API_ORIGIN, env.CONSOLE_ORIGIN].map((origin) => new URL(origin).hostname);
  const listed = env.PLATFORM_HOSTS.split(",").map((host) => host.trim().toLowerCase().replace(/:\d+$/, ""));
  const target = domainTarget(env);
  return [...origins, ...listed, target].includes(hostname) || (target !== "" && hostname.endsWith(`.${target}`));
}
