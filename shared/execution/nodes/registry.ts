import { agent } from "./agent.ts";
import { approval } from "./approval.ts";
import { code } from "./code.ts";
import { condition } from "./condition.ts";
import { db } from "./db.ts";
import { end } from "./end.ts";
import { generate } from "./generate.ts";
import { http } from "./http.ts";
import { intent } from "./intent.ts";
import { llm } from "./llm.ts";
import { loop } from "./loop.ts";
import type { NodeType } from "./node.ts";
import { start } from "./start.ts";
import { subflow } from "./subflow.ts";
import { switchNode } from "./switch.ts";
import { template } from "./template.ts";
import { transform } from "./transform.ts";
import { wait } from "./wait.ts";

const ALL: readonly NodeType[] = [
  start,
  end,
  llm,
  intent,
  generate,
  agent,
  condition,
  switchNode,
  template,
  transform,
  code,
  http,
  db,
  loop,
  subflow,
  wait,
  approval,
];
const byType: ReadonlyMap<string, NodeType> = new Map(ALL.map((nodeType) => [nodeType.type, nodeType]));

export function findNodeType(type: string): NodeType | undefined {
  return byType.get(type);
}

export interface NodeTypeDescription {
  readonly type: string;
  readonly title: string;
  /** Ports that do not depend on the node's config; `intent` and `switch` add the names that it gives. */
  readonly ports: readonly string[];
}

/** The kinds of nodes that a workflow may have, for documentation and editors. */
export const NODE_TYPES: readonly NodeTypeDescription[] = ALL.map(({ type, title, ports }) => ({ type, title, ports: ports({}) }));
