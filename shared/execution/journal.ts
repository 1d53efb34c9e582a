import type { AnswerGiven } from "#platform/objects/durable-run";
import type { NodeLog, Question } from "#platform/records";
import type { RunEvent } from "./run.ts";

/** One node's turn within a run, as far as it has come. Its path names it: `fetch`, or `each[2].fetch` within a loop. */
export interface Activation {
  /** Order of starting within the run, from 0. */
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** The attempt that was begun last, from 1. */
  readonly attempts: number;
  /** `null` while it goes on. */
  readonly end: ActivationEnd | null;
}

export interface ActivationEnd {
  readonly log: NodeLog;
  /** What it gave, whole; logs hold less. */
  readonly output: unknown;
  readonly port: string | undefined;
}

/**
 * What a run must not forget. Its methods are synchronous: where the storage is durable, the host holds back everything that
 * leaves the process until it is written, so that whatever depends on an entry comes after it.
 */
export interface Journal {
  activation(path: string): Activation | undefined;
  /** Notes that a node begins, at its first attempt. Gives its number in the order of starting. */
  begin(path: string, nodeType: string, startedAt: number): number;
  /** Notes that attempt number `attempts` begins, from 2 on. */
  attempt(path: string, attempts: number): void;
  finish(path: string, end: ActivationEnd): void;
  /** A value that was remembered, or `undefined`. */
  recall(key: string): unknown;
  /** Keeps a JSON value under a name for the rest of the run. */
  remember(key: string, value: unknown): void;
  /** Puts a question to people. Asking again changes nothing. */
  ask(question: Question): void;
  /** What was answered to a node's question so far. */
  answerTo(path: string): AnswerGiven | undefined;
  /** Tells whoever watches. The log, where a node has ended, is for members. */
  emit(event: RunEvent, log?: NodeLog): void;
  /** Logs of the nodes that have ended, in the order they started. */
  logs(): NodeLog[];
}
