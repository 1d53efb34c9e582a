import { Cron } from "croner";

/** Why a text is no schedule, if it is none. */
export function cronFault(cron: string): string | undefined {
  if (cron.trim().split(/\s+/).length !== 5) return "Give five fields: minute, hour, day of month, month, day of week.";
  try {
    return new Cron(cron, { timezone: "UTC", paused: true }).nextRun() === null ? "This never comes." : undefined;
  } catch (error) {
    return `This is not a schedule: ${error instanceof Error ? error.message.replace(/^CronPattern: /, "") : "it cannot be read"}`;
  }
}

export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

/**
 * When a schedule is due first after a time, by the wall clock of its zone: an hour that a change of clocks leaves out is made
 * up for right after it, one that comes twice is used once (croner's rules). `null` when it never is again.
 */
export function nextFiring({ cron, timezone }: { readonly cron: string; readonly timezone: string }, after: Date): Date | null {
  return new Cron(cron, { timezone, paused: true }).nextRun(after);
}
