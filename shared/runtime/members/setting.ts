import { getApp, getManifest, readVersion } from "#app";
import type { RunningApp, Workflow } from "#execution";
import type { Context } from "#platform/context";
import { errorCode } from "#platform/errors";
import type { FoundMemberRun } from "./find.ts";

/** The version id of runs of the draft. */
export const DRAFT = "draft";

/** `null` for what is not there (any more). */
async function ifFound<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading;
  } catch (error) {
    if (errorCode(error) === "not_found") return null;
    throw error;
  }
}

/** The version that a run was of; `null` for a run of the draft, and once it is gone. */
export function versionOf(ctx: Context, { workspaceId, run }: FoundMemberRun) {
  return run.version_id === DRAFT ? Promise.resolve(null) : ifFound(readVersion(ctx, workspaceId, run.version_id));
}

/** The app of a run; `null` once it is deleted. */
export function appOf(ctx: Context, { workspaceId, run }: FoundMemberRun) {
  return ifFound(getApp(ctx, workspaceId, run.app_id));
}

/** What a run's expressions saw of its app, and the graphs in which its nodes stand: as it ran, then as it is edited now. */
export interface RunSetting {
  readonly app: RunningApp;
  readonly graphs: readonly Workflow[];
}

export async function settingOf(ctx: Context, found: FoundMemberRun): Promise<RunSetting> {
  const [version, app, draft] = await Promise.all([
    versionOf(ctx, found),
    appOf(ctx, found),
    ifFound(getManifest(ctx, found.workspaceId, found.run.app_id)),
  ]);
  return {
    app: {
      id: found.run.app_id,
      name: version?.name ?? draft?.manifest.name ?? "",
      slug: app?.slug ?? "",
      version: version?.number ?? 0,
    },
    graphs: [version?.workflow, draft?.manifest.workflow].filter((graph) => graph !== undefined),
  };
}
