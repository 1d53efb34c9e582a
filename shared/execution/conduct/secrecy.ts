import type { RunError } from "#platform/records";
import { redact, redactText, storable } from "../node-log.ts";

/** A secret as it reads in plain text, within JSON, and within an address. */
function spellings(secret: string): string[] {
  return [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret.toWellFormed())];
}

/** What a run must never show: the workspace's secrets, and what nodes made of them. */
export class Secrecy {
  readonly #hidden = new Set<string>();
  /** Longest first, so that a secret within a secret leaves no rest of the other. */
  #sorted: readonly string[] = [];

  hideAll(secrets: Readonly<Record<string, string>>): void {
    for (const value of Object.values(secrets)) this.hide(value);
  }

  hide(value: string): void {
    for (const spelling of spellings(value)) if (spelling !== "") this.#hidden.add(spelling);
    this.#sorted = [...this.#hidden].sort((left, right) => right.length - left.length);
  }

  get values(): readonly string[] {
    return this.#sorted;
  }

  text(text: string): string {
    return redactText(text, this.#sorted);
  }

  /** An error as the outside may see it. */
  error(error: RunError): RunError {
    return { ...error, message: storable(this.text(error.message)) };
  }

  /** A node's output as the rest of the run gets it: a secret that came back is a secret still. */
  output(output: unknown): unknown {
    return this.#sorted.length === 0 ? output : redact(output, this.#sorted);
  }
}
