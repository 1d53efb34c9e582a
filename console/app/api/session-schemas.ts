import { z } from "zod";

const time = z.string();

export const sessionSummarySchema = z.object({
  id: z.string(),
  started_at: time,
  last_seen_at: time,
  runs: z.number(),
  ended_at: time.nullable(),
});
export type SessionSummary = z.infer<typeof sessionSummarySchema>;

export const sessionDetailSchema = sessionSummarySchema.extend({
  conversation: z.object({
    summary: z.string().nullable(),
    turns: z.array(z.object({ run_id: z.string(), said: z.string(), answer: z.string(), at: time })),
  }),
});
export type SessionDetail = z.infer<typeof sessionDetailSchema>;
