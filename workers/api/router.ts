import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "#platform/context";
import { validationFailed } from "#platform/errors";
import { faultsOf } from "#platform/faults";
import { schemaPlanSchema } from "./schema-plan.ts";

/** What every API handler finds: the request's context as `c.get("ctx")`, and where the request came in as `c.env.place`. */
export interface ApiBindings {
  Bindings: { ctx: Context; place: string };
  Variables: { ctx: Context };
}

/** A router whose validation failures rise as `validation_failed`, with a fault for each field. */
export function createRouter(): OpenAPIHono<ApiBindings> {
  return new OpenAPIHono<ApiBindings>({
    defaultHook: (result) => {
      if (!result.success) throw validationFailed(faultsOf(result.error));
    },
  });
}

const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.string(),
    request_id: z.string(),
    errors: z.array(z.object({ path: z.string(), code: z.string(), message: z.string() })),
    captcha: z
      .object({ script: z.string(), site_key: z.string(), action: z.string() })
      .optional()
      .openapi({ description: "With `captcha_required`: how to ask for it" }),
    plan: schemaPlanSchema.optional().openapi({ description: "With `migration_not_confirmed`: what is to be confirmed" }),
  })
  .openapi("Problem");

/** What each route may answer besides success. Spread into a route's `responses`. */
export const problemResponses = {
  default: { description: "A problem (RFC 9457)", content: { "application/problem+json": { schema: problemSchema } } },
} as const;

/** `{ "data": … }`, as every single object is answered. */
export function dataOf<T extends z.ZodType>(schema: T) {
  return z.object({ data: schema });
}

/** `{ "data": […], "next_cursor": … }`, as every list is answered. */
export function pageOf<T extends z.ZodType>(schema: T) {
  return z.object({ data: z.array(schema), next_cursor: z.string().nullable() });
}

/** A JSON answer with a schema, for `responses`. */
export function jsonContent<T extends z.ZodType>(schema: T, description: string) {
  return { description, content: { "application/json": { schema } } } as const;
}

/** A JSON body that may be left out altogether. */
export function optionalBody<T extends z.ZodType>(schema: T) {
  return { ...jsonBody(schema), required: false };
}

/** A required JSON body, for `request`. */
export function jsonBody<T extends z.ZodType>(schema: T) {
  return { required: true, content: { "application/json": { schema } } } as const;
}
