/** A database server that the gateway may be asked to reach. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { "postgresql:": 5432, "postgres:": 5432, "mysql:": 3306, "mariadb:": 3306 };
const LOOPBACK = new Set(["localhost", "127.0.0.1", "::1"]);

/** Host and port of a connection string; `null` when it is none. */
export function addressOf(connectionString: string): ServerAddress | null {
  if (!URL.canParse(connectionString)) return null;
  const url = new URL(connectionString);
  const port = url.port === "" ? DEFAULT_PORTS[url.protocol] : Number(url.port);
  if (port === undefined || url.hostname === "") return null;
  return { host: withoutBrackets(url.hostname), port };
}

/** Reads `host:port`, as the `address` parameter of a WebSocket gives it. */
export function parseAddress(text: string): ServerAddress | null {
  const match = /^(.+):(\d{1,5})$/.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) return null;
  return { host: withoutBrackets(match[1]), port: Number(match[2]) };
}

/** The gateway is no way into the network: it reaches this machine and the servers it was started for, nothing else. */
export function isAllowed(address: ServerAddress, servers: readonly ServerAddress[]): boolean {
  if (LOOPBACK.has(address.host)) return true;
  return servers.some((server) => server.host === address.host && server.port === address.port);
}

function withoutBrackets(host: string): string {
  return host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
}
