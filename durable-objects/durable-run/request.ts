import { findPublishedVersion } from "#app";
import { compilePlan, inputDeclarations, type OpenedApp, type RunRequest, runSession } from "#execution";
import type { Context } from "#platform/context";
import type { Conversation } from "#platform/objects/visitor-session";
import { type DurableOrder, filesOf } from "#runtime";
import { loadSecrets } from "#workspace";

/** What a life of the run is given to run with. */
export function requestOf(ctx: Context, order: DurableOrder, conversation: Conversation | undefined, signal: AbortSignal): RunRequest {
  const { execution, app, workflow, db_schema: dbSchema, config, pinned, only } = order;
  const { id: runId, workspace_id: workspaceId, inputs, session_id } = execution;
  return {
    runId,
    workspaceId,
    plan: compilePlan(workflow),
    inputs,
    dbSchema,
    session: runSession(session_id, conversation),
    app,
    config: { timeout_ms: config.timeout_ms, max_output_bytes: config.max_output_bytes },
    loadSecrets: () => loadSecrets(ctx, workspaceId),
    openApp: (slug, version) => openApp(ctx, workspaceId, slug, version),
    files: filesOf(ctx, runId),
    watched: true,
    signal,
    ...(pinned && { pinned }),
    ...(only !== undefined && { only }),
  };
}

/** Another app of the workspace, as it is published or in the version with this number. */
async function openApp(ctx: Context, workspaceId: string, slug: string, number: number | undefined): Promise<OpenedApp | null> {
  const found = await findPublishedVersion(ctx, workspaceId, slug, number);
  if (found === null) return null;
  const { appId, content } = found;
  return {
    app: { id: appId, name: content.name, slug, version: content.number },
    description: content.description,
    plan: compilePlan(content.workflow),
    inputs: inputDeclarations(content.workflow),
    dbSchema: content.db_schema,
  };
}
