import { expect, it } from "vitest";
import { apiKey, call, echo, eventually, inParallel, type Json, platformRows, publishApp, signUp } from "./client.ts";

const RUNS = 1_000;
/** Connections that are open at once. */
const WIDTH = 100;

interface Counts {
  readonly runs: number;
  readonly completed: number;
  readonly requests: number;
}

async function counts(workspaceId: string): Promise<Counts> {
  const [row] = await platformRows<{ runs: number; completed: number; requests: number }>(
    `SELECT count(*)::int AS runs, count(*) FILTER (WHERE status = 'completed')::int AS completed,
            (SELECT count(*)::int FROM billing_usage_events WHERE workspace_id = $1 AND meter = 'requests') AS requests
     FROM executions WHERE workspace_id = $1`,
    [workspaceId],
  );
  return row ?? { runs: 0, completed: 0, requests: 0 };
}

it(`${RUNS} asynchronous runs in a burst are all accepted, complete, and are counted once`, async () => {
  const member = await signUp();
  const app = await publishApp(member, echo("Hello"));
  const key = await apiKey(member, ["runs:create"]);
  const headers = { ...key, Prefer: "respond-async" };
  const accepted = await inParallel(RUNS, WIDTH, (index) => call(`${app.path}/runs`, { body: { inputs: { word: `${index}` } }, headers }));
  expect(accepted.filter(({ status }) => status !== 202).map(({ status, body }): Json => [status, body])).toEqual([]);
  const ids = accepted.map(({ body }): Json => body.data.run_id);
  expect(new Set(ids).size).toBe(RUNS);

  const reached = await eventually(
    () => counts(member.workspace.id),
    ({ completed, requests }) => completed >= RUNS && requests >= RUNS,
    240_000,
  );
  expect(reached).toEqual({ runs: RUNS, completed: RUNS, requests: RUNS });
  const wrong = await platformRows(
    "SELECT id FROM executions WHERE workspace_id = $1 AND outputs ->> 'said' <> 'Hello ' || (inputs ->> 'word')",
    [member.workspace.id],
  );
  expect(wrong).toEqual([]);
  const { body } = await call(`/api/v1/workspaces/${member.workspace.id}/dead-letters`, { headers: member.as });
  expect(body.data).toEqual([]);
  expect(await platformRows("SELECT id FROM dead_letters", [])).toEqual([]);
}, 600_000);
