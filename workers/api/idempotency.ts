import { and, eq, isNull, lte, or } from "drizzle-orm";
import type { Context } from "#platform/context";
import { openSecret, type SecretBinding, sealSecret } from "#platform/envelope";
import { AppError, validationFailed } from "#platform/errors";
import { idempotencyKeys } from "#platform/schema";

/** How long a first answer is kept, in milliseconds. */
const LIFETIME = 86_400_000;
/** After this long, in milliseconds, an unfinished request is taken for dead, and the same one may run again. */
const CLAIM_LIFETIME = 60_000;
const KEY_PATTERN = /^[\x21-\x7e]{1,255}$/;

/** The key of a request, or `undefined` where it has none or it means nothing. @throws `validation_failed` */
export function idempotencyKeyOf(request: Request): string | undefined {
  const key = request.headers.get("Idempotency-Key");
  if (request.method !== "POST" || key === null) return undefined;
  if (KEY_PATTERN.test(key)) return key;
  throw validationFailed([{ path: "Idempotency-Key", code: "invalid_key", message: "Use 1 to 255 visible ASCII characters." }]);
}

interface Claim {
  readonly scope: string;
  readonly key: string;
  readonly requestHash: string;
  readonly claimedAt: Date;
}

interface StoredAnswer {
  readonly requestHash: string;
  readonly status: number | null;
  readonly body: string | null;
  readonly contentType: string | null;
}

/**
 * Runs a POST at most once for its caller, path and key: a repetition gets the first answer again.
 * @throws `idempotency_key_reused` when the key came with another request, `idempotency_in_progress` while the first one runs
 */
export async function once(
  ctx: Context,
  request: Request,
  input: { readonly key: string; readonly body: Uint8Array<ArrayBuffer> },
  run: () => Promise<Response>,
): Promise<Response> {
  const caller = callerOf(ctx);
  // Nobody may do anything by POST, so there is nothing to remember.
  if (caller === undefined) return run();
  const { pathname, search } = new URL(request.url);
  const claim: Claim = {
    scope: `${caller} POST ${pathname}`,
    key: input.key,
    requestHash: await hashRequest(search, input.body),
    claimedAt: new Date(ctx.clock.now()),
  };
  const stored = await claimOrRead(ctx, claim);
  if (stored) return replay(ctx, claim, stored);
  return runClaimed(ctx, claim, run);
}

function callerOf({ actor }: Context): string | undefined {
  if (actor.type === "user") return actor.userId;
  return actor.type === "api_key" ? actor.apiKeyId : undefined;
}

async function hashRequest(search: string, body: Uint8Array<ArrayBuffer>): Promise<string> {
  const head = new TextEncoder().encode(`${search}\n`);
  const digest = await crypto.subtle.digest("SHA-256", await new Blob([head, body]).arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Takes the key (`undefined`), or gives what is stored under it. A key that was given back in between is tried once more. */
async function claimOrRead(ctx: Context, claim: Claim, again = true): Promise<StoredAnswer | undefined> {
  const { scope, key, requestHash, claimedAt } = claim;
  const fresh = { requestHash, status: null, body: null, contentType: null, createdAt: claimedAt };
  const expiresAt = new Date(claimedAt.getTime() + LIFETIME);
  const dead = and(
    isNull(idempotencyKeys.status),
    eq(idempotencyKeys.requestHash, requestHash),
    lte(idempotencyKeys.createdAt, new Date(claimedAt.getTime() - CLAIM_LIFETIME)),
  );
  const [taken] = await ctx.db
    .insert(idempotencyKeys)
    .values({ scope, key, ...fresh, expiresAt })
    .onConflictDoUpdate({
      target: [idempotencyKeys.scope, idempotencyKeys.key],
      set: { ...fresh, expiresAt },
      setWhere: or(lte(idempotencyKeys.expiresAt, claimedAt), dead),
    })
    .returning({ key: idempotencyKeys.key });
  if (taken) return undefined;
  const [stored] = await ctx.db
    .select()
    .from(idempotencyKeys)
    .where(and(eq(idempotencyKeys.scope, scope), eq(idempotencyKeys.key, key)));
  if (stored) return stored;
  if (again) return claimOrRead(ctx, claim, false);
  throw inProgress();
}

function inProgress(): AppError {
  return new AppError("idempotency_in_progress", "The first request with this Idempotency-Key is still running.", { retryAfter: 1 });
}

/** What a repeated request is answered with. */
async function replay(ctx: Context, claim: Claim, stored: StoredAnswer): Promise<Response> {
  if (stored.requestHash !== claim.requestHash)
    throw new AppError("idempotency_key_reused", "This Idempotency-Key was used for another request.");
  if (stored.status === null) throw inProgress();
  const headers = new Headers({ "Idempotency-Replayed": "true", "Cache-Control": "no-store" });
  if (stored.contentType !== null) headers.set("Content-Type", stored.contentType);
  const body = stored.body === null ? null : await openSecret(ctx.env, stored.body, bindingOf(claim));
  return new Response(body, { status: stored.status, headers });
}

async function runClaimed(ctx: Context, claim: Claim, run: () => Promise<Response>): Promise<Response> {
  try {
    const response = await run();
    if (!isFinal(response)) {
      await release(ctx, claim);
      return response;
    }
    await store(ctx, claim, response.clone());
    return response;
  } catch (error) {
    await release(ctx, claim);
    throw error;
  }
}

/** Whether repeating the request would only give the same answer. Streams and what may turn out otherwise are not kept. */
function isFinal(response: Response): boolean {
  const type = response.headers.get("Content-Type");
  const isJson = type === null || /^application\/(?:problem\+)?json/.test(type);
  return isJson && response.status < 500 && ![401, 409, 429].includes(response.status);
}

/** Answers are sealed: some hold what is shown once and stored nowhere else, such as a new key. */
const bindingOf = ({ scope, key }: Claim): SecretBinding => ({
  workspaceId: "",
  resource: "idempotency_keys",
  id: `${scope} ${key}`,
  field: "body",
});

const held = ({ scope, key, claimedAt }: Claim) =>
  and(
    eq(idempotencyKeys.scope, scope),
    eq(idempotencyKeys.key, key),
    eq(idempotencyKeys.createdAt, claimedAt),
    isNull(idempotencyKeys.status),
  );

async function store(ctx: Context, claim: Claim, response: Response): Promise<void> {
  const text = await response.text();
  const body = text === "" ? null : (await sealSecret(ctx.env, text, bindingOf(claim))).sealed;
  await ctx.db
    .update(idempotencyKeys)
    .set({ status: response.status, body, contentType: response.headers.get("Content-Type") })
    .where(held(claim));
}

async function release(ctx: Context, claim: Claim): Promise<void> {
  await ctx.db.delete(idempotencyKeys).where(held(claim));
}
