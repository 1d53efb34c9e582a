import { type Actor, type Context, withActor } from "#platform/context";
import { AppError } from "#platform/errors";
import { authenticateApiKey } from "#workspace";

const BEARER = /^Bearer +(\S+)$/i;

/**
 * The context with its caller: the API key in `Authorization`, else the signed-in user of the session cookie, else nobody.
 * A key that is not valid (or no longer) is an error rather than nobody.
 */
export async function resolveActor(ctx: Context, request: Request): Promise<Context> {
  const authorization = request.headers.get("Authorization");
  if (authorization !== null) return withActor(ctx, await keyActor(ctx, authorization));
  if (!request.headers.has("Cookie")) return ctx;
  // Imported late: a visitor without a sign-in never needs the auth library.
  const { findSignIn } = await import("./api/auth.ts");
  const found = await findSignIn(ctx, request);
  return found ? withActor(ctx, found.actor) : ctx;
}

async function keyActor(ctx: Context, authorization: string): Promise<Actor> {
  const key = BEARER.exec(authorization)?.[1];
  const actor = key === undefined ? null : await authenticateApiKey(ctx, key);
  if (actor) return actor;
  throw new AppError("unauthenticated", "The API key is not valid. Send it as `Authorization: Bearer afk_…`.", {
    headers: { "WWW-Authenticate": 'Bearer realm="AgentFlow"' },
  });
}
