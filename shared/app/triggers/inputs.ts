import { fillTemplate, type Sources, templateFaults } from "#execution";
import { type Fault, validationFailed } from "#platform/errors";
import type { TRIGGER_TYPES } from "#platform/schema";

type TriggerType = (typeof TRIGGER_TYPES)[number];

/** What the expressions in a trigger's inputs can begin with. */
const SOURCES: Readonly<Record<TriggerType, readonly string[]>> = {
  schedule: ["schedule"],
  webhook: ["body", "headers", "query"],
  app: ["outputs", "run"],
};

/** Refuses inputs whose expressions cannot be read, or see what is not there. @throws `validation_failed` */
export async function checkInputs(type: TriggerType, inputs: Readonly<Record<string, unknown>> | undefined): Promise<void> {
  const faults: Fault[] = inputs ? await templateFaults(inputs, SOURCES[type], "config.inputs") : [];
  if (faults.length > 0) throw validationFailed(faults);
}

/**
 * Fills a trigger's inputs from what it was fired by. What leads nowhere is left out, so that the input's own default can take
 * its place. @throws `validation_failed`
 */
export async function fillInputs(template: Readonly<Record<string, unknown>>, sources: Sources): Promise<Record<string, unknown>> {
  const filled = await Promise.all(
    Object.entries(template).map(async ([name, value]) => [name, await fillTemplate(value, sources, `inputs.${name}`)] as const),
  );
  return Object.fromEntries(filled.filter(([, value]) => value !== null));
}
