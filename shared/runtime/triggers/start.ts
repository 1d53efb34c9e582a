import { type AppConfig, noteFired, type TriggerRow } from "#app";
import { parseInputs } from "#execution";
import type { Context } from "#platform/context";
import { AppError, validationFailed } from "#platform/errors";
import { findKeyedRun, type RunKey, startDurable } from "../durable/start.ts";
import { loadVersion, resolveRoute } from "../serving.ts";
import { takeRequest } from "../take-request.ts";
import type { ServedVersion } from "../versions.ts";

/** What a trigger has been fired by. */
export interface Firing {
  readonly trigger: TriggerRow;
  readonly inputs: Record<string, unknown>;
  /** Names this firing among all of the trigger: the same one fires once. */
  readonly key: string;
  readonly parentId?: string | undefined;
  readonly place: string;
}

/** `existed`: the same firing has begun this run before. */
export type Fired =
  | { readonly existed: true; readonly runId: string }
  | { readonly existed: false; readonly runId: string; readonly config: AppConfig };

function checkedInputs(version: ServedVersion, inputs: Record<string, unknown>): Record<string, unknown> {
  const parsed = parseInputs(version.inputs, inputs);
  if (!parsed.ok) throw validationFailed(parsed.faults);
  return parsed.inputs;
}

/**
 * Starts the app that a trigger belongs to, in the version that is published. Throws `not_available`, `validation_failed`,
 * `quota_exceeded`, `rate_limited`, `upstream_unavailable`; then nothing has started.
 */
export async function startTriggered(ctx: Context, firing: Firing): Promise<Fired> {
  const { trigger } = firing;
  const key = { scope: `trigger:${trigger.id}`, value: firing.key, bodyHash: "" };
  // Before anything is taken for it: a repetition costs nothing, however full the app is.
  const known = await findKeyedRun(ctx, trigger.workspaceId, key);
  if (known !== null) return { existed: true, runId: known.runId };
  const route = await resolveRoute(ctx, { appId: trigger.appId });
  if (route.status !== "published") throw new AppError("not_available", "The app is not published.");
  const version = await loadVersion(ctx, route);
  const inputs = checkedInputs(version, firing.inputs);
  const fired = await begin(ctx, firing, key, { version, inputs, appSlug: route.appSlug });
  if (!fired.existed) ctx.waitUntil(tellFired(ctx, trigger));
  return fired;
}

interface Ready {
  readonly version: ServedVersion;
  readonly inputs: Record<string, unknown>;
  readonly appSlug: string;
}

async function begin(ctx: Context, firing: Firing, key: RunKey, { version, inputs, appSlug }: Ready): Promise<Fired> {
  const { trigger, parentId, place } = firing;
  const { content } = version;
  const refund = await takeRequest(ctx, trigger.workspaceId, trigger.appId);
  const started = await startDurable(ctx, {
    workspaceId: trigger.workspaceId,
    app: { id: trigger.appId, slug: appSlug },
    version: content,
    inputs,
    trigger: trigger.type,
    triggerId: trigger.id,
    parentId,
    sessionId: null,
    apiKeyId: null,
    place,
    key,
  }).catch((error: unknown) => {
    refund();
    throw error;
  });
  if (started.ok && !started.existed) return { existed: false, runId: started.runId, config: content.config };
  refund();
  if (started.ok) return { existed: true, runId: started.runId };
  throw new AppError("rate_limited", "The app is running as many times at once as it may.", { retryAfter: 5 });
}

/** Only shown to people: the run is on its way whether or not this is written. */
async function tellFired(ctx: Context, trigger: TriggerRow): Promise<void> {
  try {
    await noteFired(ctx, trigger);
  } catch (error) {
    ctx.log.error("a trigger's last firing could not be noted", error, { trigger_id: trigger.id });
  }
}
