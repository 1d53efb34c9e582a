import { AppError, errorCode, errorMessage } from "#platform/errors";

/** How the steps of long work are run: each to its end, and again from the step that a crash interrupted. */
export interface StepRunner {
  do<T extends string | boolean>(name: string, work: () => Promise<T>): Promise<T>;
  /** Waits a moment for what goes on elsewhere. */
  pause(name: string): Promise<void>;
}

/** Begins the one instance of this id. Beginning it again does nothing. Throws database_unavailable. */
export async function beginInstance<Params>(workflow: Workflow<Params>, id: string, params: Params): Promise<void> {
  const [outcome] = await Promise.allSettled([workflow.create({ id, params })]);
  if (outcome.status === "fulfilled" || /already/i.test(errorMessage(outcome.reason))) return;
  throw new AppError("database_unavailable", "The work cannot be begun at the moment.", { cause: outcome.reason });
}

/** What may be otherwise at the next try; everything else is the answer. */
const PASSING: ReadonlySet<string | undefined> = new Set([
  "database_unavailable",
  "upstream_unavailable",
  "node_timeout",
  // Statements of apps that hold tables in another order.
  "conflict",
  "internal",
  undefined,
]);

/**
 * Does a step until it is done, or until trying again has no sense. Throws the failure: at once what another try would only
 * meet again, what may pass when the runner gives it up.
 */
export async function takeStep(steps: StepRunner, name: string, work: () => Promise<void>): Promise<void> {
  const refusal = await steps.do(name, async () => {
    try {
      await work();
      return "";
    } catch (error) {
      if (PASSING.has(errorCode(error))) throw error;
      return errorMessage(error);
    }
  });
  if (refusal !== "") throw new AppError("invalid_state", refusal);
}
