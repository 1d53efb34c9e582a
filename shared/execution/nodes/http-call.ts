import { z } from "zod";
import { asText } from "../expressions/resolve.ts";
import { type AnswerOptions, readAnswer } from "./http-answer.ts";
import { type Auth, credentialsOf } from "./http-auth.ts";
import { type BodyType, bodyOf } from "./http-body.ts";
import { exchange, isConnectionHeader } from "./http-exchange.ts";
import type { NodeIo } from "./node.ts";

export const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] as const;

/** The query or the headers of a request, as they are written. */
export const queryOrHeaders = z.record(z.string().min(1).max(200), z.union([z.string().max(20_000), z.number(), z.boolean()]));
export const headersSchema = queryOrHeaders.refine(
  (headers) => !Object.keys(headers).some(isConnectionHeader),
  "A header here is not yours to set.",
);

/** A request with its values resolved, and how to take the answer. */
export interface HttpCall {
  readonly method: (typeof METHODS)[number];
  readonly url: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
  readonly body_type: BodyType;
  readonly auth?: Auth | undefined;
  readonly redirects: number;
  readonly response: AnswerOptions["as"];
  readonly max_bytes: number;
  readonly fail_on_status?: boolean | undefined;
}

type CallIo = Pick<NodeIo, "services" | "signal" | "hide">;

/** Sends one request to a public address and gives its answer as `{status, headers, body}`. */
export async function callAddress(call: HttpCall, io: CallIo): Promise<Record<string, unknown>> {
  const { method, redirects } = call;
  const credentials = credentialsOf(call.auth, io);
  const carries = method !== "GET" && method !== "HEAD";
  const response = await exchange(
    {
      method,
      redirects,
      address: withQuery(call.url, { ...textsOf(call.query), ...credentials.query }),
      headers: { ...textsOf(call.headers), ...credentials.headers },
      ...(carries && (await bodyOf(call.body_type, call.body, io.services))),
    },
    io,
  );
  const options = { as: call.response, maxBytes: call.max_bytes, failOnStatus: call.fail_on_status };
  return await readAnswer(response, options, io.services);
}

function textsOf(values: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values)
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([name, value]) => [name, asText(value)]),
  );
}

function withQuery(url: string, query: Readonly<Record<string, string>>): string {
  const added = new URLSearchParams(query).toString();
  if (added === "") return url;
  const [address = "", fragment] = url.split("#", 2);
  return `${address}${address.includes("?") ? "&" : "?"}${added}${fragment === undefined ? "" : `#${fragment}`}`;
}
