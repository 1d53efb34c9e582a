import type { Verdict } from "../dns/verdicts.ts";
import type { CertificateMethod } from "../records.ts";
import type { CustomState } from "../states.ts";
import type { CustomHostnames, Refusal, Result } from "./client.ts";
import { type CustomHostname, certificateEnd, certificateStatus } from "./custom-hostname.ts";
import { certificateMeaning, hostnameMeaning } from "./statuses.ts";

/** What of a claim Cloudflare has to do with. */
export interface Provisioned {
  readonly hostname: string;
  readonly customHostnameId: string | null;
  readonly certificateMethod: CertificateMethod;
  /** Whether it was served before. */
  readonly wasActive: boolean;
}

/** What Cloudflare has of a host now. `custom`: the newest that is known, `null` when there is none. */
export interface Synced {
  readonly state: CustomState;
  readonly custom: CustomHostname | null;
}

export function stateOf(custom: CustomHostname, now: number): CustomState {
  const end = certificateEnd(custom);
  const errors = [...(custom.verification_errors ?? []), ...(custom.ssl?.validation_errors ?? []).map(({ message }) => message)];
  return {
    kind: "known",
    hostname: custom.status,
    certificate: certificateStatus(custom),
    errors: errors.filter((error) => error !== ""),
    valid: end === null ? null : end > now,
  };
}

const GONE: CustomState = { kind: "known", hostname: "deleted", certificate: "deleted", errors: [], valid: null };

const refused = ({ why, detail }: Refusal): CustomState => ({ kind: "refused", why: why === "duplicate" ? "hostname" : why, detail });

/** The hostname by its id, and by its name where there is no id or nothing behind it: its making may have been forgotten halfway. */
async function existing(api: CustomHostnames, { customHostnameId, hostname }: Provisioned): Promise<Result<CustomHostname | null>> {
  if (customHostnameId !== null) {
    const known = await api.get(customHostnameId);
    if (known.kind === "refused" || known.value !== null) return known;
  }
  return api.find(hostname);
}

async function made(api: CustomHostnames, { hostname, certificateMethod }: Provisioned): Promise<Result<CustomHostname>> {
  const created = await api.create(hostname, certificateMethod);
  if (created.kind === "done" || created.why !== "duplicate") return created;
  // Somebody was quicker, in the moment since it was looked for.
  const found = await api.find(hostname);
  if (found.kind === "refused") return found;
  return found.value === null ? created : { kind: "done", value: found.value };
}

/** Whether Cloudflare has to be asked to look again: it never does by itself once it has given up. */
function needsRefresh(custom: CustomHostname, { certificateMethod }: Provisioned, routing: Verdict): boolean {
  const hostname = hostnameMeaning(custom.status);
  const certificate = certificateMeaning(certificateStatus(custom));
  // Nothing comes of it before the host leads here.
  if (hostname === "moved") return routing !== "failed";
  if (hostname === "gone") return true;
  if (certificate === "stalled" || certificate === "gone" || certificate === "expired") return true;
  const method = certificateMethod === "http" ? "http" : "txt";
  return Boolean(custom.ssl?.method) && custom.ssl?.method !== method;
}

/**
 * Brings Cloudflare to where a proved claim needs it: finds its hostname or makes it, and has it validated again once that has
 * been given up. Each step can be repeated; what was begun and forgotten is found. @throws `upstream_unavailable`, `overloaded`
 */
export async function sync(api: CustomHostnames, claim: Provisioned, routing: Verdict, now: number): Promise<Synced> {
  const found = await existing(api, claim);
  if (found.kind === "refused") return { state: refused(found), custom: null };
  if (found.value === null) {
    // What led elsewhere until Cloudflare let it go is made again once it leads here: it would cost, and come to nothing, before.
    if (claim.wasActive && routing === "failed") return { state: GONE, custom: null };
    const created = await made(api, claim);
    if (created.kind === "refused") return { state: refused(created), custom: null };
    return { state: stateOf(created.value, now), custom: created.value };
  }
  const seen = found.value;
  if (!needsRefresh(seen, claim, routing)) return { state: stateOf(seen, now), custom: seen };
  const renewed = await api.refresh(seen.id, claim.certificateMethod);
  // The state is what was seen: that it had been lost is not to be overlooked because it is being repaired.
  return { state: stateOf(seen, now), custom: renewed.kind === "done" ? (renewed.value ?? seen) : seen };
}
