import { z } from "zod";
import { ACCESS_MODES, DATA_CLASSIFICATIONS } from "./access-modes.ts";
import { anomalyRulesPatchSchema, anomalyRulesSchema } from "./anomaly-rules.ts";

/** Characters of an app's password. */
const PASSWORD_LENGTH = { min: 8, max: 128 } as const;

const limitSchema = z.strictObject({
  max_requests: z.number().int().min(1).max(1_000_000),
  window_seconds: z.number().int().min(1).max(86_400),
});
/** At most `max_requests` in any window of `window_seconds`. */
export type RateLimit = z.infer<typeof limitSchema>;

/** `null` switches a limit off; a limit that is not named keeps its default. */
const rateLimitSchema = z.strictObject({
  per_ip: limitSchema.nullable().default({ max_requests: 120, window_seconds: 60 }),
  per_session: limitSchema.nullable().default({ max_requests: 60, window_seconds: 60 }),
  /** Where it is not named there is none, and the manifest stays as it was written. */
  per_key: limitSchema.nullable().optional(),
  per_app: limitSchema.nullable().default(null),
});

/**
 * Whether a text is an origin exactly as browsers send it: scheme, host and a port that is not the scheme's own. Hosts that URL
 * parsers let pass and no browser ever sends (`*`, `;`) would mean something else in the page's policy of frames.
 */
function isOrigin(text: string): boolean {
  if (!/^https?:\/\/[\w.:[\]-]+$/.test(text) || !URL.canParse(text)) return false;
  return new URL(text).origin === text;
}

const originSchema = z
  .string()
  .max(300)
  .refine((text) => text === "*" || isOrigin(text), {
    error: 'Give "*" or an exact origin such as "https://example.com", without a path.',
  });

/** Who may run an app, from where and how often. What is not named gets the safe default: members only. */
export const accessPolicySchema = z.strictObject({
  access_mode: z.enum(ACCESS_MODES).default("private"),
  data_classification: z.enum(DATA_CLASSIFICATIONS).default("public"),
  rate_limit: rateLimitSchema.prefault({}),
  allowed_origins: z.array(originSchema).max(100).default(["*"]),
  require_captcha: z.boolean().default(false),
  anomaly: anomalyRulesSchema.optional(),
});
export type AccessPolicy = z.infer<typeof accessPolicySchema>;

/**
 * A change of a policy: the fields to replace. The limits of `rate_limit` and the rules of `anomaly` are replaced one by one. The password is no part of
 * the policy that manifests carry: it can be set and taken away, and is never shown.
 */
export const accessPolicyPatchSchema = z.strictObject({
  access_mode: z.enum(ACCESS_MODES).optional(),
  data_classification: z.enum(DATA_CLASSIFICATIONS).optional(),
  password: z.string().min(PASSWORD_LENGTH.min).max(PASSWORD_LENGTH.max).nullable().optional(),
  rate_limit: z
    .strictObject({
      per_ip: limitSchema.nullable().optional(),
      per_session: limitSchema.nullable().optional(),
      per_key: limitSchema.nullable().optional(),
      per_app: limitSchema.nullable().optional(),
    })
    .optional(),
  allowed_origins: z.array(originSchema).max(100).optional(),
  require_captcha: z.boolean().optional(),
  anomaly: anomalyRulesPatchSchema.optional(),
});
export type AccessPolicyPatch = z.infer<typeof accessPolicyPatchSchema>;

/** The policy after a change. */
export function mergePolicy(policy: AccessPolicy, { password: _, ...patch }: AccessPolicyPatch): AccessPolicy {
  return accessPolicySchema.parse({
    ...policy,
    ...patch,
    rate_limit: { ...policy.rate_limit, ...patch.rate_limit },
    ...(patch.anomaly && { anomaly: { ...policy.anomaly, ...patch.anomaly } }),
  });
}
