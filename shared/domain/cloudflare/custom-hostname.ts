import { z } from "zod";

/** A record that a certificate authority asks for, or the one that hands its questions over to Cloudflare for good. */
const validationRecordSchema = z.object({
  txt_name: z.string().optional(),
  txt_value: z.string().optional(),
  http_url: z.string().optional(),
  http_body: z.string().optional(),
  cname: z.string().optional(),
  cname_target: z.string().optional(),
  status: z.string().optional(),
});

const sslSchema = z.object({
  id: z.string().nullish(),
  status: z.string().default("initializing"),
  method: z.string().nullish(),
  expires_on: z.string().nullish(),
  certificates: z.array(z.object({ expires_on: z.string().nullish() })).nullish(),
  validation_records: z.array(validationRecordSchema).nullish(),
  dcv_delegation_records: z.array(validationRecordSchema).nullish(),
  validation_errors: z.array(z.object({ message: z.string().default("") })).nullish(),
});

/**
 * A custom hostname as Cloudflare's API shows it, as far as it is of use here
 * (https://developers.cloudflare.com/api/resources/custom_hostnames/). Statuses are texts: new ones must not break anything.
 */
export const customHostnameSchema = z.object({
  id: z.string().min(1),
  hostname: z.string(),
  status: z.string().default("pending"),
  verification_errors: z.array(z.string()).nullish(),
  ownership_verification: z.object({ type: z.string(), name: z.string(), value: z.string() }).partial().nullish(),
  ssl: sslSchema.nullish(),
  created_at: z.string().nullish(),
});

export type CustomHostname = z.infer<typeof customHostnameSchema>;
export type ValidationRecord = z.infer<typeof validationRecordSchema>;

/** The status of its certificate; one that nobody has ordered yet is being initialized. */
export function certificateStatus({ ssl }: CustomHostname): string {
  return ssl?.status ?? "initializing";
}

/** When the certificate in use ends (ms), or `null` where there is none yet. Of several, as for two kinds of keys, the first to end. */
export function certificateEnd(custom: CustomHostname | null): number | null {
  const named = [custom?.ssl?.expires_on, ...(custom?.ssl?.certificates ?? []).map(({ expires_on }) => expires_on)];
  const ends = named.map((text) => Date.parse(text ?? "")).filter((end) => !Number.isNaN(end));
  return ends.length === 0 ? null : Math.min(...ends);
}
