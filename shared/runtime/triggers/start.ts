import type { TriggerRow, VersionContent } from "#app";
import { parseInputs } from "#execution";
import type { Context } from "#platform/context";
import { AppError, validationFailed } from "#platform/errors";
import { type DurableStarted, startDurable } from "../durable/start.ts";
import { loadVersion, resolveRoute } from "../serving.ts";
import { takeRequest } from "../take-request.ts";
import type { ServedVersion } from "../versions.ts";

/** What a trigger has been fired by. */
export interface Firing {
  readonly trigger: TriggerRow;
  readonly inputs: Record<string, unknown>;
  /** Names this firing among all of the trigger: the same one fires once. */
  readonly key: string;
  readonly parentId?: string;
  readonly place: string;
}

function checkedInputs(version: ServedVersion, inputs: Record<string, unknown>): Record<string, unknown> {
  const parsed = parseInputs(version.inputs, inputs);
  if (!parsed.ok) throw validationFailed(parsed.faults);
  return parsed.inputs;
}

/**
 * Starts the app that a trigger belongs to, in the version that is published. Throws `not_available`, `validation_failed`,
 * `quota_exceeded`, `rate_limited`, `upstream_unavailable`; then nothing has started.
 */
export async function startTriggered(
  ctx: Context,
  firing: Firing,
): Promise<DurableStarted & { readonly ok: true; readonly content: VersionContent }> {
  const { trigger, key, parentId, place } = firing;
  const route = await resolveRoute(ctx, { appId: trigger.appId });
  if (route.status !== "published") throw new AppError("not_available", "The app is not published.");
  const version = await loadVersion(ctx, route);
  const inputs = checkedInputs(version, firing.inputs);
  const refund = await takeRequest(ctx, route.workspaceId);
  const started = await startDurable(ctx, {
    workspaceId: route.workspaceId,
    app: { id: route.appId, slug: route.appSlug },
    version: version.content,
    inputs,
    trigger: trigger.type,
    triggerId: trigger.id,
    parentId,
    sessionId: null,
    apiKeyId: null,
    place,
    key: { scope: `trigger:${trigger.id}`, value: key, bodyHash: "" },
  }).catch((error: unknown) => {
    refund();
    throw error;
  });
  if (!started.ok || started.existed) refund();
  if (started.ok) return { ...started, content: version.content };
  throw new AppError("rate_limited", "The app is running as many times at once as it may.", { retryAfter: 5 });
}
