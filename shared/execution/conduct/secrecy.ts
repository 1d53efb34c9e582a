import type { RunError } from "#platform/records";
import { redact, redactText, storable } from "../node-log.ts";
import { spellingsOf } from "./spellings.ts";

/** Characters of the shortest text made from a secret that is hidden too: a shorter one says little, and stands in many texts. */
const SHORTEST_MADE = 6;

/** What a run must never show: the workspace's secrets, and what nodes made of them. */
export class Secrecy {
  readonly #hidden = new Set<string>();
  /** Longest first, so that a secret within a secret leaves no rest of the other. */
  #sorted: readonly string[] = [];

  hideAll(secrets: Readonly<Record<string, string>>): void {
    for (const value of Object.values(secrets)) this.hide(value);
  }

  hide(value: string): void {
    for (const spelling of spellingsOf(value)) this.#hidden.add(spelling);
    this.#sorted = [...this.#hidden].sort((left, right) => right.length - left.length);
  }

  /** Hides the texts in what an expression made from secrets. */
  hideMade(value: unknown): void {
    if (typeof value === "string" && value.length >= SHORTEST_MADE) this.hide(value);
    else if (typeof value === "object" && value !== null) for (const item of Object.values(value)) this.hideMade(item);
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

  /** Anything thrown, as the operators' log may show it. */
  thrown(error: unknown): unknown {
    if (this.#sorted.length === 0) return error;
    if (!(error instanceof Error)) return this.text(String(error));
    const shown = new Error(this.text(error.message), error.cause === undefined ? {} : { cause: this.thrown(error.cause) });
    shown.stack = this.text(error.stack ?? "");
    return shown;
  }

  /** A node's output as the rest of the run gets it: a secret that came back is a secret still. */
  output(output: unknown): unknown {
    return this.#sorted.length === 0 ? output : redact(output, this.#sorted);
  }
}
