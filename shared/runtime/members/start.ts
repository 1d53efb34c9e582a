import { z } from "zod";
import { readRunnableDraft } from "#app";
import { type EarlierOutput, inputDeclarations, type ParsedInputs, parseInputs, pinNodes, type RunView, viewOfRecord } from "#execution";
import type { Context } from "#platform/context";
import { AppError, type Fault, validationFailed } from "#platform/errors";
import { readObject } from "../durable/read.ts";
import { type DurableStart, type RunKey, startDurable } from "../durable/start.ts";
import { referToFiles } from "../files/references.ts";
import { keyReused } from "../idempotency.ts";
import { findRepeated, type LaunchedRun } from "../launch.ts";
import { takeRequest } from "../take-request.ts";
import { earlierOutputs } from "./earlier-outputs.ts";
import type { FoundMemberRun } from "./find.ts";
import { appOf, DRAFT, versionOf } from "./setting.ts";

/** What a member's request brings along. */
export interface MemberStart {
  /** The key that asks, or `null` for a person. */
  readonly apiKeyId: string | null;
  readonly place: string;
  readonly key: RunKey | null;
}

/** Which of an app's nodes are to run, where not all are; by node id. */
export interface Debugging {
  readonly fromNode?: string | undefined;
  readonly onlyNode?: string | undefined;
  readonly pinned?: Readonly<Record<string, unknown>> | undefined;
}

export interface TestRun extends Debugging {
  /** As the caller gives them; without them, those of `source`. */
  readonly inputs?: unknown;
  /** An earlier run of the app: gives inputs and the outputs of nodes that are not to run. */
  readonly source: FoundMemberRun | null;
}

/** A run that has begun, and how long (ms) it may be at work. */
export interface BegunRun extends LaunchedRun {
  readonly timeoutMs: number;
}

const recordSchema = z.record(z.string(), z.unknown());

/**
 * Runs an app's draft. Throws what refuses a draft that cannot run, `validation_failed` with every fault of the request,
 * `quota_exceeded`, `rate_limited`, `upstream_unavailable`; then nothing has begun.
 */
export async function startTestRun(ctx: Context, workspaceId: string, appId: string, test: TestRun, start: MemberStart): Promise<BegunRun> {
  const { slug, content } = await readRunnableDraft(ctx, workspaceId, appId);
  const { timeout_ms: timeoutMs } = content.config;
  const repeated = start.key && (await findRepeated(ctx, workspaceId, start.key));
  if (repeated) return { runId: repeated, repeated: true, timeoutMs };
  const { source, onlyNode } = test;
  if (source && source.run.app_id !== appId) throw validationFailed([unknownRun()]);
  const declarations = inputDeclarations(content.workflow);
  const parsed = parseInputs(declarations, givenInputs(test, declarations), { partial: onlyNode !== undefined });
  const pins = pinNodes(content.workflow, await pinRequest(ctx, test, source));
  if (!parsed.ok || !pins.ok) throw validationFailed([...faultsOf(parsed), ...(pins.ok ? [] : pins.faults)]);
  const reader = { appId, owners: null, runId: source?.run.id };
  const { inputs, files } = await referToFiles(ctx, workspaceId, reader, declarations, parsed.inputs);
  const begun = await begin(ctx, start, {
    workspaceId,
    app: { id: appId, slug },
    version: { ...content, versionId: DRAFT, number: 0 },
    inputs,
    trigger: "test",
    parentId: source?.run.id,
    pinned: pins.pinned,
    only: onlyNode,
    files,
    filesFrom: source?.run.id,
  });
  return { ...begun, timeoutMs };
}

/** What a request that names a run is told when there is none for it. */
export function unknownRun(): Fault {
  return { path: "run_id", code: "unknown_run", message: "The app has no such run." };
}

function faultsOf(parsed: ParsedInputs): readonly Fault[] {
  return parsed.ok ? [] : parsed.faults;
}

/** The inputs to run with. Those of an earlier run may have been of another version: what the draft does not know is left out. */
function givenInputs({ inputs, source }: TestRun, declarations: readonly { readonly name: string }[]): unknown {
  if (inputs !== undefined || source === null) return inputs;
  const earlier = recordSchema.catch({}).parse(source.run.inputs);
  return Object.fromEntries(declarations.flatMap(({ name }) => (Object.hasOwn(earlier, name) ? [[name, earlier[name]]] : [])));
}

async function pinRequest(ctx: Context, { fromNode, onlyNode, pinned = {} }: Debugging, source: FoundMemberRun | null) {
  const asks = fromNode !== undefined || onlyNode !== undefined;
  const earlier: Record<string, EarlierOutput> = source && asks ? await earlierOutputs(ctx, source) : {};
  return { fromNode, onlyNode, pinned, earlier };
}

/**
 * Runs the same version with the same inputs once more. Throws `invalid_state` when version or app are gone, and otherwise as
 * {@link startTestRun} does.
 */
export async function replayRun(
  ctx: Context,
  source: FoundMemberRun,
  debugging: Omit<Debugging, "onlyNode">,
  start: MemberStart,
): Promise<LaunchedRun> {
  const { workspaceId, run } = source;
  const repeated = start.key && (await findRepeated(ctx, workspaceId, start.key));
  if (repeated) return { runId: repeated, repeated: true };
  const [app, version] = await Promise.all([appOf(ctx, source), versionOf(ctx, source)]);
  if (app === null || app.status === "archived") throw new AppError("invalid_state", "The run's app is deleted or archived.");
  if (version === null) throw new AppError("invalid_state", noVersion(run.version_id));
  const pins = pinNodes(version.workflow, await pinRequest(ctx, debugging, source));
  if (!pins.ok) throw validationFailed(pins.faults);
  const declarations = inputDeclarations(version.workflow);
  const reader = { appId: run.app_id, owners: null, runId: run.id };
  const { inputs, files } = await referToFiles(ctx, workspaceId, reader, declarations, recordSchema.parse(run.inputs));
  return begin(ctx, start, {
    workspaceId,
    app: { id: app.id, slug: app.slug },
    version,
    inputs,
    trigger: "replay",
    parentId: run.id,
    pinned: pins.pinned,
    files,
    filesFrom: run.id,
  });
}

function noVersion(versionId: string): string {
  if (versionId === DRAFT) return "The run was a test of the draft, which changes. Start a test run with its run_id instead.";
  return "The version that the run was of is gone.";
}

type Order = Omit<DurableStart, "sessionId" | "apiKeyId" | "place" | "key">;

/** Counts the run as one request, as the ledger will, and begins it. */
async function begin(ctx: Context, { apiKeyId, place, key }: MemberStart, order: Order): Promise<LaunchedRun> {
  const refund = await takeRequest(ctx, order.workspaceId, order.app.id);
  const started = await startDurable(ctx, { ...order, sessionId: null, apiKeyId, place, key: key ?? undefined }).catch((error: unknown) => {
    refund();
    throw error;
  });
  if (!started.ok || started.existed) refund();
  if (started.ok) return { runId: started.runId, repeated: started.existed };
  if (started.reason === "reused") throw keyReused();
  throw new AppError("rate_limited", "The app is running as many times at once as it may.", { retryAfter: 5 });
}

/** A run that was just begun: as it is, or within `waitMs` once it has ended or waits. Throws `upstream_unavailable`. */
export async function readBegunRun(ctx: Context, runId: string, waitMs: number): Promise<RunView> {
  const live = await readObject(ctx, runId, { waitMs });
  if (live) return viewOfRecord(live.execution);
  throw new AppError("upstream_unavailable", "The run goes on, but it cannot be read right now.", { retryAfter: 2 });
}
