import { schemaOfInputs } from "../../inputs/json-schema.ts";
import type { NodeIo } from "../node.ts";
import { givenInputs } from "../subflow.ts";
import type { NodeTool } from "./node-tool.ts";
import type { AppToolConfig } from "./tool-config.ts";

/** Another app of the workspace as a tool: its inputs are the arguments, its outputs the result. */
export async function appTool({ app: slug, version: wanted, description }: AppToolConfig, place: string, io: NodeIo): Promise<NodeTool> {
  const { name, version, inputs, ...found } = await io.findApp(place, { slug, version: wanted });
  return {
    name: slug,
    description: description ?? [name, found.description].filter(Boolean).join(": "),
    parameters: schemaOfInputs(inputs),
    run: (args, turn) => io.runApp(`${slug}${turn}`, { slug, version }, givenInputs(args)),
  };
}
