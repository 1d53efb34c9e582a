import type { Workflow } from "#execution";

/** What an app begins with when it is made from a name alone: it says back what it is told. */
export const STARTER_WORKFLOW: Workflow = {
  nodes: [
    { id: "start", type: "start", config: { inputs: [{ name: "message", type: "string", required: true, max_length: 2000 }] } },
    { id: "reply", type: "template", config: { text: "You wrote: {{ inputs.message }}" } },
    { id: "end", type: "end", config: { outputs: { reply: "{{ nodes.reply.text }}" } } },
  ],
  edges: [
    { from: "start", to: "reply" },
    { from: "reply", to: "end" },
  ],
};
