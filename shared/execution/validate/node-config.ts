import { findNodeType, NODE_TYPES } from "../nodes/registry.ts";
import { bodySchema } from "../workflow.ts";
import type { ConfigFault } from "./config-fault.ts";
import { inputFaults } from "./inputs.ts";
import type { ReadNode } from "./structure.ts";

/** Node types that do not exist, and configs that are not what their type asks for. */
export function configFaults(nodes: readonly ReadNode[]): ConfigFault[] {
  return nodes.flatMap(({ index, node }): ConfigFault[] => {
    const nodeType = findNodeType(node.type);
    if (!nodeType) {
      const known = NODE_TYPES.map(({ type }) => type).join(", ");
      const message = `There is no node type ${JSON.stringify(node.type)}; the types are: ${known}.`;
      return [{ at: ["nodes", index, "type"], code: "unknown_node_type", message }];
    }
    const parsed = nodeType.configSchema.safeParse(node.config);
    const own = (parsed.success ? [] : parsed.error.issues).map(({ path, code, message }) => ({
      at: ["nodes", index, "config", ...path],
      code,
      message,
    }));
    const ofInputs = node.type === "start" ? inputFaults(node.config["inputs"]) : [];
    return [...own, ...ofInputs.map((fault) => ({ ...fault, at: ["nodes", index, "config", "inputs", ...fault.at] }))];
  });
}

/** The same, for the graphs within nodes too. */
export function deepConfigFaults(nodes: readonly ReadNode[]): ConfigFault[] {
  const ofBodies = nodes.flatMap(({ index, node }): ConfigFault[] => {
    const field = findNodeType(node.type)?.bodyField;
    if (field === undefined) return [];
    const at = ["nodes", index, "config", field];
    const body = bodySchema.safeParse(node.config[field]);
    if (!body.success) return body.error.issues.map(({ path, code, message }) => ({ at: [...at, ...path], code, message }));
    const inner = deepConfigFaults(body.data.nodes.map((one, position) => ({ index: position, node: one })));
    return inner.map((fault) => ({ ...fault, at: [...at, ...fault.at] }));
  });
  return [...configFaults(nodes), ...ofBodies];
}
