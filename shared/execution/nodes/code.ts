import { z } from "zod";
import { defineNode } from "./node.ts";

/** Characters. */
const MAX_CODE = 65_536;
/** Milliseconds that code may compute, where its node does not say, and at most: nothing else in the process goes on meanwhile. */
const DEFAULT_COMPUTE = 1_000;
const MAX_COMPUTE = 3_000;
/** Milliseconds from beginning to end, the reading of files included. */
const DEFAULT_TIMEOUT = 10_000;

const schema = z.strictObject({ code: z.string().min(1).max(MAX_CODE) });

/** JavaScript: the body of an asynchronous function, in a sandbox of its own. */
export const code = defineNode({
  type: "code",
  title: "Code",
  defaultTimeoutMs: DEFAULT_TIMEOUT,
  configSchema: schema,
  resolvedSchema: schema,
  literalFields: ["code"],
  seesNodes: true,
  run: async (config, io) => {
    const { runCode } = await import("../sandbox/run-code.ts");
    const output = await runCode({
      body: config.code,
      given: { inputs: io.inputs, nodes: io.nodes(), ...io.locals },
      openFile: io.services.openFile,
      computeMs: Math.min(io.timeoutMs ?? DEFAULT_COMPUTE, MAX_COMPUTE),
      signal: io.signal,
    });
    return { output };
  },
});
