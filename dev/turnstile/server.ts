import { z } from "zod";
import { type ApiAnswer, type ApiDouble, type ApiRequest, startApiDouble } from "../api-double.ts";
import { WIDGET } from "./widget.ts";

/** Keys that the double knows as those of a widget of one's own. */
export const STAND_IN_KEYS = { siteKey: "stand-in", secretKey: "stand-in-secret" } as const;

/** Cloudflare's secret keys for tests: https://developers.cloudflare.com/turnstile/troubleshooting/testing/ */
const TEST_SECRETS = {
  passes: "1x0000000000000000000000000000000AA",
  fails: "2x0000000000000000000000000000000AA",
  spent: "3x0000000000000000000000000000000AA",
} as const;

/** Milliseconds for which a token is good. */
const TOKEN_LIFE_MS = 300_000;

export interface Turnstile extends Pick<ApiDouble, "origin" | "seen" | "interfere" | "close"> {}

export interface TurnstileOptions {
  /** 0 takes any free port. */
  readonly port: number;
  /** Milliseconds since the Unix epoch; the machine's clock unless it is given. */
  readonly now?: () => number;
}

const tokenSchema = z.object({ hostname: z.string(), action: z.string(), at: z.number(), id: z.string() });
type Token = z.infer<typeof tokenSchema>;

const requestSchema = z.object({ secret: z.string(), response: z.string(), idempotency_key: z.string().optional() });

/** A token as the stand-in of the widget makes it. */
export function standInToken(token: Token): string {
  return btoa(JSON.stringify(token));
}

function readToken(text: string): Token | null {
  try {
    return tokenSchema.parse(JSON.parse(atob(text)));
  } catch {
    return null;
  }
}

/**
 * A double of Turnstile: a stand-in of its script, and its `siteverify`, whose tokens are good once and for five minutes.
 * Cloudflare's secret keys for tests do what they are documented to do. Listens on this machine only.
 */
export async function startTurnstile({ port, now = Date.now }: TurnstileOptions): Promise<Turnstile> {
  /** The name under which each token was verified first. */
  const spent = new Map<string, string | undefined>();

  function verify(body: unknown): ApiAnswer {
    const input = requestSchema.safeParse(body);
    if (!input.success) return failure(400, "bad-request");
    const { secret, response, idempotency_key } = input.data;
    if (secret === TEST_SECRETS.fails) return failure(200, "invalid-input-response");
    if (secret === TEST_SECRETS.spent) return failure(200, "timeout-or-duplicate");
    if (secret === TEST_SECRETS.passes) return success({ hostname: "example.com", action: "", at: now() });
    if (secret !== STAND_IN_KEYS.secretKey) return failure(200, "invalid-input-secret");
    const token = readToken(response);
    if (token === null) return failure(200, "invalid-input-response");
    const repeated = spent.has(token.id) && idempotency_key !== undefined && spent.get(token.id) === idempotency_key;
    if ((spent.has(token.id) && !repeated) || now() - token.at > TOKEN_LIFE_MS) return failure(200, "timeout-or-duplicate");
    spent.set(token.id, idempotency_key);
    return success(token);
  }

  return await startApiDouble({
    port,
    prefix: "/turnstile/v0",
    failure: (status) => failure(status, "bad-request"),
    respond: async ({ method, path, body }: ApiRequest) => {
      if (method === "GET" && path.join("/") === "api.js") return { status: 200, body: WIDGET, contentType: "text/javascript" };
      if (method === "POST" && path.join("/") === "siteverify") return verify(body);
      return failure(404, "bad-request");
    },
  });
}

function success({ hostname, action, at }: Omit<Token, "id">): ApiAnswer {
  const challenge_ts = new Date(at).toISOString();
  return { status: 200, body: { success: true, challenge_ts, hostname, action, cdata: "", "error-codes": [] } };
}

function failure(status: number, code: string): ApiAnswer {
  return { status, body: { success: false, "error-codes": [code], messages: [] } };
}
