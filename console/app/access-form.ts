import { z } from "zod";
import type { AccessPolicy, Limit } from "./api/schemas.ts";
import { ACCESS_MODES, DATA_CLASSIFICATIONS } from "./api/words.ts";
import { entry } from "./form.ts";

const wholeNumber = z.number().int().positive();
const field = entry.transform((text) => (text === "" ? null : Number(text))).pipe(wholeNumber.nullable());

const entries = z.object({
  access_mode: z.enum(ACCESS_MODES),
  data_classification: z.enum(DATA_CLASSIFICATIONS),
  // As it was typed: spaces may be part of it.
  password: z.string().default(""),
  per_ip_requests: field,
  per_ip_seconds: field,
  per_session_requests: field,
  per_session_seconds: field,
  per_key_requests: field,
  per_key_seconds: field,
  per_app_requests: field,
  per_app_seconds: field,
  allowed_origins: entry,
});

function limit(requests: number | null, seconds: number | null): Limit | undefined {
  if (requests === null && seconds === null) return null;
  return requests === null || seconds === null ? undefined : { max_requests: requests, window_seconds: seconds };
}

/** What the form changes. Without a password, the one that is set stays. */
interface AccessChange extends Omit<AccessPolicy, "require_captcha" | "password_set"> {
  readonly password?: string;
}

/** Reads the access rules out of their form; `undefined` where a limit has only one of its two numbers. */
export function readAccessForm(form: Record<string, string>): AccessChange | undefined {
  const parsed = entries.safeParse(form);
  if (!parsed.success) return undefined;
  const { data } = parsed;
  const per_ip = limit(data.per_ip_requests, data.per_ip_seconds);
  const per_session = limit(data.per_session_requests, data.per_session_seconds);
  const per_key = limit(data.per_key_requests, data.per_key_seconds);
  const per_app = limit(data.per_app_requests, data.per_app_seconds);
  if (per_ip === undefined || per_session === undefined || per_key === undefined || per_app === undefined) return undefined;
  return {
    access_mode: data.access_mode,
    data_classification: data.data_classification,
    ...(data.password !== "" && { password: data.password }),
    rate_limit: { per_ip, per_session, per_key, per_app },
    allowed_origins: data.allowed_origins.split(/\s+/).filter((origin) => origin !== ""),
  };
}
