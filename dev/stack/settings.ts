import { resolve } from "node:path";
import { z } from "zod";
import { type DnsRecord, parseRecords } from "../dns/records.ts";
import { ROOT } from "../repository.ts";

const port = z.coerce.number().int().min(1).max(65_535);
const address = z.url().optional();

const environmentSchema = z.object({
  AGENTFLOW_PORT: port.default(8787),
  AGENTFLOW_CONSOLE_PORT: port.default(8788),
  AGENTFLOW_HOME: z.string().min(1).default(".agentflow"),
  AGENTFLOW_SEED: z.enum(["demo", "none"]).default("demo"),
  OPENAI_API_KEY: z.string().min(1).optional(),
  OPENAI_BASE_URL: z.url().default("https://api.openai.com/v1"),
  OPENAI_MODEL: z.string().min(1).default("gpt-5-mini"),
  DATABASE_URL: address,
  MYSQL_URL: address,
  AGENTFLOW_OUTGOING_ALLOW: z.string().default(""),
  AGENTFLOW_DNS_RECORDS: z.string().default("").transform(readRecords),
  CLOUDFLARE_API_TOKEN: z.string().min(1).optional(),
  CLOUDFLARE_ZONE_ID: z.string().min(1).optional(),
  DOMAIN_TARGET: z.string().min(1).optional(),
});

function readRecords(text: string, context: z.core.$RefinementCtx): DnsRecord[] {
  try {
    return parseRecords(text);
  } catch (error) {
    context.addIssue(error instanceof Error ? error.message : String(error));
    return z.NEVER;
  }
}

export interface Settings {
  readonly port: number;
  readonly consolePort: number;
  /** Folder of all state; deleting it is a full reset. */
  readonly home: string;
  readonly seed: "demo" | "none";
  /** The live model; `null`: the offline one. */
  readonly model: { readonly baseUrl: string; readonly apiKey: string; readonly name: string } | null;
  /** An existing Postgres; `null`: the embedded one. */
  readonly databaseUrl: string | null;
  readonly mysqlUrl: string | null;
  /** `host:port` that workflows may call although they are not public, separated by commas. */
  readonly outgoingAllow: string;
  /** Names that lead elsewhere than this machine says. */
  readonly dnsRecords: readonly DnsRecord[];
  /** The zone at Cloudflare that custom hostnames are made in; `null`: the double's. */
  readonly cloudflare: { readonly token: string; readonly zoneId: string; readonly target: string } | null;
}

/** Reads the environment; an empty variable counts as absent. Throws naming every variable that cannot be used. */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const parsed = environmentSchema.safeParse(given);
  if (!parsed.success) {
    throw new Error(parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("\n"));
  }
  const { data } = parsed;
  if (data.AGENTFLOW_PORT === data.AGENTFLOW_CONSOLE_PORT) throw new Error("AGENTFLOW_PORT and AGENTFLOW_CONSOLE_PORT must differ");
  return {
    port: data.AGENTFLOW_PORT,
    consolePort: data.AGENTFLOW_CONSOLE_PORT,
    home: resolve(ROOT, data.AGENTFLOW_HOME),
    seed: data.AGENTFLOW_SEED,
    model:
      data.OPENAI_API_KEY === undefined ? null : { baseUrl: data.OPENAI_BASE_URL, apiKey: data.OPENAI_API_KEY, name: data.OPENAI_MODEL },
    databaseUrl: data.DATABASE_URL ?? null,
    mysqlUrl: data.MYSQL_URL ?? null,
    outgoingAllow: data.AGENTFLOW_OUTGOING_ALLOW,
    dnsRecords: data.AGENTFLOW_DNS_RECORDS,
    cloudflare: readCloudflare(data),
  };
}

/** A token alone may be there for deploying: only all three together mean Cloudflare's own API. */
function readCloudflare(data: z.infer<typeof environmentSchema>): Settings["cloudflare"] {
  const { CLOUDFLARE_API_TOKEN: token, CLOUDFLARE_ZONE_ID: zoneId, DOMAIN_TARGET: target } = data;
  return token === undefined || zoneId === undefined || target === undefined ? null : { token, zoneId, target };
}
