import { z } from "@hono/zod-openapi";

/** How a certificate authority is shown whose a host is: at the host itself, by a text for each renewal, or once and for all by an alias. */
export const certificateMethodSchema = z.enum(["http", "txt", "delegated"]);

const recordSchema = z.object({
  purpose: z.enum(["ownership", "routing", "certificate"]),
  type: z.enum(["TXT", "CNAME", "ALIAS", "HTTP"]).openapi({
    description:
      "ALIAS: an ALIAS or ANAME record, or a flattened CNAME, since the top of a domain cannot have a CNAME. HTTP: what an address answers",
  }),
  name: z.string(),
  value: z.string(),
  required: z.boolean(),
  state: z.enum(["found", "missing", "wrong", "unknown"]),
  found: z.array(z.string()).openapi({ description: "What is there, or is there instead" }),
});

const checkSchema = z.object({
  state: z.enum(["passed", "failed", "pending", "unknown"]),
  detail: z.string().openapi({ description: "What the state rests on, such as missing, wrong, not_everywhere or dnssec" }),
});

export const domainSchema = z
  .object({
    id: z.string(),
    app_id: z.string(),
    hostname: z.string(),
    unicode_hostname: z.string(),
    status: z.enum(["pending", "verifying", "verified", "issuing", "active", "failed", "action_needed", "moved", "removed"]),
    next_step: z
      .object({ code: z.string(), message: z.string() })
      .nullable()
      .openapi({ description: "What is to be done next, with the very record to set" }),
    records: z.array(recordSchema),
    checks: z.object({
      ownership: checkSchema,
      routing: checkSchema,
      hostname: z.object({ status: z.string().nullable(), errors: z.array(z.string()) }),
      certificate: z.object({
        status: z.string().nullable(),
        method: certificateMethodSchema,
        expires_at: z.string().nullable(),
        errors: z.array(z.string()),
      }),
      checked_at: z.string().nullable(),
      next_check_at: z.string().nullable(),
    }),
    canonical: z.boolean(),
    redirect_to: z.string().nullable().openapi({ description: "The app's canonical hostname, when this one redirects there" }),
    version_id: z.string().nullable().openapi({ description: "The version that is served; null: whichever the app publishes" }),
    previous: z
      .object({ app_id: z.string(), version_id: z.string().nullable(), at: z.string() })
      .nullable()
      .openapi({ description: "What a rollback brings back" }),
    notices: z.array(z.object({ code: z.string(), at: z.string() })).openapi({ description: "Warnings about the certificate in use" }),
    behind_proxy: z.boolean().openapi({ description: "Whether the host is behind a Cloudflare account of its owner" }),
    verification: z
      .object({ type: z.literal("TXT"), name: z.string(), value: z.string() })
      .openapi({ description: "The DNS record that proves ownership" }),
    verified_at: z.string().nullable(),
    activated_at: z.string().nullable(),
    created_at: z.string(),
    updated_at: z.string(),
  })
  .openapi("Domain");

export const domainParameters = z.object({ id: z.string(), domain_id: z.string() });
