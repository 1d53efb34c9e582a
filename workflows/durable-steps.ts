import type { WorkflowStep, WorkflowStepConfig } from "cloudflare:workers";
import type { StepRunner } from "#database";

/** Steps whose ends the platform keeps, each tried again as `retries` says. */
export function durableSteps(step: WorkflowStep, retries: WorkflowStepConfig): StepRunner {
  return { do: (name, work) => step.do(name, retries, work), pause: (name) => step.sleep(name, "2 seconds") };
}
