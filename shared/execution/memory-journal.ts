import type { NodeLog } from "#platform/records";
import type { Activation, ActivationEnd, Journal } from "./journal.ts";
import type { RunEvent } from "./run.ts";

/** A journal for runs that end with the process that began them: nothing outlives it, and nobody can be asked. */
export class MemoryJournal implements Journal {
  readonly #activations = new Map<string, Activation>();
  readonly #memory = new Map<string, unknown>();
  readonly #onEvent: ((event: RunEvent) => void) | undefined;

  constructor(onEvent?: (event: RunEvent) => void) {
    this.#onEvent = onEvent;
  }

  activation(path: string): Activation | undefined {
    return this.#activations.get(path);
  }

  begin(path: string, _nodeType: string, startedAt: number): number {
    const seq = this.#activations.size;
    this.#activations.set(path, { seq, startedAt, attempts: 1, end: null });
    return seq;
  }

  attempt(path: string, attempts: number): void {
    this.#change(path, { attempts });
  }

  finish(path: string, end: ActivationEnd): void {
    this.#change(path, { end });
  }

  #change(path: string, changes: Partial<Activation>): void {
    const activation = this.#activations.get(path);
    if (activation) this.#activations.set(path, { ...activation, ...changes });
  }

  recall(key: string): unknown {
    return this.#memory.get(key);
  }

  remember(key: string, value: unknown): void {
    this.#memory.set(key, value);
  }

  ask(): void {}

  answerTo(): undefined {
    return undefined;
  }

  emit(event: RunEvent): void {
    this.#onEvent?.(event);
  }

  logs(): NodeLog[] {
    return [...this.#activations.values()].flatMap(({ end }) => (end ? [end.log] : []));
  }
}
