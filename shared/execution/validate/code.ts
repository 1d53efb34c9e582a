import type { Fault } from "#platform/errors";
import { findNodeType } from "../nodes/registry.ts";
import type { ReadNode } from "./structure.ts";

/** Code that cannot be compiled. The compiler is loaded only for workflows that have code. */
export async function codeFaults(nodes: readonly ReadNode[]): Promise<Fault[]> {
  const pieces = nodes.flatMap(({ index, node: { type, config } }) => {
    const written = type === "code" ? findNodeType(type)?.configSchema.safeParse(config) : undefined;
    return written?.success && typeof config["code"] === "string" ? [{ index, body: config["code"] }] : [];
  });
  if (pieces.length === 0) return [];
  const { checkCode } = await import("../sandbox/check-code.ts");
  const messages = await checkCode(pieces.map(({ body }) => body));
  return pieces.flatMap(({ index }, position) => {
    const message = messages[position];
    return message === undefined ? [] : [{ path: `workflow.nodes[${index}].config.code`, code: "invalid_code", message }];
  });
}
