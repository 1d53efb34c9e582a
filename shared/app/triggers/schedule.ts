import { Cron } from "croner";

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Names that may stand for numbers, from `min` on. */
  readonly names: readonly string[];
}

const FIELDS: readonly Field[] = [
  { name: "minute", min: 0, max: 59, names: [] },
  { name: "hour", min: 0, max: 23, names: [] },
  { name: "day of month", min: 1, max: 31, names: [] },
  { name: "month", min: 1, max: 12, names: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"] },
  { name: "day of week", min: 0, max: 7, names: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"] },
];

/** `*`, a value or a range, and a step where it is no single value: what every cron understands. */
const ITEM = /^(?:(\*)|([a-z\d]{1,3})(?:-([a-z\d]{1,3}))?)(?:\/(\d{1,2}))?$/i;

/** Why a text is no schedule, if it is none: five fields as crontab(5) has them, without the extensions of some (L, W, #, ?, @daily). */
export function cronFault(cron: string): string | undefined {
  const texts = cron.trim().split(/\s+/);
  if (texts.length !== FIELDS.length) return "Give five fields: minute, hour, day of month, month, day of week.";
  const faults = FIELDS.flatMap((field, index) => (texts[index] ?? "").split(",").flatMap((item) => itemFault(item, field) ?? []));
  if (faults[0] !== undefined) return faults[0];
  try {
    return cronOf(cron, "UTC").nextRun() === null ? "This never comes." : undefined;
  } catch {
    return "This is not a schedule.";
  }
}

function itemFault(item: string, field: Field): string | undefined {
  const [, , from, to, step] = ITEM.exec(item) ?? [];
  const { name, min, max } = field;
  if (!ITEM.test(item))
    return `The ${name} "${item}" cannot be read: give *, a number, a range such as 1-5, a step such as */15, or a list of these.`;
  const [first = min, last = max] = [from, to].map((text) => (text === undefined ? undefined : numberOf(text, field)));
  if (![first, last].every((value) => value >= min && value <= max)) return `The ${name} is from ${min} to ${max}, not "${item}".`;
  if (first > last) return `The ${name} "${item}" ends before it begins.`;
  if (step === undefined) return undefined;
  if (from !== undefined && to === undefined)
    return `The ${name} "${item}" has a step without a range: give */${step} or ${from}-${max}/${step}.`;
  return Number(step) >= 1 && Number(step) <= max ? undefined : `The step of the ${name} is from 1 to ${max}.`;
}

/** `NaN` for what is no value of the field. */
function numberOf(text: string, { min, names }: Field): number {
  const index = names.indexOf(text.toUpperCase());
  return index >= 0 ? min + index : /^\d+$/.test(text) ? Number(text) : Number.NaN;
}

export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

/**
 * When a schedule is due first after a time, by the wall clock of its zone; `null` when it never is again. croner's rules
 * hold where clocks change: a time that is left out comes as soon as the clocks have moved; one that comes twice is used the
 * first time, unless the schedule goes on all the while, as every 15 minutes does.
 */
export function nextFiring({ cron, timezone }: { readonly cron: string; readonly timezone: string }, after: Date): Date | null {
  return cronOf(cron, timezone).nextRun(after);
}

function cronOf(cron: string, timezone: string): Cron {
  return new Cron(cron.trim(), { timezone, paused: true, mode: "5-part" });
}
