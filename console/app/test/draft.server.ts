import { z } from "zod";
import { readOne } from "../api/client.server.ts";
import { manifestSchema } from "../api/schemas.ts";
import type { Visit } from "../visit.ts";
import { INPUT_TYPES } from "./input-types.ts";

const declarationSchema = z.object({
  name: z.string(),
  // A type that this page does not know yet is entered as JSON.
  type: z.enum(INPUT_TYPES).catch("json"),
  title: z.string().optional(),
  description: z.string().optional(),
  default: z.unknown().optional(),
  enum: z.array(z.union([z.string(), z.number(), z.boolean()])).optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  max_length: z.number().optional(),
  format: z.string().optional(),
});

/** An input as the draft's start node declares it, as far as a field is made from it. */
export type DeclaredInput = z.infer<typeof declarationSchema>;

const nodeSchema = z.object({ id: z.string(), type: z.string(), config: z.unknown().optional() });
const startSchema = z.object({ inputs: z.array(declarationSchema).default([]) });
const draftSchema = manifestSchema
  .transform((manifest) => manifest["workflow"])
  .pipe(
    z.object({
      nodes: z.array(nodeSchema),
      edges: z.array(z.object({ from: z.string(), to: z.string() })).default([]),
    }),
  );

/** What a test needs to know of the draft: what it takes, and which nodes a run can begin at. */
export interface TestedDraft {
  readonly inputs: readonly DeclaredInput[];
  readonly nodes: readonly { readonly id: string; readonly type: string }[];
  readonly edges: readonly { readonly from: string; readonly to: string }[];
}

export async function readDraft(visit: Visit, appId: string): Promise<TestedDraft> {
  const { nodes, edges } = await readOne(visit, `/apps/${encodeURIComponent(appId)}/manifest`, draftSchema);
  const start = nodes.find(({ type }) => type === "start");
  return {
    inputs: startSchema.parse(start?.config ?? {}).inputs,
    nodes: nodes.map(({ id, type }) => ({ id, type })),
    edges,
  };
}
