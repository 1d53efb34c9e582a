import { data } from "react-router";
import { z } from "zod";
import { readTagged, write } from "../api/client.server.ts";
import { draftSchema, manifestSchema } from "../api/schemas.ts";
import { Title } from "../components/page.tsx";
import { readForm } from "../form.ts";
import { catalogue } from "../i18n/locale.ts";
import { useText } from "../i18n/use-text.ts";
import { ManifestEditor } from "../manifest/editor.tsx";
import { placeFaults, syntaxFaults } from "../manifest/faults.ts";
import type { SaveResult } from "../manifest/save-result.ts";
import { type Visit, visitContext } from "../visit.ts";
import type { Route } from "./+types/manifest.ts";
import { useApp } from "./app.tsx";
import { useWorkspace } from "./workspace.tsx";

const entries = z.object({ manifest: z.string().default(""), revision: z.coerce.number().int().nonnegative() });

const textOf = (manifest: Record<string, unknown>) => JSON.stringify(manifest, null, 2);

async function readDraft(visit: Visit, appId: string) {
  const { data: manifest, revision } = await readTagged(visit, `/apps/${encodeURIComponent(appId)}/manifest`, manifestSchema);
  return { text: textOf(manifest), revision };
}

export function loader({ params, context }: Route.LoaderArgs) {
  return readDraft(context.get(visitContext), params.appId);
}

export async function action({ params, request, context }: Route.ActionArgs) {
  const visit = context.get(visitContext);
  const { manifest: raw, revision } = entries.parse(await readForm(request));
  // Forms send line ends as CRLF; places in the text count the ones that the editor shows.
  const text = raw.replaceAll("\r\n", "\n");
  const result = await save(visit, params.appId, text, revision);
  return data(result, { status: statusOf(result) });
}

function statusOf(result: SaveResult): number {
  if (result.kind === "refused") return result.problem.status;
  return { saved: 200, faults: 422, conflict: 412 }[result.kind];
}

async function save(visit: Visit, appId: string, text: string, revision: number): Promise<SaveResult> {
  const mistakes = syntaxFaults(text, catalogue(visit.locale));
  if (mistakes.length > 0) return { kind: "faults", text, revision, faults: mistakes };
  const path = `/apps/${encodeURIComponent(appId)}/draft`;
  const saved = await write(visit, { method: "PUT", path, body: JSON.parse(text), ifMatch: revision }, draftSchema);
  if (saved.ok) return { kind: "saved", text, revision: saved.data.revision };
  const { problem } = saved;
  if (problem.code === "revision_mismatch") return { kind: "conflict", text, revision, theirs: await readDraft(visit, appId) };
  if (problem.faults.length > 0) return { kind: "faults", text, revision, faults: placeFaults(text, problem.faults) };
  return { kind: "refused", text, revision, problem };
}

export default function ManifestPage({ loaderData, actionData }: Route.ComponentProps) {
  const text = useText();
  const app = useApp();
  const { may } = useWorkspace();
  return (
    <>
      <Title>{[text.manifest.label, app.name]}</Title>
      <ManifestEditor key={app.id} draft={loaderData} posted={actionData} readOnly={!may("apps:edit") || app.status === "archived"} />
    </>
  );
}
