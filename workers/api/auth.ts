import type { Actor, Context } from "#platform/context";
import { AppError, notFound } from "#platform/errors";
import type { IdKind } from "#platform/ids";
import { hashPassword, verifyPassword } from "#platform/password";
import { accounts, sessions, users, verifications } from "#platform/schema";
import { createDefaultWorkspace, type SignIn } from "#workspace";
import { platformOrigins } from "./platform-origins.ts";

const COOKIE_PREFIX = "agentflow";
const SESSION_COOKIE = new RegExp(`(?:^|;\\s*)(?:__Secure-)?${COOKIE_PREFIX}\\.session_token=`);
/** Seconds that a session lasts, and after which its use prolongs it. */
const SESSION = { expiresIn: 7 * 86_400, updateAge: 86_400 };
const MAX_NAME = 200;
const ID_KINDS: Readonly<Record<string, IdKind>> = {
  user: "user",
  session: "session",
  account: "account",
  verification: "verification",
};
/** Attempts an address may make in an isolate, per window in seconds. */
const LIMITS = {
  "/sign-in/*": { window: 60, max: 120 },
  "/sign-up/*": { window: 60, max: 300 },
  "/change-password": { window: 60, max: 20 },
  "/get-session": false,
} as const;

/** Serves the auth library's routes under `/api/auth`. */
export async function authHandler(ctx: Context, request: Request): Promise<Response> {
  const auth = await createAuth(ctx, request);
  const response = await auth.handler(request);
  if (response.status === 404 && response.body === null) throw notFound("The address");
  if (response.status === 429) throw tooManyAttempts(Number(response.headers.get("X-Retry-After") ?? 60));
  return response;
}

function tooManyAttempts(retryAfter: number): AppError {
  return new AppError("rate_limited", "Too many attempts. Try again later.", {
    retryAfter,
    headers: { RateLimit: `"sign-in";r=0;t=${retryAfter}`, "RateLimit-Policy": `"sign-in";q=${LIMITS["/sign-in/*"].max};w=60` },
  });
}

type UserActor = Extract<Actor, { type: "user" }>;

/** Who the session cookie is of, and which of their sign-ins it is; `null` for nobody. A request without that cookie costs nothing. */
export async function findSignIn(ctx: Context, request: Request): Promise<{ readonly actor: UserActor; readonly signIn: SignIn } | null> {
  if (!SESSION_COOKIE.test(request.headers.get("Cookie") ?? "")) return null;
  const auth = await createAuth(ctx, request);
  const found = await auth.api.getSession({ headers: request.headers });
  if (!found) return null;
  const { user, session } = found;
  const actor: UserActor = { type: "user", userId: user.id, email: user.email, name: user.name };
  return { actor, signIn: { userId: user.id, sessionId: session.id } };
}

/** Built for each request, since its hooks act in the request's context. Imported late: visitors never need it. */
async function createAuth(ctx: Context, request: Request) {
  const [{ betterAuth }, { drizzleAdapter }, { APIError }] = await Promise.all([
    import("better-auth/minimal"),
    import("better-auth/adapters/drizzle"),
    import("better-auth/api"),
  ]);
  const origins = platformOrigins(ctx.env);
  const own = new URL(request.url).origin;
  const baseURL = origins.includes(own) ? own : ctx.env.API_ORIGIN;
  return betterAuth({
    appName: "AgentFlow",
    baseURL,
    secret: ctx.env.AUTH_SECRET,
    trustedOrigins: [...origins],
    database: drizzleAdapter(transactional(ctx), {
      provider: "pg",
      schema: { user: users, session: sessions, account: accounts, verification: verifications },
      transaction: true,
    }),
    emailAndPassword: {
      enabled: true,
      minPasswordLength: 8,
      maxPasswordLength: 128,
      password: {
        hash: (password) => hashPassword(password, ctx.random),
        verify: ({ password, hash }) => verifyPassword(password, hash),
      },
    },
    session: { ...SESSION, cookieCache: { enabled: false } },
    rateLimit: { enabled: true, window: 10, max: 200, customRules: LIMITS },
    databaseHooks: {
      user: {
        create: {
          before: async ({ name }) => {
            if (name.trim() === "" || name.length > MAX_NAME)
              throw new APIError("BAD_REQUEST", { code: "INVALID_NAME", message: `The name needs 1 to ${MAX_NAME} characters` });
          },
          after: ({ id, name, email }) => createDefaultWorkspace(ctx, { id, name, email }),
        },
      },
    },
    advanced: {
      cookiePrefix: COOKIE_PREFIX,
      useSecureCookies: baseURL.startsWith("https:"),
      defaultCookieAttributes: { sameSite: "lax", httpOnly: true, path: "/" },
      database: { generateId: ({ model }) => ctx.newId(ID_KINDS[model] ?? "verification"), validateSchema: false },
      ipAddress: { ipAddressHeaders: ["cf-connecting-ip"] },
      // The same rule holds for all of the API, and is enforced before the library is asked (csrf.ts).
      disableCSRFCheck: true,
    },
    logger: { level: "error", log: (_level, message, cause) => ctx.log.error(message, cause ?? message, { source: "auth" }) },
    // What is no answer of the library's own, such as an unreachable database, is answered like everywhere else.
    onAPIError: { throw: true },
    telemetry: { enabled: false },
  });
}

/** Single statements go over HTTP; what the library does in a transaction (sign-up: user, account, session) is one. */
function transactional(ctx: Context): Context["db"] {
  return Object.create(ctx.db, { transaction: { value: ctx.transaction } });
}
