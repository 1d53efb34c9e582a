import type { Env } from "#platform/env";

type OriginEnv = Pick<Env, "API_ORIGIN" | "CONSOLE_ORIGIN" | "PLATFORM_HOSTS">;

/** The origins whose pages may act for a signed-in user: the API's, the console's, and those of the further platform hosts. */
export function platformOrigins(env: OriginEnv): readonly string[] {
  const { protocol, origin } = new URL(env.API_ORIGIN);
  const hosts = env.PLATFORM_HOSTS.split(",").map((host) => host.trim().toLowerCase());
  const further = hosts.filter((host) => host !== "").map((host) => new URL(`${protocol}//${host}`).origin);
  return [...new Set([origin, new URL(env.CONSOLE_ORIGIN).origin, ...further])];
}
