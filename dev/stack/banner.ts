import { DEMO_ACCOUNT, DEMO_APPS, DEMO_WORKSPACE } from "./seed.ts";
import type { Settings } from "./settings.ts";

interface BannerAddresses {
  readonly adminUrl: string;
  readonly dns: { readonly recordsAddress: string; readonly port: number };
  /** Where the double of Cloudflare's API is told what to do; `null` where Cloudflare's own is asked. */
  readonly cloudflareControl: string | null;
  readonly seconds: number;
}

/** What the user needs to know once everything is ready. */
export function banner(settings: Settings, addresses: BannerAddresses): string {
  const origin = `http://127.0.0.1:${settings.port}`;
  const lines: (readonly [string, string])[] = [
    ["Console", `http://127.0.0.1:${settings.consolePort}`],
    ["API", `${origin}/api/v1 (${origin}/openapi.json)`],
    ...(settings.seed === "demo"
      ? ([
          ["Demo app", `${origin}/${DEMO_WORKSPACE}/${DEMO_APPS[0]}`],
          ["Demo account", `${DEMO_ACCOUNT.email}  password: ${DEMO_ACCOUNT.password}`],
        ] as const)
      : []),
    ["Postgres", settings.databaseUrl === null ? addresses.adminUrl : withoutPassword(settings.databaseUrl)],
    [
      "Model",
      settings.model === null
        ? "offline stand-in, labelled as such (set OPENAI_API_KEY for a live one)"
        : `${settings.model.name} at ${settings.model.baseUrl}`,
    ],
    ["DNS records", `${addresses.dns.recordsAddress} (dig @127.0.0.1 -p ${addresses.dns.port} <name>)`],
    [
      "Cloudflare",
      addresses.cloudflareControl === null
        ? "its own API, of the zone in CLOUDFLARE_ZONE_ID"
        : `stand-in, controlled at ${addresses.cloudflareControl}`,
    ],
    ["State, logs", settings.home],
  ];
  const width = Math.max(...lines.map(([label]) => label.length));
  const table = lines.map(([label, value]) => `  ${label.padEnd(width)}  ${value}`);
  return ["", `AgentFlow is ready (${addresses.seconds.toFixed(1)} s). Ctrl-C stops it.`, "", ...table, ""].join("\n");
}

/** The embedded server's password is ours to show; that of another server is not. */
function withoutPassword(address: string): string {
  const url = new URL(address);
  if (url.password !== "") url.password = "***";
  return url.href;
}
