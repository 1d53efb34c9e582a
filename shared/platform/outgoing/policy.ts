import { type Clock, systemClock } from "#platform/clock";
import type { Env } from "#platform/env";
import { NameVerdicts } from "./name-verdicts.ts";

/** Which addresses given by users may be called. */
export interface OutgoingPolicy {
  /** `host` or `host:port` that may be called although they are not public. */
  readonly allowed: ReadonlySet<string>;
  /** The only hosts that may be called, `*.` in front for all names below one; `null`: any public one. */
  readonly hosts: readonly string[] | null;
  /** Address of a DNS over HTTPS resolver (JSON form); `null`: names are not resolved. */
  readonly resolver: string | null;
  /** What was found out about names a moment ago. */
  readonly verdicts: NameVerdicts;
}

type Settings = Pick<Env, "OUTGOING_ALLOW" | "OUTGOING_DNS" | "OUTGOING_HOSTS">;

function entriesOf(list: string | undefined): string[] {
  return (list ?? "").split(",").flatMap((entry) => entry.trim() || []);
}

/** `host` or `host:port`, with the host as the URL parser writes it. */
function exception(entry: string): string {
  // Only one of the two schemes hides a port: its own.
  const [plain, secure] = ["http", "https"].map((scheme) =>
    URL.canParse(`${scheme}://${entry}`) ? new URL(`${scheme}://${entry}`) : null,
  );
  if (!plain || !secure || plain.pathname !== "/" || plain.username !== "" || plain.search !== "" || plain.hash !== "") {
    throw new Error(`OUTGOING_ALLOW: ${JSON.stringify(entry)} is not a host or host:port`);
  }
  const port = plain.port || secure.port;
  const host = plain.hostname.replace(/\.$/, "");
  return port === "" ? host : `${host}:${port}`;
}

/** Reads the operators' settings. Throws when they cannot be meant. */
export function readPolicy({ OUTGOING_ALLOW, OUTGOING_DNS = "", OUTGOING_HOSTS }: Settings, clock: Clock = systemClock): OutgoingPolicy {
  if (OUTGOING_DNS !== "" && !URL.canParse(OUTGOING_DNS)) throw new Error("OUTGOING_DNS is not an address");
  const hosts = entriesOf(OUTGOING_HOSTS).map((host) => host.toLowerCase());
  return {
    allowed: new Set(entriesOf(OUTGOING_ALLOW).map(exception)),
    hosts: hosts.length === 0 ? null : hosts,
    resolver: OUTGOING_DNS === "" ? null : OUTGOING_DNS,
    verdicts: new NameVerdicts(clock),
  };
}

/** The isolate's policies: one for each environment that it serves, which is one. */
const policies = new WeakMap<Settings, OutgoingPolicy>();

/** The policy of this environment, read once an isolate. */
export function outgoingPolicy(env: Settings): OutgoingPolicy {
  const known = policies.get(env);
  if (known) return known;
  const policy = readPolicy(env);
  policies.set(env, policy);
  return policy;
}
