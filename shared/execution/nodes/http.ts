import { z } from "zod";
import { asText } from "../expressions/resolve.ts";
import { readAnswer } from "./http-answer.ts";
import { follow, type HttpRequest } from "./http-exchange.ts";
import { defineNode, type NodeIo } from "./node.ts";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] as const;
const RESPONSES = ["auto", "json", "text"] as const;

const text = z.string().max(20_000);
const texts = z.record(z.string().min(1).max(200), z.union([z.string().max(20_000), z.number(), z.boolean()]));

const authSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("bearer"), token: text }),
  z.strictObject({ type: z.literal("basic"), username: text, password: text }),
  z.strictObject({ type: z.literal("header"), name: z.string().min(1).max(200), value: text }),
]);
type Auth = z.infer<typeof authSchema>;

const resolvedText = z.unknown().transform(asText);
const resolvedTexts = z.record(z.string(), z.unknown()).default({});

/** Headers that the connection itself decides. */
const REFUSED_HEADERS: ReadonlySet<string> = new Set([
  "host",
  "content-length",
  "connection",
  "transfer-encoding",
  "upgrade",
  "te",
  "expect",
]);

/** One request to a public address. */
export const http = defineNode({
  type: "http",
  title: "HTTP request",
  configSchema: z.strictObject({
    method: z.enum(METHODS).default("GET"),
    url: text.min(1),
    headers: texts
      .refine(
        (headers) => !Object.keys(headers).some((name) => REFUSED_HEADERS.has(name.toLowerCase())),
        "A header here is not yours to set.",
      )
      .optional(),
    query: texts.optional(),
    body: z.unknown().optional(),
    auth: authSchema.optional(),
    response: z.enum(RESPONSES, 'Give "auto", "json" or "text".').default("auto"),
  }),
  resolvedSchema: z.object({
    method: z.enum(METHODS).default("GET"),
    url: resolvedText,
    headers: resolvedTexts,
    query: resolvedTexts,
    body: z.unknown().optional(),
    auth: authSchema.optional(),
    response: z.enum(RESPONSES).default("auto"),
  }),
  literalFields: ["method", "response"],
  secretFields: ["headers", "auth"],
  run: async ({ method, url, headers, query, body, auth, response }, io) => {
    const request: HttpRequest = {
      method,
      address: withQuery(url, query),
      headers: { ...textsOf(headers), ...authHeader(auth, io) },
      ...bodyOf(method, body),
    };
    return { output: await readAnswer(await follow(request, io), response) };
  },
});

function textsOf(values: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values)
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([name, value]) => [name, asText(value)]),
  );
}

function withQuery(url: string, query: Readonly<Record<string, unknown>>): string {
  const added = new URLSearchParams(textsOf(query)).toString();
  if (added === "") return url;
  const [address = "", fragment] = url.split("#", 2);
  return `${address}${address.includes("?") ? "&" : "?"}${added}${fragment === undefined ? "" : `#${fragment}`}`;
}

function authHeader(auth: Auth | undefined, io: NodeIo): Record<string, string> {
  switch (auth?.type) {
    case undefined:
      return {};
    case "bearer":
      return { authorization: `Bearer ${auth.token}` };
    case "header":
      return { [auth.name]: auth.value };
    case "basic": {
      const bytes = new TextEncoder().encode(`${auth.username}:${auth.password}`);
      const credentials = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
      io.hide(credentials);
      return { authorization: `Basic ${credentials}` };
    }
  }
}

function bodyOf(method: string, body: unknown): Pick<HttpRequest, "body" | "contentType"> {
  if (body === undefined || body === null || method === "GET" || method === "HEAD") return {};
  if (typeof body === "string") return { body, contentType: "text/plain; charset=utf-8" };
  return { body: JSON.stringify(body), contentType: "application/json" };
}
