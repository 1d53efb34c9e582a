import type { Context } from "#platform/context";
import { requireOrigin, SESSION_HEADER, type Watching, watchHead, watchRun } from "#runtime";
import { openReader, sessionHeaders, type Visit } from "./visit.ts";

/** How a request wants to watch. Scripts that cannot set headers give the last event they have in the address. */
export function watchingOf({ headers, url }: Request): Watching {
  const { searchParams } = new URL(url);
  const last = headers.get("Last-Event-ID") ?? searchParams.get("last_event_id");
  return {
    lastEventId: last !== null && /^\d{1,15}$/.test(last) ? last : null,
    webSocket: headers.get("Upgrade")?.toLowerCase() === "websocket",
    acknowledges: searchParams.get("ack") === "1",
  };
}

/** The request's headers, with the session that its address may give: browsers let no script set headers on these streams. */
function headersWithSession({ headers, url }: Request): Headers {
  const session = new URL(url).searchParams.get("session");
  const given = new Headers(headers);
  if (session !== null && !given.has(SESSION_HEADER)) given.set(SESSION_HEADER, session);
  return given;
}

/** `GET …/runs/:id/events`: server-sent events, or a WebSocket on upgrade, for whoever made the run. */
export async function runEvents(ctx: Context, visit: Visit, runId: string): Promise<Response> {
  const { request, route } = visit;
  const watching = watchingOf(request);
  // Browsers open sockets to any site, with its cookies.
  if (watching.webSocket) requireOrigin(route, request);
  const reader = await openReader(ctx, visit, headersWithSession(request));
  const answer =
    request.method === "HEAD" ? await watchHead(ctx, route, runId, reader) : await watchRun(ctx, route, runId, reader, watching);
  if (answer.webSocket) return answer;
  for (const [name, value] of Object.entries(sessionHeaders(visit, reader.session))) answer.headers.set(name, value);
  return answer;
}
