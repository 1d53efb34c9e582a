import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Env } from "#platform/env";
import { ERROR_STATUS } from "#platform/errors";
import type { ApiBindings } from "./router.ts";

const DESCRIPTION = `Members sign in under \`/api/auth\` (\`POST /api/auth/sign-up/email {name, email, password}\`,
\`POST /api/auth/sign-in/email {email, password}\`, \`POST /api/auth/sign-out\`, \`GET /api/auth/get-session\`) and are known by a
session cookie; programs send \`Authorization: Bearer afk_…\`. Every POST takes an \`Idempotency-Key\`: a repetition within 24 hours gets
the first answer again. Each operation names the permission it needs in \`x-permission\`.

Failures are \`application/problem+json\` (RFC 9457) with one of these codes: ${Object.keys(ERROR_STATUS).join(", ")}.`;

/** Registers how callers identify themselves, in the names that the routes refer to. */
export function describeSecurity(api: OpenAPIHono<ApiBindings>): void {
  api.openAPIRegistry.registerComponent("securitySchemes", "session", {
    type: "apiKey",
    in: "cookie",
    name: "agentflow.session_token",
    description: "Set by signing in; `__Secure-agentflow.session_token` over HTTPS",
  });
  api.openAPIRegistry.registerComponent("securitySchemes", "api_key", { type: "http", scheme: "bearer", bearerFormat: "afk_…" });
}

/** The API description, made from the routes themselves. */
export function describeApi(api: OpenAPIHono<ApiBindings>, env: Pick<Env, "VERSION" | "API_ORIGIN">) {
  return api.getOpenAPI31Document({
    openapi: "3.1.0",
    info: { title: "AgentFlow", version: env.VERSION, description: DESCRIPTION },
    servers: [{ url: env.API_ORIGIN }],
  });
}
