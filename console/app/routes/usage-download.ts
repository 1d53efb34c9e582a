import { readFile } from "../api/client.server.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/usage-download.ts";

/** The current month by days and apps, as CSV. */
export function loader({ params, context }: Route.LoaderArgs) {
  const path = `/workspaces/${encodeURIComponent(params.workspaceId)}/usage?interval=day&group_by=app`;
  return readFile(context.get(visitContext), path, "text/csv");
}
