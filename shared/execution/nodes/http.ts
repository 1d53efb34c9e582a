import { z } from "zod";
import { asText } from "../expressions/resolve.ts";
import { RESPONSES } from "./http-answer.ts";
import { authSchema } from "./http-auth.ts";
import { BODY_TYPES } from "./http-body.ts";
import { callAddress, headersSchema, METHODS, queryOrHeaders } from "./http-call.ts";
import { defineNode } from "./node.ts";

/** Milliseconds that a request may take when its node says nothing: a far side that hangs must not hold a run. */
const DEFAULT_TIMEOUT = 30_000;
/** Bytes. */
const DEFAULT_MAX_BYTES = 1_048_576;
const LARGEST_MAX_BYTES = 10_485_760;

const resolvedText = z.unknown().transform(asText);
const resolvedTexts = z.record(z.string(), z.unknown()).default({});

/** The fields in which expressions mean nothing. */
const settings = {
  method: z.enum(METHODS).default("GET"),
  body_type: z.enum(BODY_TYPES).default("auto"),
  response: z.enum(RESPONSES, 'Give "auto", "json", "text" or "file".').default("auto"),
  /** Followed at most; with 0, a redirect is the answer. */
  redirects: z.int().min(0).max(10).default(5),
  /** Of the answer's body. */
  max_bytes: z.int().min(1).max(LARGEST_MAX_BYTES).default(DEFAULT_MAX_BYTES),
  /** True: every status from 400 on; false: none; by default those that pass by themselves, 429 and 5xx. */
  fail_on_status: z.boolean().optional(),
};

/** One request to a public address. */
export const http = defineNode({
  type: "http",
  title: "HTTP request",
  defaultTimeoutMs: DEFAULT_TIMEOUT,
  configSchema: z
    .strictObject({
      ...settings,
      url: z.string().min(1).max(20_000),
      headers: headersSchema.optional(),
      query: queryOrHeaders.optional(),
      body: z.unknown().optional(),
      auth: authSchema.optional(),
    })
    .superRefine(({ body, body_type, headers = {} }, context) => {
      if (
        (body_type === "form" || body_type === "multipart") &&
        (Array.isArray(body) || !["object", "string", "undefined"].includes(typeof body))
      ) {
        context.addIssue({ code: "custom", path: ["body"], message: "Give a record of the form's fields or one {{ expression }}." });
      }
      if (body_type === "multipart" && Object.keys(headers).some((name) => name.toLowerCase() === "content-type")) {
        context.addIssue({ code: "custom", path: ["headers"], message: "A multipart body brings its own content-type." });
      }
    }),
  resolvedSchema: z.object({
    ...settings,
    url: resolvedText,
    headers: resolvedTexts,
    query: resolvedTexts,
    body: z.unknown().optional(),
    auth: authSchema.optional(),
  }),
  literalFields: Object.keys(settings),
  secretFields: ["headers", "auth"],
  run: async (config, io) => ({ output: await callAddress(config, io) }),
});
