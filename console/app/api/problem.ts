import { z } from "zod";

/** One fault in something that was sent: where (`workflow.nodes[2].config.table`), which rule, and what would be right. */
const faultSchema = z.object({ path: z.string(), code: z.string().default("invalid"), message: z.string() });
export type Fault = z.infer<typeof faultSchema>;

const problemSchema = z.object({
  code: z.string(),
  detail: z.string().default(""),
  request_id: z.string().default(""),
  errors: z.array(faultSchema).default([]),
});

/** A refusal of the API (RFC 9457), as pages show it. */
export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly requestId: string;
  readonly faults: readonly Fault[];
}

/** Reads a refusal. What is not one of the API's own, such as a proxy's page, says nothing but its status. */
export function readProblem(status: number, body: unknown): Problem {
  const parsed = problemSchema.safeParse(body);
  if (!parsed.success) return { status, code: "internal", detail: "", requestId: "", faults: [] };
  const { code, detail, request_id, errors } = parsed.data;
  return { status, code, detail, requestId: request_id, faults: errors };
}

/** What an error page may know of a refusal. */
export interface Refusal {
  readonly code: string;
  readonly requestId: string;
}

/** What is wrong with one field, named by its path in what was sent; faults within the field count as its own. */
export function faultAt(problem: Problem | null | undefined, path: string): string | undefined {
  const found = problem?.faults.find(
    (fault) => fault.path === path || fault.path.startsWith(`${path}.`) || fault.path.startsWith(`${path}[`),
  );
  if (!found) return undefined;
  return found.path === path ? found.message : `${found.path.slice(path.length).replace(/^\./, "")}: ${found.message}`;
}

/** A mistake that the console found by itself, in the form of the API's. */
export function ownProblem(faults: readonly Fault[]): Problem {
  return { status: 422, code: "validation_failed", detail: "", requestId: "", faults };
}
