import { z } from "zod";
import { ANOMALIES, type Anomaly, RULE_KINDS, RULE_MATCHES } from "../api/words.ts";
import { entry } from "../form.ts";

/** The numbers of each anomaly's rule, in the order shown. */
export const NUMBERS = {
  frequency: ["max_runs", "window_seconds", "duration_seconds"],
  failure_rate: ["min_runs", "max_failed_percent", "window_seconds", "duration_seconds"],
  spike: ["factor", "min_runs", "window_seconds", "duration_seconds"],
} as const satisfies Record<Anomaly, readonly string[]>;

export type Effect = "challenge" | "slow" | "block";

/** What may be done about each anomaly. */
export const EFFECTS: Readonly<Record<Anomaly, readonly Effect[]>> = {
  frequency: ["challenge", "slow", "block"],
  failure_rate: ["challenge", "slow", "block"],
  spike: ["challenge", "slow"],
};

type Fields = Readonly<Record<string, string>>;

function anomalyOf(form: Fields, anomaly: Anomaly): Record<string, unknown> | null {
  if (form[`${anomaly}_on`] === undefined) return null;
  // An empty number takes the usual value.
  const given = NUMBERS[anomaly].map((name) => [name, form[`${anomaly}_${name}`]?.trim() ?? ""] as const).filter(([, text]) => text !== "");
  return { action: form[`${anomaly}_action`], ...Object.fromEntries(given.map(([name, text]) => [name, Number(text)])) };
}

/** The change of the access policy that the form about captchas and unusual traffic asks for. */
export function readProtection(form: Fields) {
  return {
    require_captcha: form["require_captcha"] !== undefined,
    anomaly: Object.fromEntries(ANOMALIES.map((anomaly) => [anomaly, anomalyOf(form, anomaly)])),
  };
}

const ruleEntries = z.object({
  kind: z.enum(RULE_KINDS),
  match_type: z.enum(RULE_MATCHES),
  value: entry,
  scope: z.enum(["app", "workspace"]),
  reason: entry,
  hours: entry,
});

const HOUR_MS = 60 * 60 * 1000;

/** The rule that the form for a new one describes, at this time (ms). What makes no sense is left for the API to say. */
export function readRule(form: Fields, appId: string, now: number) {
  const { kind, match_type, value, scope, reason, hours } = ruleEntries.parse(form);
  const until = new Date(now + Number(hours) * HOUR_MS);
  const known = match_type === "asn" ? Number(value.replace(/^AS/i, "")) : value;
  return {
    app_id: scope === "app" ? appId : null,
    kind,
    match: { [match_type]: match_type === "all" ? true : known },
    reason,
    expires_at: hours === "" ? null : Number.isNaN(until.getTime()) ? hours : until.toISOString(),
  };
}
