import { z } from "zod";
import { CALLBACK_STATUSES, FOLLOWED, LETTER_KINDS, MISSED, WEBHOOK_MODES } from "./words.ts";

/*
 * What the console reads of triggers and of what is owed because of them.
 */

const time = z.string();
const inputs = z.record(z.string(), z.unknown());

const common = {
  id: z.string(),
  name: z.string(),
  enabled: z.boolean(),
  url: z.string().nullable(),
  next_fire_at: time.nullable(),
  last_fired_at: time.nullable(),
};

export const triggerSchema = z.discriminatedUnion("type", [
  z.object({
    ...common,
    type: z.literal("schedule"),
    config: z.object({ cron: z.string(), timezone: z.string(), missed: z.enum(MISSED), inputs }),
  }),
  z.object({ ...common, type: z.literal("webhook"), config: z.object({ mode: z.enum(WEBHOOK_MODES), inputs: inputs.optional() }) }),
  z.object({
    ...common,
    type: z.literal("app"),
    config: z.object({ app: z.string(), on: z.array(z.enum(FOLLOWED)), inputs: inputs.optional() }),
  }),
]);
export type Trigger = z.infer<typeof triggerSchema>;

/** A trigger as it is answered once, when it is made or gets another secret. */
export const newTriggerSchema = z.object({ id: z.string(), url: z.string().nullable(), secret: z.string().optional() });

export const signingSecretSchema = z.object({ secret: z.string() });

export const deadLetterSchema = z.object({
  id: z.string(),
  kind: z.enum(LETTER_KINDS),
  app_id: z.string().nullable(),
  run_id: z.string().nullable(),
  error: z.string(),
  attempts: z.number(),
  payload: z.unknown(),
  created_at: time,
});
export type DeadLetter = z.infer<typeof deadLetterSchema>;

export const callbackSchema = z.object({
  id: z.string(),
  url: z.string(),
  status: z.enum(CALLBACK_STATUSES),
  error: z.string().nullable(),
  due_at: time.nullable(),
  attempts: z.array(
    z.object({
      attempt: z.number(),
      status: z.number().nullable(),
      error: z.string().nullable(),
      duration_ms: z.number(),
      attempted_at: time,
    }),
  ),
});
export type Callback = z.infer<typeof callbackSchema>;
