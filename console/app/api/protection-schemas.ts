import { z } from "zod";
import { RULE_KINDS, RULE_SOURCES } from "./words.ts";

/** What the console reads of an anomaly's rule: its numbers by their name, and what is done. */
const anomalyRuleSchema = z
  .record(z.string(), z.union([z.number(), z.string()]))
  .nullable()
  .default(null);
export type AnomalyRule = z.infer<typeof anomalyRuleSchema>;

/** The part of the access policy that is about abuse. */
export const protectionSchema = z.object({
  require_captcha: z.boolean(),
  anomaly: z.object({ frequency: anomalyRuleSchema, failure_rate: anomalyRuleSchema, spike: anomalyRuleSchema }).prefault({}),
});
export type Protection = z.infer<typeof protectionSchema>;

export const visitorRuleSchema = z.object({
  id: z.string(),
  app_id: z.string().nullable(),
  kind: z.enum(RULE_KINDS),
  match: z.object({
    ip: z.string().optional(),
    cidr: z.string().optional(),
    asn: z.number().optional(),
    country: z.string().optional(),
    network: z.string().optional(),
    session: z.string().optional(),
    all: z.literal(true).optional(),
  }),
  reason: z.string(),
  source: z.enum(RULE_SOURCES),
  expires_at: z.string().nullable(),
});
export type VisitorRule = z.infer<typeof visitorRuleSchema>;

/** An event of the watch over an app's traffic; of other events nothing but their type is read. */
export const trafficEventSchema = z.object({
  id: z.string(),
  type: z.string(),
  occurred_at: z.string(),
  payload: z.object({ network: z.string().optional(), runs: z.number().optional(), effect: z.enum(RULE_KINDS).optional() }).catch({}),
});
export type TrafficEvent = z.infer<typeof trafficEventSchema>;
