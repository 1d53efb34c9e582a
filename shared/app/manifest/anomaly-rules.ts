import { z } from "zod";

/** How long what was done about an anomaly lasts, in seconds. */
const duration = z.number().int().min(60).max(86_400).default(600);
const runs = z.number().int().min(1).max(100_000);

const windowSeconds = z.number().int().min(10).max(3_600);
const visitorAction = z.enum(["challenge", "slow", "block"]);

/** More than `max_runs` of one network within the window. */
const frequencySchema = z.strictObject({
  max_runs: runs.default(300),
  window_seconds: windowSeconds.default(60),
  action: visitorAction.default("challenge"),
  duration_seconds: duration,
});

/** More than `max_failed_percent` of one network's runs failed, of at least `min_runs` within the window. */
const failureRateSchema = z.strictObject({
  min_runs: runs.default(20),
  max_failed_percent: z.number().int().min(1).max(99).default(50),
  window_seconds: windowSeconds.default(300),
  action: visitorAction.default("slow"),
  duration_seconds: duration,
});

/**
 * At least `min_runs` of the app within the window, and `factor` times what is usual for it. It concerns every visitor, so
 * none is blocked for it.
 */
const spikeSchema = z.strictObject({
  factor: z.number().min(2).max(1_000).default(10),
  min_runs: runs.default(500),
  window_seconds: windowSeconds.default(60),
  action: z.enum(["challenge", "slow"]).default("challenge"),
  duration_seconds: duration,
});

/** What counts as unusual in an app's traffic, and what is done about it; `null` is off, `{}` takes the usual values. */
export const anomalyRulesSchema = z.strictObject({
  frequency: frequencySchema.nullable().default(null),
  failure_rate: failureRateSchema.nullable().default(null),
  spike: spikeSchema.nullable().default(null),
});
export type AnomalyRules = z.infer<typeof anomalyRulesSchema>;
export type AnomalyAction = z.infer<typeof visitorAction>;

/** A change: the rules to replace, each as a whole. */
export const anomalyRulesPatchSchema = z.strictObject({
  frequency: frequencySchema.nullable().optional(),
  failure_rate: failureRateSchema.nullable().optional(),
  spike: spikeSchema.nullable().optional(),
});
