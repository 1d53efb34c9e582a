import type { Context } from "#platform/context";
import { endSession, forgetConversation, openSession, requireOwnOrigin } from "#runtime";
import { answerForm } from "./accepts.ts";
import { cookieSetting, type Visit } from "./visit.ts";

/** `POST …/session/end`: forgets what was said, and who the visitor was. A browser is led back to the app's page. */
export async function endOwnSession(ctx: Context, visit: Visit): Promise<Response> {
  const { request, target, route } = visit;
  requireOwnOrigin(request);
  const session = await openSession(ctx, route, request.headers);
  if (session.returning) await forgetConversation(ctx, route, session.id);
  const headers = new Headers({ "Cache-Control": "no-store", "Set-Cookie": endSession(cookieSetting(visit)) });
  if (answerForm(request) !== "html") return new Response(null, { status: 204, headers });
  headers.set("Location", target.base || "/");
  return new Response(null, { status: 303, headers });
}
