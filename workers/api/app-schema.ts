import { z } from "@hono/zod-openapi";

export const statusSchema = z.enum(["draft", "published", "unpublished", "archived"]);

export const appSchema = z
  .object({
    id: z.string(),
    workspace_id: z.string(),
    slug: z.string(),
    name: z.string(),
    description: z.string(),
    status: statusSchema,
    draft_revision: z.number().int(),
    current_version: z.object({ id: z.string(), number: z.number().int() }).nullable(),
    public_url: z.string().openapi({ description: "Where visitors find it once it is published" }),
    published_at: z.string().nullable(),
    created_at: z.string(),
    updated_at: z.string(),
  })
  .openapi("App");
