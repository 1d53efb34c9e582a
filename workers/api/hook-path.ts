import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { type ApiBindings, dataOf, jsonBody, jsonContent, problemResponses } from "./router.ts";
import { runAnswerSchema } from "./visitor-paths.ts";

const headersSchema = z.object({
  "webhook-id": z.string().openapi({ description: "Names the message: one that comes again is refused with 409." }),
  "webhook-timestamp": z.string().openapi({ description: "Seconds since the epoch, at most 5 minutes from now." }),
  "webhook-signature": z
    .string()
    .openapi({ description: "`v1,` and the HMAC-SHA256 of id, timestamp and body in base64 (Standard Webhooks)." }),
});

const endedSchema = runAnswerSchema.omit({ session_id: true }).openapi("WebhookAnswer");
const acceptedSchema = runAnswerSchema.pick({ run_id: true, status: true }).openapi("WebhookAccepted");

/** The address that a webhook trigger has, for the API description alone: workers/hooks answers it. Its signature is its sign-in. */
export function describeHookPath(api: OpenAPIHono<ApiBindings>): void {
  api.openAPIRegistry.registerPath({
    method: "post",
    path: "/api/v1/hooks/{token}",
    tags: ["Triggers"],
    summary: "Send a webhook to the address that its trigger shows",
    security: [],
    request: {
      params: z.object({ token: z.string() }),
      headers: headersSchema,
      body: jsonBody(z.any().openapi({ description: "Any JSON; the trigger says what becomes of it" })),
    },
    responses: {
      200: jsonContent(dataOf(endedSchema), "The run has ended, for triggers that wait"),
      202: jsonContent(dataOf(acceptedSchema), "The run goes on"),
      ...problemResponses,
    },
  });
}

/** The address that the payment provider's webhooks have, for the API description alone: workers/hooks answers it. */
export function describePaymentsHook(api: OpenAPIHono<ApiBindings>): void {
  api.openAPIRegistry.registerPath({
    method: "post",
    path: "/api/v1/billing/stripe/webhook",
    tags: ["Billing"],
    summary: "Stripe says that something has changed",
    security: [],
    request: {
      headers: z.object({ "stripe-signature": z.string().openapi({ description: "As Stripe signs its webhooks, at most 5 minutes ago" }) }),
      body: jsonBody(z.any().openapi({ description: "An event of Stripe's API" })),
    },
    responses: { 200: jsonContent(dataOf(z.object({ received: z.literal(true) })), "It was dealt with"), ...problemResponses },
  });
}
