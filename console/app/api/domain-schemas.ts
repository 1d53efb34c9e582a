import { z } from "zod";
import { CERTIFICATE_METHODS, CHECK_STATES, DOMAIN_STATUSES, RECORD_PURPOSES, RECORD_STATES, RECORD_TYPES } from "./words.ts";

/*
 * What the console reads of custom hostnames.
 */

const time = z.string();
const check = z.object({ state: z.enum(CHECK_STATES), detail: z.string().nullable().default(null) });

const recordSchema = z.object({
  purpose: z.enum(RECORD_PURPOSES),
  type: z.enum(RECORD_TYPES),
  name: z.string(),
  value: z.string(),
  required: z.boolean(),
  state: z.enum(RECORD_STATES),
  found: z.array(z.string()),
});
export type DomainRecord = z.infer<typeof recordSchema>;

export const domainSchema = z.object({
  id: z.string(),
  app_id: z.string(),
  hostname: z.string(),
  unicode_hostname: z.string(),
  status: z.enum(DOMAIN_STATUSES),
  next_step: z.object({ code: z.string(), message: z.string() }).nullable(),
  records: z.array(recordSchema),
  checks: z.object({
    ownership: check,
    routing: check,
    hostname: z.object({ status: z.string().nullable(), errors: z.array(z.string()) }),
    certificate: z.object({
      status: z.string().nullable(),
      method: z.enum(CERTIFICATE_METHODS),
      expires_at: time.nullable(),
      errors: z.array(z.string()),
    }),
    checked_at: time.nullable(),
    next_check_at: time.nullable(),
  }),
  canonical: z.boolean(),
  redirect_to: z.string().nullable(),
  version_id: z.string().nullable(),
  previous: z.object({ app_id: z.string().nullable(), version_id: z.string().nullable(), at: time }).nullable(),
  notices: z.array(z.object({ code: z.string(), at: time })),
  behind_proxy: z.boolean(),
});
export type Domain = z.infer<typeof domainSchema>;

export const hostnameQuotaSchema = z.object({
  allocated: z.number().nullable(),
  used: z.number().nullable(),
  exceeded: z.boolean().nullable(),
  source: z.enum(["cloudflare", "none"]),
});
export type HostnameQuota = z.infer<typeof hostnameQuotaSchema>;
