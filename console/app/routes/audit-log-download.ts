import { callApi, readJson, refuse } from "../api/client.server.ts";
import { readProblem } from "../api/problem.ts";
import { auditQuery } from "../audit-query.ts";
import { visitContext } from "../visit.ts";
import type { Route } from "./+types/audit-log-download.ts";

/** The audit log as a file, passed on while it is read. */
export async function loader({ params, context }: Route.LoaderArgs) {
  const visit = context.get(visitContext);
  const query = auditQuery(visit.url.searchParams);
  query.set("format", visit.url.searchParams.get("format") === "ndjson" ? "ndjson" : "csv");
  const path = `/api/v1/workspaces/${encodeURIComponent(params.workspaceId)}/audit-logs/export?${query}`;
  const answer = await callApi(visit, { method: "GET", path });
  if (!answer.ok) return refuse(readProblem(answer.status, await readJson(answer)));
  const headers = new Headers();
  for (const name of ["Content-Type", "Content-Disposition"]) headers.set(name, answer.headers.get(name) ?? "");
  return new Response(answer.body, { headers });
}
