/** What the gate says to a run at its door. */
export type GateAnswer = "go" | "wait" | "full";

export interface GateRules {
  /** Runs at the same time. */
  readonly limit: number;
  readonly overflow: "queue" | "reject";
}

/** Counts the runs of one app that go on, and keeps the line of those that wait. Named by the app's id. */
export interface RunGateApi {
  /** Asks for a run to begin. Asking again gives the same answer, until it has left. */
  enter(runId: string, appId: string, rules: GateRules): Promise<GateAnswer>;
  /** A run has ended, or has given up waiting. The next in line is told by the `executions` queue. */
  leave(runId: string): Promise<void>;
  /** A run whose turn had come has begun. */
  begun(runId: string): Promise<void>;
  counts(): Promise<{ readonly running: number; readonly waiting: number }>;
}
