import { z } from "zod";

const instant = z.number();
const units = z.number().int().nonnegative();
const limit = z.number().nonnegative().nullable();

/** What a quota counter must not forget. Fields may be added with defaults; none may change its meaning. */
export const accountStateSchema = z.object({
  periodStart: instant,
  periodEnd: instant,
  /** When the periods after this one begin. */
  anchorDay: z.number().int().default(1),
  timeZone: z.string().default("UTC"),
  planCode: z.string(),
  limits: z.object({ requests: limit, tokens: limit }),
  used: z.object({ requests: units, tokens: units }),
  spentAt: instant,
  leases: z.array(z.object({ id: z.string(), at: instant, forfeitAt: instant, arrival: units, held: units })),
});
export type AccountState = z.infer<typeof accountStateSchema>;
