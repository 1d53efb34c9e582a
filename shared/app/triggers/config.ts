import { z } from "zod";
import { slugSchema } from "../slugs.ts";
import { cronFault, isTimeZone } from "./schedule.ts";

/** What a trigger gives the app: values, with `{{ expressions }}` over what it was fired by. */
const inputs = z.record(z.string().min(1).max(64), z.unknown());

export const scheduleConfigSchema = z.strictObject({
  /** Five fields: minute, hour, day of month, month, day of week. */
  cron: z
    .string()
    .min(1)
    .max(200)
    .check((check) => {
      const fault = cronFault(check.value);
      if (fault) check.issues.push({ code: "custom", message: fault, input: check.value });
    }),
  /** IANA name; the schedule keeps to its wall clock. */
  timezone: z.string().max(64).refine(isTimeZone, "Give an IANA time zone such as Europe/Berlin.").default("UTC"),
  /** What becomes of firings that nobody was there for: nothing, or one run for all of them. */
  missed: z.enum(["skip", "run_once"]).default("skip"),
  /** Expressions see `schedule.due_at`. */
  inputs: inputs.default({}),
});

export const webhookConfigSchema = z.strictObject({
  /** `accept` answers as soon as the run is on record, `wait` with what the run gives. */
  mode: z.enum(["accept", "wait"]).default("accept"),
  /** Without it, the fields of the JSON body are the inputs. Expressions see `body`, `headers` (in lower case) and `query`. */
  inputs: inputs.optional(),
});

export const appConfigSchema = z.strictObject({
  /** Slug of the app whose runs are followed. */
  app: slugSchema,
  on: z
    .array(z.enum(["completed", "failed"]))
    .min(1)
    .max(2)
    .default(["completed"]),
  /** Without it, the outputs are the inputs. Expressions see `outputs` and `run`. */
  inputs: inputs.optional(),
});

const common = { name: z.string().max(100).default(""), enabled: z.boolean().default(true) };

/** A trigger as it is made: what it is follows from its type. */
export const newTriggerSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("schedule"), ...common, config: scheduleConfigSchema }),
  z.strictObject({ type: z.literal("webhook"), ...common, config: webhookConfigSchema.default({ mode: "accept" }) }),
  z.strictObject({ type: z.literal("app"), ...common, config: appConfigSchema }),
]);
export type NewTrigger = z.infer<typeof newTriggerSchema>;

/** What can be changed of one: its type stays. */
export const triggerChangesSchema = z.strictObject({
  name: z.string().max(100).optional(),
  enabled: z.boolean().optional(),
  config: z.record(z.string(), z.unknown()).optional(),
});
export type TriggerChanges = z.infer<typeof triggerChangesSchema>;
