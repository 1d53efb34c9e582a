import { describe, expect, it } from "vitest";
import { type Answer, call, eventually, inParallel, leadDesk, platformRows, publishApp, signUp, stack } from "../flows/client.ts";
import { killAll } from "../stack.ts";

const question = { inputs: { email: "ada@example.test", message: "how much is it" } };

interface Counts {
  readonly executions: number;
  readonly node_logs: number;
  readonly requests: number;
}

async function counts(workspaceId: string): Promise<Counts> {
  const [row] = await platformRows<{ executions: number; node_logs: number; requests: number }>(
    `SELECT (SELECT count(*)::int FROM executions WHERE workspace_id = $1) AS executions,
            (SELECT count(*)::int FROM node_logs WHERE workspace_id = $1) AS node_logs,
            (SELECT coalesce(sum(quantity), 0)::int FROM billing_usage_events WHERE workspace_id = $1 AND meter = 'requests') AS requests`,
    [workspaceId],
  );
  return row ?? { executions: 0, node_logs: 0, requests: 0 };
}

/** The contract's app without limits, so that only the accounting is under test. */
function unlimited() {
  const manifest = leadDesk();
  manifest.access_policy.rate_limit = { per_ip: null, per_session: null, per_app: null };
  return manifest;
}

describe("accounting", () => {
  it("counts each of 200 runs once, everywhere", async () => {
    const member = await signUp();
    const app = await publishApp(member, unlimited());
    const answers = await inParallel(200, 16, () => call(`${app.path}/runs`, { body: question }));
    expect(answers.map((answer) => [answer.status, answer.body.data?.status])).toEqual(Array(200).fill([200, "completed"]));

    const reached = await eventually(
      () => counts(member.workspace.id),
      (now) => now.executions >= 200 && now.node_logs >= 1000 && now.requests >= 200,
    );
    expect(reached).toEqual({ executions: 200, node_logs: 1000, requests: 200 });
    const quota = await eventually(
      () => call(`/api/v1/workspaces/${member.workspace.id}/quota`, { headers: member.as }),
      (answer) => answer.body.data.meters.requests.used === 200,
    );
    const [ledger] = await platformRows<{ tokens: number }>(
      "SELECT sum(quantity)::int AS tokens FROM billing_usage_events WHERE workspace_id = $1 AND meter = 'tokens'",
      [member.workspace.id],
    );
    expect(quota.body.data.meters.tokens.used).toBe(ledger?.tokens);
  });

  it("keeps every acknowledged run when the Worker is killed, exactly once", async () => {
    const member = await signUp();
    const app = await publishApp(member, unlimited());
    const acknowledged: string[] = [];
    let failed = 0;
    let killed = false;
    const run = async () => {
      const answer = await call(`${app.path}/runs`, { body: question }).catch((): Answer | null => null);
      if (answer?.status === 200) acknowledged.push(answer.body.data.run_id);
      else failed += 1;
      // The kill lands in the middle of the runs, by their count rather than by the clock.
      if (!killed && acknowledged.length >= 80) {
        killed = true;
        killAll(stack().pid, "workerd");
      }
    };
    await inParallel(200, 16, run);
    expect(acknowledged.length).toBeGreaterThanOrEqual(80);
    expect(failed).toBeGreaterThan(0);

    await eventually(
      () =>
        fetch(`${stack().api}/healthz`).then(
          (response) => response.status,
          () => 0,
        ),
      (status) => status === 200,
      60_000,
    );
    const recorded = await eventually(
      () => platformRows<{ id: string }>("SELECT id FROM executions WHERE workspace_id = $1 ORDER BY id", [member.workspace.id]),
      (rows) => acknowledged.every((id) => rows.some((row) => row.id === id)),
      60_000,
    );
    expect(new Set(recorded.map((row) => row.id)).size).toBe(recorded.length);
    const [ledger] = await platformRows<{ events: number; runs: number }>(
      `SELECT count(*)::int AS events, count(DISTINCT execution_id)::int AS runs FROM billing_usage_events
       WHERE workspace_id = $1 AND meter = 'requests'`,
      [member.workspace.id],
    );
    expect(ledger).toEqual({ events: recorded.length, runs: recorded.length });
  });
});
