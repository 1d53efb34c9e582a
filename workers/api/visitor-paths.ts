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

const passwordSchema = z
  .object({ password: z.string(), next: z.string().optional().openapi({ description: "Path below the app to go on to" }) })
  .openapi("AppPassword");

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
  .strictObject({
    inputs: z.record(z.string(), z.unknown()).openapi({ description: "An input of type file takes the id of an uploaded file." }),
    captcha_token: z.string().optional(),
    callback_url: z.string().optional().openapi({ description: "Told when the run has ended. For callers with an API key." }),
  })
  .openapi("RunRequest");

const fileSchema = z
  .object({ id: z.string(), name: z.string(), type: z.string(), size: z.number().int() })
  .openapi("UploadedFile", { description: "A file by reference; `type` is found by its bytes, `size` counts them." });

const startHeadersSchema = sessionSchema.extend({
  "Idempotency-Key": z
    .string()
    .optional()
    .openapi({ description: "The same key and body give the first run again, also while it goes on; another body is refused with 422." }),
  Prefer: z.string().optional().openapi({ description: "`respond-async` to be answered at once; `wait=N` to wait at most N seconds." }),
});

const watchHeadersSchema = sessionSchema.extend({
  "Last-Event-ID": z.string().optional().openapi({ description: "The last event received: the stream goes on after it." }),
});

const watchQuerySchema = z.object({
  session: z.string().optional().openapi({ description: "The session, for scripts that cannot set headers." }),
  last_event_id: z.string().optional().openapi({ description: "As Last-Event-ID." }),
});

export const runAnswerSchema = z
  .object({
    run_id: z.string(),
    status: z.enum(RUN_STATUSES),
    outputs: z.record(z.string(), z.unknown()).nullable(),
    error: z.object({ code: z.string(), message: z.string(), node_id: z.string().optional() }).optional(),
    usage: z.object({ input_tokens: z.number().int(), output_tokens: z.number().int(), total_tokens: z.number().int() }),
    session_id: z.string().openapi({ description: "Send it back as X-App-Session-Id to stay the same visitor." }),
  })
  .openapi("RunAnswer");

const STREAM = `Events \`run.started\`, \`node.started\`, \`node.delta {node_id, text}\`, \`node.waiting {node_id, until, asks}\`,
\`node.retried\` (what the node has streamed is void), \`node.finished\` and \`run.finished\` (the data of the JSON answer), each with an
increasing \`id\`.`;

const WAITS = `Runs that wait, that are streamed, that have a key or files survive any crash. One that has not ended when its caller
is answered is answered with 202 and \`Location\`.`;

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
    description: `A run that fails is answered with 200 and \`status: failed\`, since it exists. ${WAITS}`,
    request: { params: addressSchema, headers: startHeadersSchema, body: jsonBody(runRequestSchema) },
    responses: {
      200: {
        description: `The run; with \`Accept: text/event-stream\`, its events. ${STREAM}`,
        content: { "application/json": { schema: dataOf(runAnswerSchema) }, "text/event-stream": { schema: z.string() } },
      },
      202: jsonContent(dataOf(runAnswerSchema), "The run goes on; `Location` is where to read it"),
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
  api.openAPIRegistry.registerPath({
    method: "get",
    path: `${path}/runs/{run_id}/events`,
    tags,
    summary: "A run's events, for the session or key that made it",
    description: `Server-sent events, or a WebSocket on upgrade whose messages are the same events with their \`id\`. ${STREAM} Once the
events are no longer kept, only \`run.started\` and \`run.finished\` are told.`,
    request: { params: addressSchema.extend({ run_id: z.string() }), headers: watchHeadersSchema, query: watchQuerySchema },
    responses: { 200: { description: "The events", content: { "text/event-stream": { schema: z.string() } } }, ...problemResponses },
  });
  const parts = z.object({ file: z.array(z.string().openapi({ format: "binary" })) });
  api.openAPIRegistry.registerPath({
    method: "post",
    path: `${path}/files`,
    tags,
    summary: "Upload files for a run",
    description: `A form with up to 5 parts named \`file\`, of 10 MB each and 20 MB together, or one file as the body with its \`Content-Type\`
and \`X-File-Name\`. The type is found by the bytes; programs, markup and scripts are refused. A file is for the session or key that uploaded
it, and is deleted after 24 hours; runs keep their own copy.`,
    request: {
      params: addressSchema,
      headers: sessionSchema.extend({ "X-File-Name": z.string().optional(), "X-Captcha-Token": z.string().optional() }),
      body: {
        content: {
          "multipart/form-data": { schema: parts },
          "application/octet-stream": { schema: z.string().openapi({ format: "binary" }) },
        },
      },
    },
    responses: { 201: jsonContent(dataOf(z.array(fileSchema)), "The files, in the order they came"), ...problemResponses },
  });
  describeEntries(api);
}

const PASSWORD = `Lets a browser in to an app that is used with a password, by a cookie that holds for 24 hours or until the password changes.
Programs send the password as \`X-App-Password\` with each request instead. Ten wrong ones of a network in five minutes are too many.`;

/** Where visitors come in and go out. */
function describeEntries(api: OpenAPIHono<ApiBindings>): void {
  const path = "/{workspace}/{app}/auth";
  const tags = ["Visitors"];
  const request = { params: addressSchema };
  const onward = { 303: { description: "Goes on to the app" }, ...problemResponses };
  api.openAPIRegistry.registerPath({
    method: "get",
    path: `${path}/sign-in`,
    tags,
    summary: "Sign in at the platform, and come back",
    request: { ...request, query: z.object({ next: z.string().optional() }) },
    responses: { 303: { description: "Goes to the platform" }, ...problemResponses },
  });
  api.openAPIRegistry.registerPath({
    method: "get",
    path: `${path}/callback`,
    tags,
    summary: "Take over a sign-in from the platform",
    request: { ...request, query: z.object({ code: z.string(), state: z.string() }) },
    responses: onward,
  });
  api.openAPIRegistry.registerPath({
    method: "post",
    path: `${path}/password`,
    tags,
    summary: "Give the app's password",
    description: PASSWORD,
    request: { ...request, body: { content: { "application/x-www-form-urlencoded": { schema: passwordSchema } } } },
    responses: onward,
  });
  api.openAPIRegistry.registerPath({
    method: "post",
    path: `${path}/sign-out`,
    tags,
    summary: "Forget who the visitor is",
    request,
    responses: { 204: { description: "Forgotten; browsers get a page" }, ...problemResponses },
  });
  api.openAPIRegistry.registerPath({
    method: "post",
    path: "/{workspace}/{app}/session/end",
    tags,
    summary: "Forget the conversation and its session, to begin anew",
    request,
    responses: { 204: { description: "Forgotten" }, 303: { description: "The same, for browsers: goes to the page" }, ...problemResponses },
  });
}
