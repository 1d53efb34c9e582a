import { type InputDeclaration, inputDeclarationSchema } from "../inputs/declarations.ts";
import { patternFault } from "../inputs/patterns.ts";
import { valueFaults } from "../inputs/values.ts";
import type { ConfigFault } from "./config-fault.ts";

/** Declarations that contradict themselves or each other. Those that cannot be read are the schema's to report. */
export function inputFaults(inputs: unknown): ConfigFault[] {
  if (!Array.isArray(inputs)) return [];
  const seen = new Set<string>();
  return inputs.flatMap((item: unknown, index) => {
    const parsed = inputDeclarationSchema.safeParse(item);
    if (!parsed.success) return [];
    const faults = declarationFaults(parsed.data).map((fault) => ({ ...fault, at: [index, ...fault.at] }));
    if (seen.has(parsed.data.name)) faults.push({ at: [index, "name"], code: "duplicate_input", message: "Two inputs have this name." });
    seen.add(parsed.data.name);
    return faults;
  });
}

function declarationFaults(declaration: InputDeclaration): ConfigFault[] {
  const { type, pattern, min, max, min_length, max_length } = declaration;
  const faults: ConfigFault[] = [];
  const hazard = pattern === undefined ? undefined : patternFault(pattern);
  if (hazard) faults.push({ at: ["pattern"], code: "invalid_pattern", message: hazard });
  if (min !== undefined && max !== undefined && min > max) {
    faults.push({ at: ["max"], code: "invalid_range", message: "max is smaller than min." });
  }
  if (min_length !== undefined && max_length !== undefined && min_length > max_length) {
    faults.push({ at: ["max_length"], code: "invalid_range", message: "max_length is smaller than min_length." });
  }
  return [...faults, ...(type === "file" ? fileFaults(declaration) : valuesFaults(declaration))];
}

/** A file is given anew each time: there is none to choose from, and none to fall back to. */
function fileFaults(declaration: InputDeclaration): ConfigFault[] {
  const misplaced = (["default", "enum"] as const).filter((name) => declaration[name] !== undefined);
  return misplaced.map((name) => ({ at: [name], code: `invalid_${name}`, message: `An input of type file takes no ${name}.` }));
}

/** A default, and each allowed value, must itself be a value the input takes. */
function valuesFaults(declaration: InputDeclaration): ConfigFault[] {
  const { default: preset, enum: allowed = [] } = declaration;
  const ofDefault = preset === undefined || preset === null ? [] : valueFaults(preset, declaration, "");
  const ofEnum = allowed.flatMap((value, index) => valueFaults(value, declaration, "").map((fault) => ({ ...fault, index })));
  return [
    ...ofDefault.map(({ message }) => ({ at: ["default"], code: "invalid_default", message })),
    ...ofEnum.map(({ message, index }) => ({ at: ["enum", index], code: "invalid_enum", message })),
  ];
}
