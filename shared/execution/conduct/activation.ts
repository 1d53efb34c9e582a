import type { NodeLog, RunError, RunUsage } from "#platform/records";
import type { ActivationEnd } from "../journal.ts";
import { forLog } from "../node-log.ts";
import { findNodeType } from "../nodes/registry.ts";
import type { PlanNode } from "../plan.ts";
import { pinnedOutput } from "../run.ts";
import { type NodeFinish, runAttempts } from "./attempts.ts";
import type { FrameView, RunWorld } from "./world.ts";

const NO_USAGE: RunUsage = { input_tokens: 0, output_tokens: 0, total_tokens: 0 };

/** Runs a node to its end, and puts that on record before anybody hears of it. */
export async function runActivation(world: RunWorld, frame: FrameView, node: PlanNode, path: string): Promise<ActivationEnd> {
  const { journal, ctx, request } = world;
  const known = journal.activation(path);
  const startedAt = known?.startedAt ?? ctx.clock.now();
  const seq = known?.seq ?? journal.begin(path, node.type, startedAt);
  if (known === undefined) {
    world.countActivation();
    journal.emit({ type: "node.started", node_id: path, node_type: node.type });
  } else if (losesWork(node)) {
    // The process ended while the node was at work: what it had streamed is void.
    journal.emit({ type: "node.retried", node_id: path, attempt: known.attempts });
  }
  const pinned = frame.spec.prefix === "" ? pinnedOutput(request.pinned ?? {}, node.id) : undefined;
  const finish: NodeFinish = pinned
    ? {
        status: "completed",
        attempts: 0,
        result: pinned.port === null ? { output: pinned.output } : { output: pinned.output, port: pinned.port },
      }
    : await runAttempts(world, frame, node, path, known?.attempts ?? 1);
  const end = endOf(world, finish, { seq, node_id: path, node_type: node.type, started_at: startedAt });
  journal.finish(path, end);
  journal.emit({ type: "node.finished", node_id: path, status: finish.status }, end.log);
  return end;
}

/** Whether what the node had done is gone with the process: not for those that only wait, or whose work is other nodes'. */
function losesWork({ type }: PlanNode): boolean {
  const nodeType = findNodeType(type);
  return nodeType !== undefined && !nodeType.parks && !nodeType.nests;
}

function endOf(world: RunWorld, finish: NodeFinish, draft: Pick<NodeLog, "seq" | "node_id" | "node_type" | "started_at">): ActivationEnd {
  const { secrecy, ctx } = world;
  const { attempts, config, usage = NO_USAGE } = finish;
  const completed = finish.status === "completed";
  const output = completed ? secrecy.output(finish.result.output) : null;
  const port = completed ? finish.result.port : undefined;
  const error: RunError | null = completed ? null : secrecy.error(finish.error);
  const log: NodeLog = {
    ...draft,
    status: finish.status,
    attempts,
    ...(port !== undefined && { port }),
    inputs: forLog(config ?? null, secrecy.values),
    outputs: completed ? forLog(output, secrecy.values) : null,
    error,
    input_tokens: usage.input_tokens,
    output_tokens: usage.output_tokens,
    duration_ms: Math.max(0, ctx.clock.now() - draft.started_at),
  };
  return { log, output, port };
}
