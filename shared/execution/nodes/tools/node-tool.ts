import type { Tool } from "#ai";
import { AppError } from "#platform/errors";
import type { NodeIo } from "../node.ts";
import { appTool } from "./app-tool.ts";
import { httpTool } from "./http-tool.ts";
import { tableTools } from "./table-tool.ts";
import type { ResolvedTool } from "./tool-config.ts";

export type ToolArguments = Readonly<Record<string, unknown>>;

/** A tool of a node: what the model is told of it, and what it does. */
export interface NodeTool extends Tool {
  /** Gives JSON. `turn` names the call within its node. What goes wrong is an `AppError`, whose message the model gets. */
  readonly run: (args: ToolArguments, turn: string) => Promise<unknown>;
}

/** Makes the tools of a node ready. Throws `node_failed` for an app that there is not. */
export async function openTools(tools: readonly ResolvedTool[], io: NodeIo): Promise<NodeTool[]> {
  const opened = await Promise.all(tools.map((tool, index) => openTool(tool, `tools[${index}]`, io)));
  const all = opened.flat();
  const twice = all.find(({ name }, index) => all.findIndex((other) => other.name === name) < index);
  if (twice) throw new AppError("node_failed", `config.tools: two tools have the name ${twice.name}.`);
  return all;
}

/** `place`: where the tool stands in the config. */
async function openTool(tool: ResolvedTool, place: string, io: NodeIo): Promise<NodeTool[]> {
  if ("app" in tool) return [await appTool(tool, place, io)];
  return "http" in tool ? [httpTool(tool.http, `${place}.http`, io)] : tableTools(tool, place, io);
}
