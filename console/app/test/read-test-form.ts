import { type Fault, ownProblem, type Problem } from "../api/problem.ts";
import type { Catalogue } from "../i18n/en.ts";
import { readJsonObject } from "../json-field.ts";
import type { DeclaredInput } from "./draft.server.ts";
import { inputName } from "./input-types.ts";
import { readWhat } from "./what.ts";

type Form = Readonly<Record<string, string>>;

/** A test as the API takes it. */
interface TestBody {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly from_node?: string;
  readonly only_node?: string;
  readonly pinned?: Readonly<Record<string, unknown>>;
  readonly run_id?: string;
}

export type ReadTest = { readonly ok: true; readonly body: TestBody } | { readonly ok: false; readonly problem: Problem };

/** Reads a test out of its form, by the draft's declarations. Only JSON that is none is found here; the API judges the rest. */
export function readTestForm(form: Form, declared: readonly DeclaredInput[], text: Catalogue): ReadTest {
  const faults: Fault[] = [];
  const inputs = Object.fromEntries(
    declared.flatMap((input) => {
      const read = readInput(form[inputName(input.name)], input);
      if (!read.ok) faults.push({ path: `inputs.${input.name}`, code: "invalid_json", message: text.test.notJson });
      return read.ok && read.value !== undefined ? [[input.name, read.value]] : [];
    }),
  );
  const pinned = readJsonObject(form["pinned"] ?? "", "pinned", text);
  if (!pinned.ok) faults.push(pinned.fault);
  if (faults.length > 0 || !pinned.ok) return { ok: false, problem: ownProblem(faults) };
  const { based = "" } = form;
  return {
    ok: true,
    body: {
      inputs,
      ...beginning(form["what"] ?? ""),
      ...(pinned.value === undefined ? {} : { pinned: pinned.value }),
      ...(based === "" ? {} : { run_id: based }),
    },
  };
}

function beginning(word: string): Pick<TestBody, "from_node" | "only_node"> {
  const what = readWhat(word);
  switch (what.kind) {
    case "all":
      return {};
    case "from":
      return { from_node: what.node };
    case "only":
      return { only_node: what.node };
  }
}

/** `undefined` for what was left empty; not ok for JSON that is none. */
type ReadInput = { readonly ok: true; readonly value: unknown } | { readonly ok: false };

/** Reads one input as its type. What is not a number stays a text, for the API to name. */
function readInput(entered: string | undefined, input: DeclaredInput): ReadInput {
  // A browser leaves an unticked checkbox out.
  if (input.type === "boolean" && !input.enum) return { ok: true, value: entered === "on" };
  if (entered === undefined || entered.trim() === "" || input.type === "file") return { ok: true, value: undefined };
  const chosen = input.enum?.find((each) => String(each) === entered);
  if (chosen !== undefined) return { ok: true, value: chosen };
  if (input.type === "json") return readJson(entered);
  const isNumber = (input.type === "number" || input.type === "integer") && !Number.isNaN(Number(entered));
  return { ok: true, value: isNumber ? Number(entered) : entered.replaceAll("\r\n", "\n") };
}

function readJson(entered: string): ReadInput {
  try {
    return { ok: true, value: JSON.parse(entered) };
  } catch {
    // Whoever typed it is told; there is nothing else to know.
    return { ok: false };
  }
}
