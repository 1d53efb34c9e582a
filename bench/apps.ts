/** The apps that are measured, as manifests. */

const open = { access_mode: "public_anonymous", allowed_origins: ["*"], require_captcha: false };
const unlimited = { ...open, rate_limit: { per_ip: null, per_session: null, per_app: null } };
/** Limits that no measurement reaches, so that each request goes through all of them. */
const limit = { max_requests: 1_000_000, window_seconds: 60 };
const limited = { ...open, rate_limit: { per_ip: limit, per_session: limit, per_app: limit } };

const start = { id: "start", type: "start", config: { inputs: [{ name: "word", type: "string", required: true, max_length: 100 }] } };

/** Three nodes, of which one computes. */
export const greeting = {
  manifest: "1",
  name: "Greeting",
  workflow: {
    nodes: [
      start,
      { id: "say", type: "template", config: { text: "Hello {{ inputs.word }}" } },
      { id: "end", type: "end", config: { outputs: { said: "{{ nodes.say.text }}" } } },
    ],
    edges: [
      { from: "start", to: "say" },
      { from: "say", to: "end" },
    ],
  },
  access_policy: limited,
};

const underLimit = (max_requests: number, window_seconds: number) => ({
  ...greeting,
  access_policy: { ...open, rate_limit: { per_ip: null, per_session: null, per_app: { max_requests, window_seconds } } },
});
/** The same for a thousand requests a minute, for one a day, and for as many as the quota allows. */
export const scarce = underLimit(1_000, 60);
export const closed = underLimit(1, 86_400);
export const unbounded = { ...greeting, access_policy: unlimited };

/** Three nodes, of which one writes a row. */
export const guestbook = {
  manifest: "1",
  name: "Guestbook",
  workflow: {
    nodes: [
      start,
      { id: "save", type: "db", config: { operation: "insert", table: "words", values: { word: "{{ inputs.word }}" } } },
      { id: "end", type: "end", config: { outputs: { id: "{{ nodes.save.rows[0].id }}" } } },
    ],
    edges: [
      { from: "start", to: "save" },
      { from: "save", to: "end" },
    ],
  },
  db_schema: {
    tables: [
      {
        name: "words",
        columns: [
          { name: "id", type: "id" },
          { name: "word", type: "text" },
        ],
      },
    ],
  },
  access_policy: limited,
};

/** Three nodes, of which one reads ten rows of the guestbook's table. */
export const reader = {
  ...guestbook,
  name: "Reader",
  workflow: {
    nodes: [
      start,
      { id: "read", type: "db", config: { operation: "select", table: "words", limit: 10 } },
      { id: "end", type: "end", config: { outputs: { count: "{{ nodes.read.count }}" } } },
    ],
    edges: [
      { from: "start", to: "read" },
      { from: "read", to: "end" },
    ],
  },
};

export const body = JSON.stringify({ inputs: { word: "world" } });
