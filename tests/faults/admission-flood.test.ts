import { describe, expect, it } from "vitest";
import { type Answer, call, echo, eventually, inParallel, type Member, platformRows, publishApp, signUp, stack } from "../flows/client.ts";
import { killWorker } from "../stack.ts";

/** Connections that ask without a pause. */
const CONNECTIONS = 64;
/** Few enough that also a slow machine asks for more than a window's worth within it. */
const LIMIT = { max_requests: 60, window_seconds: 6 };
const QUOTA = 150;
/** Milliseconds for a flood and all that follows, on a machine that has other work too. */
const PATIENCE = 600_000;
/**
 * Milliseconds of nothing but `quota_exceeded` after which the quota is used up. Before that it may be refused for a moment: what
 * the app's limit refuses has been taken out of the quota, and is given back.
 */
const SURE = 10_000;
/** Milliseconds between the instant at which a run was admitted and the one at which it says that it began. */
const JITTER = 1_000;

interface Flood {
  readonly member: Member;
  readonly admitted: number;
  readonly refusals: ReadonlySet<string>;
}

/** A workspace of its own whose plan stops at the quota. */
async function stoppingWorkspace(): Promise<Member> {
  const member = await signUp();
  const [month, next] = [0, 1].map((later) => {
    const now = new Date();
    return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + later, 1)).toISOString();
  });
  // Before the counter has read the plan for the first time.
  await platformRows(
    `INSERT INTO workspace_quotas (workspace_id, period_start, period_end, plan_code, limits)
     SELECT $1, $2, $3, code, limits || jsonb_build_object('requests', $4::int) FROM billing_plans WHERE code = 'free'
     ON CONFLICT (workspace_id, period_start) DO UPDATE SET limits = excluded.limits`,
    [member.workspace.id, month, next, QUOTA],
  );
  return member;
}

/** Asks at all connections until the quota is used up; `disturb` is told how many have been admitted so far. */
async function flood(disturb: (admitted: number) => void = () => undefined): Promise<Flood> {
  const member = await stoppingWorkspace();
  const rate_limit = { per_ip: null, per_session: null, per_app: LIMIT };
  const access_policy = { access_mode: "public_anonymous", rate_limit, allowed_origins: ["*"], require_captcha: false };
  const app = await publishApp(member, echo("Hello", { access_policy }));
  const refusals = new Set<string>();
  let admitted = 0;
  let open = Date.now();
  await inParallel(CONNECTIONS, CONNECTIONS, async () => {
    while (Date.now() - open < SURE) {
      const answer = await call(`${app.path}/runs`, { body: { inputs: { word: "you" } } }).catch((): Answer | null => null);
      if (answer?.status === 429) refusals.add(answer.body.code);
      if (answer?.body.code !== "quota_exceeded") open = Date.now();
      if (answer?.status !== 200) continue;
      admitted += 1;
      disturb(admitted);
    }
  });
  return { member, admitted, refusals };
}

/** When the runs of a workspace began (ms), in order, and what the ledger holds of them, once nothing is on its way any more. */
async function drained(workspaceId: string, atLeast: number): Promise<{ starts: readonly number[]; ledger: number }> {
  const read = async () => {
    const [row] = await platformRows<{ starts: Date[]; ledger: number }>(
      `SELECT (SELECT coalesce(array_agg(started_at ORDER BY started_at), '{}') FROM executions WHERE workspace_id = $1) AS starts,
              (SELECT coalesce(sum(quantity), 0)::int FROM billing_usage_events WHERE workspace_id = $1 AND meter = 'requests') AS ledger`,
      [workspaceId],
    );
    return { starts: (row?.starts ?? []).map((start) => start.getTime()), ledger: row?.ledger ?? 0 };
  };
  return eventually(read, ({ starts, ledger }) => starts.length >= atLeast && ledger >= starts.length, 60_000);
}

/** The most runs that began within any span of so many milliseconds. */
function busiest(starts: readonly number[], span: number): number {
  let [first, most] = [0, 0];
  for (const [index, at] of starts.entries()) {
    while (at - (starts[first] ?? at) >= span) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
}

/** What the counter says once everything that was lent has come back or was given up. */
async function countedRequests({ workspace, as }: Member): Promise<number> {
  const read = () => call(`/api/v1/workspaces/${workspace.id}/quota`, { headers: as });
  const quota = await eventually(read, (answer) => answer.body.data?.meters.requests.reserved === 0);
  return quota.body.data.meters.requests.used;
}

describe("a flood", { timeout: PATIENCE }, () => {
  it("is admitted exactly to each window's limit and to the quota, and counted to the unit", async () => {
    const { member, admitted, refusals } = await flood();
    expect(admitted).toBe(QUOTA);
    expect([...refusals].toSorted()).toEqual(["quota_exceeded", "rate_limited"]);
    const { starts, ledger } = await drained(member.workspace.id, QUOTA);
    expect([starts.length, ledger]).toEqual([QUOTA, QUOTA]);
    expect(await countedRequests(member)).toBe(QUOTA);
    const window = LIMIT.window_seconds * 1_000;
    expect(busiest(starts, window - JITTER)).toBe(LIMIT.max_requests);
    const second = starts[LIMIT.max_requests] ?? 0;
    expect(second - (starts[0] ?? 0)).toBeGreaterThan(window - JITTER);
  });

  it("is never admitted beyond them though the Worker is killed three times, and no run is counted twice", async () => {
    const kills = [20, 50, 90];
    const { member, admitted } = await flood((sofar) => {
      if (sofar < (kills[0] ?? Number.POSITIVE_INFINITY)) return;
      kills.shift();
      killWorker(stack().pid);
    });
    expect(kills).toEqual([]);
    const { starts, ledger } = await drained(member.workspace.id, admitted);
    // Runs that were on record when the Worker died, though nobody was told.
    expect(starts.length).toBeGreaterThanOrEqual(admitted);
    expect(ledger).toBe(starts.length);
    expect(busiest(starts, LIMIT.window_seconds * 1_000 - JITTER)).toBeLessThanOrEqual(LIMIT.max_requests);
    // What died with its isolate counts as used until the counter is compared with the ledger: never the other way round.
    const counted = await countedRequests(member);
    expect(counted).toBe(QUOTA);
    expect(ledger).toBeLessThanOrEqual(counted);
  });
});
