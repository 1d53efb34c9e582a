import { z } from "zod";
import { AppError } from "#platform/errors";
import { withinTime } from "../../conduct/time-limit.ts";
import { asText } from "../../expressions/resolve.ts";
import { callAddress } from "../http-call.ts";
import type { NodeIo } from "../node.ts";
import type { NodeTool, ToolArguments } from "./node-tool.ts";
import { requireArguments } from "./parameters.ts";
import type { HttpToolConfig } from "./tool-config.ts";

/** Milliseconds that one call may take: a far side that hangs must not hold the whole conversation. */
const TIMEOUT = 30_000;
/** Bytes of an answer; a model could not read more. */
const MAX_BYTES = 262_144;
const REDIRECTS = 5;

const querySchema = z.record(z.string(), z.unknown());

/** A request to a public address as a tool. `place`: where it stands in the config. */
export function httpTool({ name, description, parameters, method, headers, auth }: HttpToolConfig, place: string, io: NodeIo): NodeTool {
  return {
    name,
    description,
    parameters,
    run: async (args) => {
      requireArguments(parameters, args);
      const [url, query, body] = await Promise.all([
        addressOf(place, args, io),
        io.evaluate(`${place}.query`, { args }),
        io.evaluate(`${place}.body`, { args }),
      ]);
      const call = { method, url, headers, query: querySchema.parse(query ?? {}), body, body_type: "auto" as const, auth };
      const limits = { redirects: REDIRECTS, response: "auto" as const, max_bytes: MAX_BYTES };
      const answer = await withinTime(TIMEOUT, io.signal, (signal) => callAddress({ ...call, ...limits }, { ...io, signal }));
      return { status: answer["status"], body: answer["body"] };
    },
  };
}

/** A segment of a path that leads elsewhere. */
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?=[/?#]|$)/i;

/**
 * The address, with the arguments spelled so that each stays what it stands for. The model fills in parts of it and never says whose
 * it is: the request carries credentials that are meant for the address as its author wrote it.
 */
async function addressOf(place: string, args: ToolArguments, io: NodeIo): Promise<string> {
  const field = `${place}.url`;
  const [url, bare] = await Promise.all([io.evaluate(field, { args: encoded(args) }), io.evaluate(field, { args: {} })]);
  const address = asText(url);
  if (originOf(address) === undefined || originOf(address) !== originOf(asText(bare))) {
    throw new AppError("node_failed", `config.${field}: arguments can stand in the path and the query of the address only.`);
  }
  if (DOT_SEGMENT.test(address)) throw new AppError("validation_failed", "args: an argument in an address is no way to another place.");
  return address;
}

function originOf(address: string): string | undefined {
  return URL.canParse(address) ? new URL(address).origin : undefined;
}

/** The same value with its texts as they stand in an address. */
function encoded(value: unknown): unknown {
  if (typeof value === "string") return encodeURIComponent(value.toWellFormed());
  if (Array.isArray(value)) return value.map(encoded);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, encoded(item)]));
}
