import { readIfAllowed } from "../api/client.server.ts";
import { appSchema } from "../api/schemas.ts";
import type { TriggerType } from "../api/words.ts";
import type { Visit } from "../visit.ts";
import type { TriggerOffers } from "./trigger-fields.tsx";

/** What the form of a trigger of this type offers to choose from; the lists of other types are left empty. */
export async function readOffers(visit: Visit, type: TriggerType, workspaceId: string, appId: string): Promise<TriggerOffers> {
  if (type === "schedule") return { zones: timeZones(), apps: [] };
  if (type === "webhook") return { zones: [], apps: [] };
  const apps = await readIfAllowed(visit, `/workspaces/${encodeURIComponent(workspaceId)}/apps?limit=100`, appSchema);
  return { zones: [], apps: apps.filter(({ id }) => id !== appId).map(({ slug, name }) => ({ slug, name })) };
}

/** Not all runtimes count UTC among the zones. */
function timeZones(): string[] {
  return [...new Set(["UTC", ...Intl.supportedValuesOf("timeZone")])];
}
