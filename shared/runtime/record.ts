import { usageEventsOf } from "#billing";
import type { RunResult } from "#execution";
import type { ExecutionRecord, RunRecord } from "#platform/records";

/** What a run leaves behind once it has ended. `begun` is what was known of it when it began. */
export function endRecord(begun: ExecutionRecord, result: RunResult): RunRecord {
  const { status, outputs, error, usage, nodeLogs, finishedAt } = result;
  const { waiting: _, ...execution } = begun;
  return {
    execution: { ...execution, status, outputs, error, usage, finished_at: finishedAt },
    node_logs: nodeLogs,
    usage_events: usageEventsOf({ ...begun, outputs }, nodeLogs),
    runtime_events: [],
  };
}
