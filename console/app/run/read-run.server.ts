import { data } from "react-router";
import { readIfAllowed, readOne, readPage } from "../api/client.server.ts";
import { memberSchema, type NodeLog, nodeLogSchema, type Run, runSchema } from "../api/schemas.ts";
import type { Visit } from "../visit.ts";

export const runPath = (runId: string) => `/runs/${encodeURIComponent(runId)}`;

/** A run as pages show it. */
export interface ShownRun {
  readonly run: Run;
  readonly nodes: NodeLog[];
  /** Names of the members whom it asks something, by their ids, as far as the visitor may know them. */
  readonly names: Readonly<Record<string, string>>;
}

interface Place {
  readonly workspaceId: string;
  readonly appId: string;
}

/** A run of this app with what its nodes did. Another app's run is no page of this one. */
export async function readRun(visit: Visit, { workspaceId, appId }: Place, runId: string): Promise<ShownRun> {
  const path = runPath(runId);
  const [run, nodes] = await Promise.all([readOne(visit, path, runSchema), readPage(visit, `${path}/nodes?limit=100`, nodeLogSchema)]);
  if (run.app_id !== appId) throw data({ code: "not_found", requestId: "" }, { status: 404 });
  const asksSome = run.waiting?.some(({ to }) => to.length > 0) ?? false;
  return { run, nodes: nodes.data, names: asksSome ? await readNames(visit, workspaceId) : {} };
}

async function readNames(visit: Visit, workspaceId: string): Promise<Record<string, string>> {
  const members = await readIfAllowed(visit, `/workspaces/${encodeURIComponent(workspaceId)}/members?limit=100`, memberSchema);
  return Object.fromEntries(
    members.flatMap(({ id, user_id, name }) => [
      [id, name],
      [user_id, name],
    ]),
  );
}
