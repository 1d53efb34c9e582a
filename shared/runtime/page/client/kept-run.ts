import { currentSession } from "./requests.ts";

/** A run that goes on, as the tab keeps it: the same page loaded anew takes it up again. */
interface KeptRun {
  readonly runId: string;
  /** The form's fields, as a query. */
  readonly fields: string;
  readonly session: string | null;
}

function nameOf(address: string): string {
  return `agentflow run ${address}`;
}

/** The tab's storage, or `null` where the browser gives a page none. */
function storage(): Storage | null {
  try {
    return sessionStorage;
  } catch {
    // Blocked by the visitor, or by the site that shows this page in a frame.
    return null;
  }
}

export function keepRun(address: string, runId: string, fields: URLSearchParams): void {
  const kept: KeptRun = { runId, fields: fields.toString(), session: currentSession() };
  storage()?.setItem(nameOf(address), JSON.stringify(kept));
}

export function keptRun(address: string): KeptRun | null {
  const text = storage()?.getItem(nameOf(address)) ?? null;
  return text === null ? null : JSON.parse(text);
}

export function forgetRun(address: string): void {
  storage()?.removeItem(nameOf(address));
}
