import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { RUN_STATUSES } from "#platform/schema";
import { type ApiBindings, dataOf, jsonBody, jsonContent, problemResponses } from "./router.ts";

/*
 * The visitors' addresses, for the API description alone: they are answered by workers/runtime, which takes custom hostnames
 * and forms as well. A flow test holds these shapes against the running product.
 */

const addressSchema = z.object({
  workspace: z.string().openapi({ param: { name: "workspace", in: "path" }, example: "demo" }),
  app: z.string().openapi({ param: { name: "app", in: "path" }, example: "lead-desk" }),
});

const sessionSchema = z.object({
  "X-App-Session-Id": z.string().optional().openapi({ description: "The session of an earlier answer; browsers send its cookie instead." }),
});

const appSchema = z
  .object({
    name: z.string(),
    description: z.string(),
    version: z.number().int(),
    ui_schema: z.record(z.string(), z.unknown()),
    input_schema: z.record(z.string(), z.unknown()).openapi({ description: "JSON Schema of the inputs" }),
    output_schema: z.record(z.string(), z.unknown()).openapi({ description: "JSON Schema of the outputs" }),
    access_mode: z.string(),
  })
  .openapi("PublishedApp");

const runRequestSchema = z
  .strictObject({ inputs: z.record(z.string(), z.unknown()), captcha_token: z.string().optional() })
  .openapi("RunRequest");

const runAnswerSchema = z
  .object({
    run_id: z.string(),
    status: z.enum(RUN_STATUSES),
    outputs: z.record(z.string(), z.unknown()).nullable(),
    error: z.object({ code: z.string(), message: z.string(), node_id: z.string().optional() }).optional(),
    usage: z.object({ input_tokens: z.number().int(), output_tokens: z.number().int(), total_tokens: z.number().int() }),
    session_id: z.string().openapi({ description: "Send it back as X-App-Session-Id to stay the same visitor." }),
  })
  .openapi("RunAnswer");

const STREAM = `Events \`run.started\`, \`node.started\`, \`node.delta {node_id, text}\`, \`node.retried\`, \`node.finished\` and \`run.finished\` (the
data of the JSON answer), each with an increasing \`id\`.`;

/** Adds the visitors' addresses to the description of the members' API. */
export function describeVisitorPaths(api: OpenAPIHono<ApiBindings>): void {
  const path = "/{workspace}/{app}";
  const tags = ["Visitors"];
  api.openAPIRegistry.registerPath({
    method: "get",
    path,
    tags,
    summary: "The app's page",
    request: { params: addressSchema },
    responses: { 200: { description: "The page", content: { "text/html": { schema: z.string() } } }, ...problemResponses },
  });
  api.openAPIRegistry.registerPath({
    method: "get",
    path: `${path}/schema`,
    tags,
    summary: "What the app takes and gives",
    request: { params: addressSchema },
    responses: { 200: jsonContent(dataOf(appSchema), "The published version"), ...problemResponses },
  });
  api.openAPIRegistry.registerPath({
    method: "post",
    path: `${path}/runs`,
    tags,
    summary: "Run the app",
    description: "A run that fails is answered with 200 and `status: failed`, since it exists.",
    request: { params: addressSchema, headers: sessionSchema, body: jsonBody(runRequestSchema) },
    responses: {
      200: {
        description: `The run; with \`Accept: text/event-stream\`, its events. ${STREAM}`,
        content: { "application/json": { schema: dataOf(runAnswerSchema) }, "text/event-stream": { schema: z.string() } },
      },
      ...problemResponses,
    },
  });
  api.openAPIRegistry.registerPath({
    method: "get",
    path: `${path}/runs/{run_id}`,
    tags,
    summary: "A run, for the session or key that made it",
    request: { params: addressSchema.extend({ run_id: z.string() }), headers: sessionSchema },
    responses: { 200: jsonContent(dataOf(runAnswerSchema), "The run"), ...problemResponses },
  });
}
