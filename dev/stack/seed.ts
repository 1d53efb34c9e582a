import { readFile } from "node:fs/promises";
import { z } from "zod";
import { inRepository } from "../repository.ts";
import { type Account, type ApiClient, dataOf, listOf, signIn } from "./api-client.ts";

export const DEMO_ACCOUNT: Account = { name: "Demo", email: "demo@agentflow.local", password: "agentflow-demo" };
export const DEMO_WORKSPACE = "demo";
/** Slugs of the demo apps; their manifests are `dev/demo/<slug>.json`. The first one is shown at the start. */
export const DEMO_APPS = ["lead-desk", "text-summary", "price-calculator"] as const;

const workspaceSchema = z.object({ id: z.string(), slug: z.string() });
const appSchema = z.object({ id: z.string(), slug: z.string(), status: z.string() });

/** Makes the demo account, workspace and apps through the product's own API. What is there already stays as it is. */
export async function seedDemo(origin: string): Promise<void> {
  const served = await Promise.all(DEMO_APPS.map((slug) => isServed(origin, slug)));
  if (served.every(Boolean)) return;
  const api = await signIn(origin, DEMO_ACCOUNT);
  const workspaceId = await demoWorkspace(api);
  const { data: apps } = await api.get(`/workspaces/${workspaceId}/apps?limit=100`, listOf(appSchema));
  const missing = DEMO_APPS.filter((slug) => !apps.some((app) => app.slug === slug));
  const created = await Promise.all(missing.map((slug) => createApp(api, workspaceId, slug)));
  // A draft is what an interrupted seeding leaves; an app that somebody took down stays down.
  const drafts = [...apps.filter((app) => app.status === "draft" && DEMO_APPS.some((slug) => slug === app.slug)), ...created];
  for (const app of drafts) await api.post(`/apps/${app.id}/publish`, {}, z.unknown());
}

async function isServed(origin: string, slug: string): Promise<boolean> {
  const response = await fetch(`${origin}/${DEMO_WORKSPACE}/${slug}/schema`);
  await response.body?.cancel();
  return response.ok;
}

async function demoWorkspace(api: ApiClient): Promise<string> {
  const { data: workspaces } = await api.get("/workspaces?limit=100", listOf(workspaceSchema));
  const known = workspaces.find((workspace) => workspace.slug === DEMO_WORKSPACE);
  if (known !== undefined) return known.id;
  const { data } = await api.post("/workspaces", { name: "Demo", slug: DEMO_WORKSPACE }, dataOf(workspaceSchema));
  return data.id;
}

async function createApp(api: ApiClient, workspaceId: string, slug: string): Promise<z.infer<typeof appSchema>> {
  const manifest: unknown = JSON.parse(await readFile(inRepository("dev/demo", `${slug}.json`), "utf8"));
  const { data } = await api.post(`/workspaces/${workspaceId}/apps?slug=${slug}`, manifest, dataOf(appSchema));
  return data;
}
