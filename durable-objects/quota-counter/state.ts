import { z } from "zod";

const instant = z.number();
const units = z.number().int().nonnegative();
const limit = z.number().nonnegative().nullable();
const limits = z.object({ requests: limit, tokens: limit, egress_bytes: limit.default(null), run_ms: limit.default(null) });

/** What a quota counter must not forget. Fields may be added with defaults; none may change its meaning. */
export const accountStateSchema = z.object({
  periodStart: instant,
  periodEnd: instant,
  /** When the periods after this one begin. */
  anchorDay: z.number().int().default(1),
  timeZone: z.string().default("UTC"),
  planCode: z.string(),
  /** Units a period that are included. */
  limits,
  /** Where a meter stops. Written by counters that know a price for what is beyond the limit; before, every limit stopped. */
  stops: limits.optional(),
  budgetedApps: z.array(z.string()).default([]),
  used: z.object({ requests: units, tokens: units }),
  /** As the ledger had it when it was last read. */
  recorded: z.object({ egress_bytes: units, run_ms: units }).default({ egress_bytes: 0, run_ms: 0 }),
  spentAt: instant,
  leases: z.array(z.object({ id: z.string(), at: instant, forfeitAt: instant, arrival: units, held: units })),
  reservations: z.array(z.object({ id: z.string(), tokens: units, at: instant })).default([]),
  /** Notices of this period that have been given. */
  noticed: z.array(z.string()).default([]),
});
export type AccountState = z.infer<typeof accountStateSchema>;
