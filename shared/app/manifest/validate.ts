import { z } from "zod";
import { type DbSchema, dbSchemaSchema, validateDbSchema } from "#database";
import { checkWorkflow, type Workflow } from "#execution";
import type { Fault } from "#platform/errors";
import { formatPath } from "#platform/faults";
import { classificationFaults } from "./access-modes.ts";
import { accessPolicySchema } from "./access-policy.ts";
import { appConfigSchema } from "./config.ts";
import { defaultResultView, defaultUiSchema } from "./default-ui.ts";
import { documentFaults } from "./document.ts";
import { descriptionSchema, type Manifest, nameSchema } from "./manifest.ts";
import { readSurface } from "./surface.ts";
import { uiFaults } from "./ui-rules.ts";
import { type UiSchema, uiSchemaSchema } from "./ui-schema.ts";

export type ValidatedManifest = { readonly ok: true; readonly manifest: Manifest } | { readonly ok: false; readonly faults: Fault[] };

/** The manifest as people write it: the parts that may be left out are left out. The workflow is read by its own service. */
const writtenSchema = z.strictObject({
  manifest: z.literal("1", { error: 'Must be "1", the version of the manifest format.' }),
  name: nameSchema,
  description: descriptionSchema.default(""),
  workflow: z.unknown().optional(),
  ui_schema: uiSchemaSchema.optional(),
  db_schema: dbSchemaSchema.prefault({ tables: [] }),
  access_policy: accessPolicySchema.prefault({}),
  config: appConfigSchema.prefault({}),
});
const partsSchema = z.looseObject({
  workflow: z.unknown().optional(),
  ui_schema: z.unknown().optional(),
  db_schema: z.unknown().optional(),
});

/** In the order of the document, with `nodes[2]` before `nodes[10]`. */
const order = new Intl.Collator("en", { numeric: true });

/**
 * Reads a manifest, fills in what was left out, and says everything that keeps it from running, all at once: shape, graph,
 * expressions, tables and page, sorted by path.
 */
export async function validateManifest(json: unknown): Promise<ValidatedManifest> {
  const unfit = documentFaults(json);
  if (unfit.length > 0) return refused(unfit);
  const written = writtenSchema.safeParse(json);
  const parts = partsSchema.safeParse(json).data;
  if (!parts) return refused([{ path: "", code: "invalid_type", message: "A manifest is a JSON object." }]);

  const dbSchema = readPart(dbSchemaSchema.prefault({ tables: [] }), parts.db_schema);
  const ui = readPart(uiSchemaSchema.optional(), parts.ui_schema);
  const checked = await checkWorkflow(parts.workflow, { dbSchema: dbSchema ?? null });
  const faults = [
    ...(written.success ? classificationFaults(written.data.access_policy, "access_policy.") : written.error.issues.flatMap(shapeFaults)),
    ...(dbSchema ? validateDbSchema(dbSchema) : []),
    ...(ui ? uiFaults(ui, readSurface(parts.workflow)) : []),
    ...(checked.ok ? [] : checked.faults),
  ];
  if (faults.length > 0 || !written.success || !checked.ok) return refused(faults);
  return { ok: true, manifest: complete(written.data, checked.workflow, written.data.db_schema) };
}

function refused(faults: readonly Fault[]): ValidatedManifest {
  return { ok: false, faults: faults.toSorted((a, b) => order.compare(a.path, b.path)) };
}

function readPart<T>(schema: z.ZodType<T>, part: unknown): T | undefined {
  return schema.safeParse(part).data;
}

function complete(written: z.infer<typeof writtenSchema>, workflow: Workflow, db_schema: DbSchema): Manifest {
  return { ...written, workflow, db_schema, ui_schema: completeUi(written.ui_schema, workflow) };
}

function completeUi(ui: UiSchema | undefined, workflow: Workflow): UiSchema {
  if (ui === undefined) return defaultUiSchema(workflow);
  return { ...ui, result_view: ui.result_view ?? defaultResultView(workflow) };
}

/** A fault for each issue; an unknown field's fault stands at the field itself. */
function shapeFaults(issue: z.core.$ZodIssue): Fault[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      path: formatPath([...issue.path, key]),
      code: "unknown_field",
      message: `There is no field ${key} here.`,
    }));
  }
  return [{ path: formatPath(issue.path), code: issue.code, message: issue.message }];
}
