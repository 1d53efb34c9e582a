import { z } from "zod";

/** One fault in something that was sent: where (`workflow.nodes[2].config.table`), which rule, and what would be right. */
const faultSchema = z.object({ path: z.string(), code: z.string().default("invalid"), message: z.string() });
export type Fault = z.infer<typeof faultSchema>;

/** What publishing would do to the workspace's database, where it waits for a confirmation. */
const planSchema = z.object({
  hash: z.string(),
  steps: z.array(
    z.object({
      table: z.string(),
      column: z.string().nullable(),
      kind: z.string(),
      message: z.string(),
      effect: z.enum(["additive", "lossy", "destructive"]),
      locks: z.enum(["none", "brief", "long"]),
    }),
  ),
});
export type SchemaPlan = z.infer<typeof planSchema>;

const problemSchema = z.object({
  code: z.string(),
  detail: z.string().default(""),
  request_id: z.string().default(""),
  errors: z.array(faultSchema).default([]),
  plan: planSchema.optional(),
});

/** A refusal of the API (RFC 9457), as pages show it. */
export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly requestId: string;
  readonly faults: readonly Fault[];
  readonly plan?: SchemaPlan;
}

/** Reads a refusal. What is not one of the API's own, such as a proxy's page, says nothing but its status. */
export function readProblem(status: number, body: unknown): Problem {
  const parsed = problemSchema.safeParse(body);
  if (!parsed.success) return { status, code: "internal", detail: "", requestId: "", faults: [] };
  const { code, detail, request_id, errors, plan } = parsed.data;
  return { status, code, detail, requestId: request_id, faults: errors, ...(plan && { plan }) };
}

/** What an error page may know of a refusal. */
export interface Refusal {
  readonly code: string;
  readonly requestId: string;
}

/** Whether a fault's path is a field's, or that of something within it. */
export function isWithin(path: string, field: string): boolean {
  return path === field || path.startsWith(`${field}.`) || path.startsWith(`${field}[`);
}

/** What is wrong with one field, named by its path in what was sent. Of something within the field, the message says where. */
export function faultAt(problem: Problem | null | undefined, field: string): string | undefined {
  const found = problem?.faults.find(({ path }) => isWithin(path, field));
  if (!found) return undefined;
  const within = found.path.slice(field.length).replace(/^\./, "");
  return within === "" ? found.message : `${within}: ${found.message}`;
}

/** A mistake that the console found by itself, in the form of the API's. */
export function ownProblem(faults: readonly Fault[]): Problem {
  return { status: 422, code: "validation_failed", detail: "", requestId: "", faults };
}
