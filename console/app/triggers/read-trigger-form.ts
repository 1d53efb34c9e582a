import { z } from "zod";
import { ownProblem, type Problem } from "../api/problem.ts";
import { FOLLOWED, MISSED, type TriggerType, WEBHOOK_MODES } from "../api/words.ts";
import { entry } from "../form.ts";
import type { Catalogue } from "../i18n/en.ts";
import { readJsonObject } from "../json-field.ts";

/** What was entered, to be shown again when it was refused. */
export interface TriggerEntries {
  readonly name: string;
  readonly enabled: boolean;
  readonly inputs: string;
  readonly cron?: string;
  readonly timezone?: string;
  readonly missed?: (typeof MISSED)[number];
  readonly mode?: (typeof WEBHOOK_MODES)[number];
  readonly app?: string;
  readonly on?: readonly (typeof FOLLOWED)[number][];
}

/** A trigger as the API takes it, without its type. */
interface TriggerBody {
  readonly name: string;
  readonly enabled: boolean;
  readonly config: Readonly<Record<string, unknown>>;
}

export type ReadTrigger =
  | { readonly ok: true; readonly body: TriggerBody; readonly entered: TriggerEntries }
  | { readonly ok: false; readonly problem: Problem; readonly entered: TriggerEntries };

const common = z.object({ name: entry, enabled: z.literal("on").optional(), inputs: entry });

const schemas = {
  schedule: z.object({ cron: entry, timezone: entry, missed: z.enum(MISSED).catch("skip") }),
  webhook: z.object({ mode: z.enum(WEBHOOK_MODES).catch("accept") }),
  app: z.object({ app: entry }),
} as const;

function isFollowed(value: unknown): value is (typeof FOLLOWED)[number] {
  return FOLLOWED.some((status) => status === value);
}

/** Reads the fields of one type; those of another type are not in its form. */
function configOf(type: TriggerType, form: FormData): Readonly<Record<string, unknown>> {
  const fields = Object.fromEntries(form);
  if (type !== "app") return schemas[type].parse(fields);
  return { ...schemas.app.parse(fields), on: form.getAll("on").filter(isFollowed) };
}

/** Reads a trigger out of its form. Only JSON that is none is found here; the API judges the rest. */
export function readTriggerForm(type: TriggerType, form: FormData, text: Catalogue): ReadTrigger {
  const { name, enabled, inputs } = common.parse(Object.fromEntries(form));
  const config = configOf(type, form);
  const entered = { name, enabled: enabled === "on", inputs, ...config };
  const read = readJsonObject(inputs, "config.inputs", text);
  if (!read.ok) return { ok: false, problem: ownProblem([read.fault]), entered };
  const body = { name, enabled: enabled === "on", config: read.value === undefined ? config : { ...config, inputs: read.value } };
  return { ok: true, body, entered };
}
