import { z } from "zod";
import { validationFailed } from "#platform/errors";
import { faultsOf } from "#platform/faults";
import type { NewApp } from "./apps.ts";
import { descriptionSchema, type Manifest, nameSchema } from "./manifest/manifest.ts";
import { validateManifest } from "./manifest/validate.ts";
import { slugSchema } from "./slugs.ts";
import { STARTER_WORKFLOW } from "./starter.ts";

const bareSchema = z.strictObject({ name: nameSchema, slug: slugSchema.optional(), description: descriptionSchema.optional() });

/** Reads a manifest from outside. @throws `validation_failed` with every fault */
export async function requireManifest(json: unknown): Promise<Manifest> {
  const validated = await validateManifest(json);
  if (!validated.ok) throw validationFailed(validated.faults);
  return validated.manifest;
}

/** Reads what an app is to be made from: a manifest, or a name with or without a slug. @throws `validation_failed` */
export async function readNewApp(json: unknown): Promise<NewApp> {
  if (isManifestLike(json)) return { manifest: await requireManifest(json) };
  const bare = bareSchema.safeParse(json);
  if (!bare.success) throw validationFailed(faultsOf(bare.error));
  const { slug, ...named } = bare.data;
  return { manifest: await requireManifest({ manifest: "1", ...named, workflow: STARTER_WORKFLOW }), slug };
}

/** Whether somebody meant to give a whole app; its faults are then a manifest's faults. */
function isManifestLike(json: unknown): boolean {
  return typeof json === "object" && json !== null && ("manifest" in json || "workflow" in json);
}
