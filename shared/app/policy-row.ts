import type { Context } from "#platform/context";
import type { appAccessPolicies } from "#platform/schema";
import { actingUser } from "./app-rows.ts";
import { type AccessPolicy, accessPolicySchema } from "./manifest/access-policy.ts";

type PolicyRow = typeof appAccessPolicies.$inferSelect;

/** The columns that hold a policy. */
export function policyRow(ctx: Context, policy: AccessPolicy) {
  return {
    accessMode: policy.access_mode,
    dataClassification: policy.data_classification,
    rateLimit: policy.rate_limit,
    allowedOrigins: policy.allowed_origins,
    requireCaptcha: policy.require_captcha,
    anomaly: policy.anomaly ?? null,
    updatedBy: actingUser(ctx),
    updatedAt: new Date(ctx.clock.now()),
  };
}

export function policyOf(
  row: Pick<PolicyRow, "accessMode" | "dataClassification" | "rateLimit" | "allowedOrigins" | "requireCaptcha" | "anomaly">,
): AccessPolicy {
  return accessPolicySchema.parse({
    access_mode: row.accessMode,
    data_classification: row.dataClassification,
    rate_limit: row.rateLimit,
    allowed_origins: row.allowedOrigins,
    require_captcha: row.requireCaptcha,
    anomaly: row.anomaly ?? undefined,
  });
}
