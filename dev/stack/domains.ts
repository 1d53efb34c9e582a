import { join } from "node:path";
import { startCloudflareApi } from "../cloudflare-api/server.ts";
import type { DnsRecord } from "../dns/records.ts";
import { type DnsServer, startDnsServer } from "../dns/server.ts";
import type { StackAddresses } from "./dev-vars.ts";
import type { InnerPorts } from "./ports.ts";
import type { Settings } from "./settings.ts";

export interface RunningDomains {
  readonly dns: Pick<DnsServer, "recordsAddress" | "port" | "resolvers">;
  /** What the Worker is told. */
  readonly vars: StackAddresses["domains"];
  readonly token: string;
  readonly cloudflareControl: string | null;
  stop(): Promise<void>;
}

const DOUBLE = { token: "stand-in", zoneId: "00000000000000000000000000000000", target: "customers.agentflow.test" } as const;

/** Both lead to this machine, where the Worker answers. */
const TARGET_RECORDS: readonly DnsRecord[] = [
  { name: DOUBLE.target, type: "A", data: "127.0.0.1" },
  { name: `*.${DOUBLE.target}`, type: "A", data: "127.0.0.1" },
];

const CLOUDFLARE = {
  apiOrigin: "https://api.cloudflare.com/client/v4",
  resolvers: ["https://cloudflare-dns.com/dns-query", "https://dns.google/resolve"],
} as const;

/** The DNS server, and the double of Cloudflare's API that asks it; or Cloudflare's own, with the resolvers of the world. */
export async function startDomains(settings: Settings, ports: InnerPorts): Promise<RunningDomains> {
  const planted = [...TARGET_RECORDS, ...settings.dnsRecords];
  const dns = await startDnsServer({ planted, file: join(settings.home, "dns.json"), port: ports.dns, httpPort: ports.records });
  if (settings.cloudflare !== null) {
    const { token, zoneId, target } = settings.cloudflare;
    return { dns, vars: { ...CLOUDFLARE, zoneId, target }, token, cloudflareControl: null, stop: dns.close };
  }
  const api = await startCloudflareApi({
    ...DOUBLE,
    port: ports.cloudflare,
    lookUp: dns.lookUp,
    file: join(settings.home, "cloudflare.json"),
  });
  return {
    dns,
    vars: { apiOrigin: api.origin, zoneId: DOUBLE.zoneId, target: DOUBLE.target, resolvers: dns.resolvers },
    token: DOUBLE.token,
    cloudflareControl: `${new URL(api.origin).origin}/__control`,
    async stop() {
      await Promise.all([api.close(), dns.close()]);
    },
  };
}
