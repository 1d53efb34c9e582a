import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { call, echo, type Json, leadDesk, publishApp, signUp, stack } from "../flows/client.ts";

/** Milliseconds for anything at all, on a machine that has other work too. */
const PATIENCE = 300_000;

/** start -> save -> end, on the contract's own table, without a model. */
function filing(): Json {
  const { workflow, ui_schema: _, ...manifest } = leadDesk();
  const [start] = workflow.nodes;
  const values = { email: "{{ inputs.email }}", kind: "none", message: "{{ inputs.message }}" };
  const nodes = [
    start,
    { id: "save", type: "db", config: { operation: "insert", table: "leads", values } },
    { id: "end", type: "end", config: { outputs: { lead_id: "{{ nodes.save.rows[0].id }}" } } },
  ];
  const edges = [
    { from: "start", to: "save" },
    { from: "save", to: "end" },
  ];
  const rate_limit = { per_ip: null, per_session: null, per_app: null };
  return { ...manifest, workflow: { nodes, edges }, access_policy: { ...manifest.access_policy, rate_limit } };
}

/** Without a word; the stack starts it again. */
function killPostgres(): void {
  const [pid] = readFileSync(join(stack().home, "postgres", "data", "postmaster.pid"), "utf8").split("\n");
  process.kill(Number(pid), "SIGKILL");
}

const outcomeOf = ({ status, body }: Json): string => (status === 200 ? (body.data.error?.code ?? body.data.status) : `${status}`);

describe("when the databases' server goes away under load", () => {
  it("db nodes fail as unavailable until it is back, and nothing else fails", { timeout: PATIENCE }, async () => {
    const member = await signUp("Outage");
    const [files, speaks] = [await publishApp(member, filing()), await publishApp(member, echo("still here"))];
    const file = async () => outcomeOf(await call(`${files.path}/runs`, { body: { inputs: { email: "a@example.com", message: "m" } } }));
    const speak = async () => outcomeOf(await call(`${speaks.path}/runs`, { body: { inputs: { word: "w" } } }));
    expect([await file(), await speak()]).toEqual(["completed", "completed"]);

    const filed: string[] = [];
    const spoken: string[] = [];
    let over = false;
    const load = [file, file, file, speak].map(async (ask) => {
      while (!over) (ask === file ? filed : spoken).push(await ask());
    });
    const until = (what: string, done: () => boolean) => expect.poll(done, { timeout: PATIENCE / 4, message: what }).toBe(true);
    try {
      await until("runs file leads", () => filed.length > 10);
      killPostgres();
      await until("a run finds the database gone", () => filed.includes("database_unavailable"));
      // Back without anything being restarted but the server itself.
      await until("runs file leads again", () => filed.length > 20 && filed.slice(-10).every((outcome) => outcome === "completed"));
    } finally {
      over = true;
      await Promise.all(load);
    }
    expect([...new Set(filed)].sort()).toEqual(["completed", "database_unavailable"]);
    expect([...new Set(spoken)]).toEqual(["completed"]);
  });
});
