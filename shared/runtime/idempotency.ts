import { digestOf } from "#app";
import { AppError, validationFailed } from "#platform/errors";
import { clientNetwork } from "./admission/client-network.ts";
import type { RunKey } from "./durable/start.ts";
import type { VisitorSession } from "./session.ts";

/*
 * A run asked for twice under one `Idempotency-Key` is one run. Keys are their caller's own: an API key's, or a session's. A
 * caller that brings neither gets the session that its network and the key stand for, so that a repetition is known though
 * the first answer, and the session in it, were lost on the way; once the answer has come, its session leads to the same run.
 */

const KEY_PATTERN = /^[\x21-\x7e]{1,255}$/;

/** The key of a request for a run, or `null`. Throws `validation_failed` for what is no key. */
export function idempotencyKeyOf(headers: Headers): string | null {
  const key = headers.get("Idempotency-Key");
  if (key === null || KEY_PATTERN.test(key)) return key;
  throw validationFailed([{ path: "Idempotency-Key", code: "invalid_key", message: "Use 1 to 255 visible ASCII characters." }]);
}

/** What stands for the caller of a keyed request that brings no session. */
export function sessionSeed(key: string, apiKeyId: string | null, ip: string): string {
  return `${apiKeyId ?? clientNetwork(ip)}\n${key}`;
}

/** `asked` is what the caller sent, before any version of the app gave it a meaning. */
export async function runKey(
  value: string,
  caller: { readonly appId: string; readonly session: VisitorSession; readonly apiKeyId: string | null },
  asked: unknown,
): Promise<RunKey> {
  const { appId, session, apiKeyId } = caller;
  const who = apiKeyId === null ? `visitor:${appId}:${session.id}` : `key:${appId}:${apiKeyId}`;
  return { scope: who, value, bodyHash: await digestOf(asked) };
}

export function keyReused(): AppError {
  return new AppError("idempotency_key_reused", "This Idempotency-Key came with another request before.", {
    faults: [{ path: "Idempotency-Key", code: "idempotency_key_reused", message: "Use a new key for a new request." }],
  });
}
