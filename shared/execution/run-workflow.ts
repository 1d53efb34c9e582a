import { completeMetered } from "#ai";
import { executeOperation } from "#database";
import type { Context } from "#platform/context";
import { AppError, errorCode } from "#platform/errors";
import { outgoingPolicy } from "#platform/outgoing/policy";
import { type ConductOptions, conduct, type LiveRun } from "./conduct/conduct.ts";
import type { HostServices } from "./conduct/world.ts";
import type { Journal } from "./journal.ts";
import { keepLoggedValue } from "./logged-values.ts";
import { MemoryJournal } from "./memory-journal.ts";
import type { RunEvent, RunRequest, RunResult } from "./run.ts";

function noFiles(): Promise<never> {
  return Promise.reject(new AppError("node_failed", "Files are not available here."));
}

function servicesFor(ctx: Context, { runId, workspaceId, app, dbSchema, files }: RunRequest): HostServices {
  return {
    // Apps within the run use what the run's own app may use: the ledger counts it there.
    complete: (request, call) => completeMetered(ctx, { workspaceId, appId: app.id, id: `${runId}/${call}` }, request),
    executeOperation: (operation, signal, tables = dbSchema) => executeOperation(ctx, workspaceId, tables, operation, { signal }),
    fetch: (address, init) => fetch(address, init),
    // Read when a node first asks: settings that cannot be meant stop no run that calls nobody.
    get outgoing() {
      return outgoingPolicy(ctx.env);
    },
    openFile: files?.openFile ?? noFiles,
    keepFile: files?.keepFile ?? noFiles,
  };
}

/**
 * Runs a workflow from where its journal ends. The journal's host decides what outlives the process.
 */
export function resumeRun(ctx: Context, request: RunRequest, journal: Journal, options: ConductOptions): LiveRun {
  const { runId, workspaceId } = request;
  return conduct(ctx, request, servicesFor(ctx, request), journal, {
    ...options,
    keepValue: (seq, side, json) => keepLoggedValue(ctx, workspaceId, { runId, seq, side }, json),
  });
}

/**
 * Runs a workflow to its end within the caller's own request. A run that goes wrong is a result, not an error; events come
 * as they happen, for callers that stream.
 */
export async function runInline(ctx: Context, request: RunRequest, onEvent?: (event: RunEvent) => void): Promise<RunResult> {
  const startedAt = ctx.clock.now();
  try {
    const watched = onEvent !== undefined;
    const life = await resumeRun(ctx, { ...request, watched }, new MemoryJournal(onEvent), {}).end;
    if (life.kind === "ended") return life.result;
    throw new Error("a run within a request was suspended");
  } catch (error) {
    ctx.log.error("a run failed outside of its nodes", error, { run_id: request.runId });
    return {
      status: "failed",
      outputs: null,
      error: { code: errorCode(error) ?? "internal", message: "The run could not be carried out." },
      usage: { input_tokens: 0, output_tokens: 0, total_tokens: 0 },
      nodeLogs: [],
      startedAt,
      finishedAt: ctx.clock.now(),
    };
  }
}
