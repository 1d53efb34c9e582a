import type { Fault } from "../api/problem.ts";
import type { Catalogue } from "../i18n/en.ts";
import { readJsonDocument } from "./json-document.ts";
import { lineAndColumn, locate, type Span } from "./locate.ts";

/** A fault with its place in the text, as editors and lists show it. */
export interface PlacedFault extends Span {
  readonly path: string;
  readonly message: string;
  readonly line: number;
  readonly column: number;
}

function place(text: string, path: string, message: string, span: Span): PlacedFault {
  return { path, message, ...span, ...lineAndColumn(text, span.from) };
}

/** Finds each fault's place in the text it was found in, in reading order. */
export function placeFaults(text: string, faults: readonly Fault[]): PlacedFault[] {
  return faults.map((fault) => place(text, fault.path, fault.message, locate(text, fault.path))).sort((a, b) => a.from - b.from);
}

/** What keeps a text from being JSON; nothing where it is. */
export function syntaxFaults(text: string, words: Catalogue): PlacedFault[] {
  const document = readJsonDocument(text);
  if (document.ok) return [];
  const span = { from: document.at, to: Math.min(document.at + 1, text.length) };
  return [place(text, "", words.manifest.syntax[document.fault], span)];
}
