import { data } from "react-router";
import { readIfAllowed, readOne, readPage } from "../api/client.server.ts";
import { type Member, memberSchema, type NodeLog, nodeLogSchema, type Run, runSchema } from "../api/schemas.ts";
import type { Visit } from "../visit.ts";

export const runPath = (runId: string) => `/runs/${encodeURIComponent(runId)}`;

/** A run as pages show it. */
export interface ShownRun {
  readonly run: Run;
  readonly nodes: NodeLog[];
  /** The members whom it asks something, as far as the visitor may know them. */
  readonly asked: readonly Member[];
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
  const to = new Set(run.waiting?.flatMap((question) => question.to.map((name) => name.toLowerCase())));
  return { run, nodes: nodes.data, asked: to.size === 0 ? [] : await readMembers(visit, workspaceId, to) };
}

/** Those members who are named by their id or e-mail address. */
async function readMembers(visit: Visit, workspaceId: string, named: ReadonlySet<string>): Promise<Member[]> {
  const members = await readIfAllowed(visit, `/workspaces/${encodeURIComponent(workspaceId)}/members?limit=100`, memberSchema);
  return members.filter(({ id, email }) => named.has(id.toLowerCase()) || named.has(email.toLowerCase()));
}
