import { createRoute, z } from "@hono/zod-openapi";
import { watchAsMember } from "#runtime";
import { watchingOf } from "../runtime/run-events.ts";
import { createRouter, problemResponses } from "./router.ts";
import { inRun } from "./run-access.ts";

const DESCRIPTION = `Server-sent events, or a WebSocket on upgrade whose messages are the same events with their \`id\`: \`run.started\`,
\`node.started\`, \`node.delta {node_id, text}\`, \`node.waiting {node_id, until}\`, \`node.retried\` (what the node has streamed is void),
\`node.finished\` with the node's \`log\`, and last \`run.finished\`. They begin after \`Last-Event-ID\`, or at the start. Once the events are no
longer kept, those are told that the run's record still knows. Pages of other sites may not open the socket.`;

export const runEventsRouter = createRouter().openapi(
  createRoute({
    method: "get",
    path: "/runs/{id}/events",
    tags: ["Runs"],
    summary: "A run's events as they happen, with what its nodes took and gave",
    description: DESCRIPTION,
    ...inRun("runs:read"),
    request: {
      params: z.object({ id: z.string() }),
      headers: z.object({ "last-event-id": z.string().optional().openapi({ description: "The last event received" }) }),
      query: z.object({
        last_event_id: z.string().optional().openapi({ description: "As Last-Event-ID" }),
        ack: z.string().optional().openapi({ description: "1 for a WebSocket that acknowledges what it has read" }),
      }),
    },
    responses: {
      101: { description: "A WebSocket" },
      200: { description: "The events", content: { "text/event-stream": { schema: z.string() } } },
      ...problemResponses,
    },
  }),
  (c) => watchAsMember(c.get("ctx"), c.get("found"), watchingOf(c.req.raw)),
);
