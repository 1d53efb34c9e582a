import type { Context } from "#platform/context";
import { AppError } from "#platform/errors";
import { placeOf, receiveWebhook } from "#runtime";
import { readText } from "../read-body.ts";

/** Bytes of a webhook's body. */
const LIMIT = 1_048_576;

/** `POST /api/v1/hooks/<token>`: a webhook starts its app. Its signature is its sign-in. */
export async function handleHook(request: Request, ctx: Context, token: string): Promise<Response> {
  if (request.method !== "POST") {
    throw new AppError("method_not_allowed", "Send webhooks by POST.", { headers: { Allow: "POST" } });
  }
  const body = await readText(request, LIMIT);
  const { headers } = request;
  const query = new URL(request.url).searchParams;
  const answer = await receiveWebhook(ctx, { token, headers, query, body, place: placeOf(request.cf?.["colo"]) });
  return Response.json({ data: answer.run }, { status: answer.done ? 200 : 202, headers: { "Cache-Control": "no-store" } });
}
