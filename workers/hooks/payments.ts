import { receivePaymentEvent } from "#billing";
import type { Context } from "#platform/context";
import { AppError } from "#platform/errors";
import { readText } from "../read-body.ts";

/** Bytes of a webhook's body. */
const LIMIT = 1_048_576;

/** Below `/api/v1/`. */
export const PAYMENTS_HOOK = "billing/stripe/webhook";

/** `POST /api/v1/billing/stripe/webhook`: the payment provider says that something has changed. Its signature is its sign-in. */
export async function handlePaymentsHook(request: Request, ctx: Context): Promise<Response> {
  if (request.method !== "POST") {
    throw new AppError("method_not_allowed", "Send webhooks by POST.", { headers: { Allow: "POST" } });
  }
  await receivePaymentEvent(ctx, request.headers.get("Stripe-Signature") ?? "", await readText(request, LIMIT));
  return Response.json({ data: { received: true } }, { headers: { "Cache-Control": "no-store" } });
}
