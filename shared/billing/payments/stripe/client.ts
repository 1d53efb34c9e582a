import { z } from "zod";
import { AppError } from "#platform/errors";

/** The version of Stripe's API whose shapes are read here; webhooks may be of another one. */
const VERSION = "2025-09-30.clover";
const API_URL = "https://api.stripe.com";
/** No request is waited for longer, in milliseconds. */
const REQUEST_LIMIT_MS = 20_000;

/** Parameters as Stripe takes them: nested objects and lists become `a[b][0]=c`. */
interface Form {
  readonly [name: string]: FormValue | undefined;
}
type FormValue = string | number | boolean | Form | readonly Form[];

interface StripeRequest {
  readonly method: "GET" | "POST" | "DELETE";
  /** Below `/v1/`. */
  readonly path: string;
  readonly form?: Form;
  /** A request that is repeated under its key, with the same parameters and within a day, happens once. */
  readonly key?: string;
}

/** What Stripe says it will not do, however often it is asked. */
export interface StripeRefusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

type StripeAnswer = { readonly value: unknown } | { readonly refusal: StripeRefusal };

export interface StripeClient {
  /** Throws `upstream_unavailable` for what may succeed later. */
  ask(request: StripeRequest): Promise<StripeAnswer>;
  /** The answer in its shape. Throws `invalid_state` for a refusal, too. */
  need<T>(schema: z.ZodType<T>, request: StripeRequest): Promise<T>;
}

const errorSchema = z.object({ error: z.object({ code: z.string().catch(""), message: z.string().catch("") }) });

export function createStripeClient(secretKey: string, apiUrl = API_URL): StripeClient {
  async function send({ method, path, form = {}, key }: StripeRequest): Promise<Response> {
    const parameters = new URLSearchParams(pairsOf(form));
    const query = method === "GET" && parameters.size > 0 ? `?${parameters}` : "";
    try {
      return await fetch(`${apiUrl}/v1/${path}${query}`, {
        method,
        headers: {
          Authorization: `Bearer ${secretKey}`,
          "Stripe-Version": VERSION,
          ...(key !== undefined && { "Idempotency-Key": key }),
        },
        ...(method === "POST" && { body: parameters }),
        signal: AbortSignal.timeout(REQUEST_LIMIT_MS),
      });
    } catch (cause) {
      throw new AppError("upstream_unavailable", "Stripe cannot be reached.", { cause });
    }
  }

  async function ask(request: StripeRequest): Promise<StripeAnswer> {
    const response = await send(request);
    const body = await bodyOf(response);
    if (response.ok) return { value: body };
    const { status } = response;
    // 409: another request with the same key, or about the same object, is under way.
    if (status === 409 || status === 429 || status >= 500) {
      throw new AppError("upstream_unavailable", `Stripe takes no requests for the moment (status ${status}).`);
    }
    const { error } = errorSchema.catch({ error: { code: "", message: "" } }).parse(body);
    return { refusal: { status, ...error } };
  }

  return {
    ask,
    async need(schema, request) {
      const answer = await ask(request);
      if ("refusal" in answer) throw refused(request, answer.refusal);
      const parsed = schema.safeParse(answer.value);
      if (!parsed.success) throw new AppError("invalid_state", `Stripe answered ${request.path} in a way that is not understood.`);
      return parsed.data;
    },
  };
}

async function bodyOf(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (cause) {
    // Cut off, or not from Stripe: what was asked for may have happened.
    throw new AppError("upstream_unavailable", `Stripe's answer cannot be read (status ${response.status}).`, { cause });
  }
}

function refused({ method, path }: StripeRequest, { status, code, message }: StripeRefusal): AppError {
  return new AppError("invalid_state", `Stripe refused ${method} ${path} (status ${status}${code && `, ${code}`}): ${message}`);
}

function pairsOf(form: Form): [string, string][] {
  return Object.entries(form).flatMap(([name, value]) => (value === undefined ? [] : pairsAt(name, value)));
}

function pairsAt(name: string, value: FormValue): [string, string][] {
  if (typeof value !== "object") return [[name, String(value)]];
  return Object.entries(value).flatMap(([key, inner]) => (inner === undefined ? [] : pairsAt(`${name}[${key}]`, inner)));
}
