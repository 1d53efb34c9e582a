import { z } from "zod";

const instant = z.number();
const units = z.number().int().nonnegative();

/** What a limiter must not forget. Fields may be added with defaults; none may change its meaning. */
export const limiterStateSchema = z.object({
  epoch: z.number().int().nonnegative().default(0),
  windowMs: z.number().int().nonnegative().default(0),
  /** From, at, units: short, because it is written with each take. */
  log: z.array(z.tuple([instant, instant, units])).default([]),
  leases: z.array(z.object({ id: z.string(), at: instant, forfeitAt: instant, arrival: units, held: units })).default([]),
});
export type LimiterState = z.infer<typeof limiterStateSchema>;
