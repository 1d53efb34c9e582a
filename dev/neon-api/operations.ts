import { randomUUID } from "node:crypto";

/** How long an operation waits for its turn, and how long it then runs, in milliseconds. */
const SCHEDULING_MS = 500;
const RUNNING_MS = 1500;

export type OperationStatus = "scheduling" | "running" | "finished" | "failed";

export interface Operation {
  readonly id: string;
  readonly action: string;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  readonly startsAt: number;
  readonly endsAt: number;
  readonly fails: boolean;
}

/** Operations that follow each other: each begins when the one before it has ended. */
export function schedule(actions: readonly { readonly action: string; readonly fails: boolean }[], now: number): readonly Operation[] {
  return actions.map(({ action, fails }, index) => {
    const startsAt = now + SCHEDULING_MS + index * RUNNING_MS;
    return { id: randomUUID(), action, createdAt: now + index, startsAt, endsAt: startsAt + RUNNING_MS, fails };
  });
}

export function statusAt({ startsAt, endsAt, fails }: Operation, now: number): OperationStatus {
  if (now < startsAt) return "scheduling";
  if (now < endsAt) return "running";
  return fails ? "failed" : "finished";
}
