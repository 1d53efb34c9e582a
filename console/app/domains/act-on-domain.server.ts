import { z } from "zod";
import { type Outcome, type Write, write, writeOnly } from "../api/client.server.ts";
import { domainSchema } from "../api/domain-schemas.ts";
import type { Problem } from "../api/problem.ts";
import { CERTIFICATE_METHODS } from "../api/words.ts";
import { type FlashKey, redirectWithFlash } from "../flash.ts";
import { entry } from "../form.ts";
import { paths } from "../paths.ts";
import type { Visit } from "../visit.ts";

export interface DomainAt {
  readonly workspaceId: string;
  readonly appId: string;
  readonly domainId: string;
}

export function domainPath({ appId, domainId }: DomainAt): string {
  return `/apps/${encodeURIComponent(appId)}/domains/${encodeURIComponent(domainId)}`;
}

const intents = [
  "verify",
  "remove",
  "canonical",
  "redirect",
  "stop_redirect",
  "method",
  "renew",
  "switch_version",
  "switch_app",
  "start",
  "stop",
  "rollback",
] as const;

const entries = z.object({
  intent: z.enum(intents),
  certificate_method: z.enum(CERTIFICATE_METHODS).default("http"),
  version_id: entry,
  app_id: entry,
});
type Entries = z.infer<typeof entries>;

interface Change extends Omit<Write, "path"> {
  /** Below the domain's own address. */
  readonly at: string;
  readonly says: FlashKey;
}

function changeOf({ intent, certificate_method, version_id, app_id }: Entries): Change {
  switch (intent) {
    case "verify":
      return { method: "POST", at: "/verify", body: {}, says: "domain_checked" };
    case "remove":
      return { method: "DELETE", at: "", says: "domain_removed" };
    case "canonical":
      return { method: "PATCH", at: "", body: { canonical: true }, says: "domain_saved" };
    case "redirect":
    case "stop_redirect":
      return { method: "PATCH", at: "", body: { redirect: intent === "redirect" }, says: "domain_saved" };
    case "method":
      return { method: "PATCH", at: "", body: { certificate_method }, says: "domain_saved" };
    case "renew":
      return { method: "POST", at: "/certificate/renew", body: {}, says: "certificate_asked" };
    case "switch_version":
      return { method: "POST", at: "/activate", body: { version_id: version_id === "" ? null : version_id }, says: "domain_switched" };
    case "switch_app":
      return { method: "POST", at: "/activate", body: { app_id }, says: "domain_switched" };
    case "start":
      return { method: "POST", at: "/activate", body: {}, says: "domain_switched" };
    case "stop":
      return { method: "POST", at: "/rollback", body: {}, says: "domain_stopped" };
    case "rollback":
      return { method: "POST", at: "/rollback", body: {}, says: "domain_rolled_back" };
  }
}

/** Does what the form asks for; then the page of the domain is shown, under the app that it serves by now. */
export async function actOnDomain(visit: Visit, at: DomainAt, form: Record<string, string>): Promise<Response | Problem> {
  const { at: below, says, ...change } = changeOf(entries.parse(form));
  const path = `${domainPath(at)}${below}`;
  if (change.method === "DELETE") {
    const removed = await writeOnly(visit, { ...change, path });
    return removed.ok ? redirectWithFlash(visit, paths.domains(at.workspaceId, at.appId), says) : removed.problem;
  }
  const done: Outcome<z.infer<typeof domainSchema>> = await write(visit, { ...change, path }, domainSchema);
  return done.ok ? redirectWithFlash(visit, paths.domain(at.workspaceId, done.data.app_id, at.domainId), says) : done.problem;
}
