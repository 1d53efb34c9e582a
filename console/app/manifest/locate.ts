import { type JsonNode, readJsonDocument } from "./json-document.ts";

/** A stretch of text, by offsets in UTF-16 units. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

interface Place extends Span {
  readonly node: JsonNode;
}

/**
 * Finds what a fault's path (`workflow.nodes[2].config.table`) names in the text. Where the path goes on past what is there
 * (a field that is missing), the deepest thing that exists is meant: its key, or its opening bracket.
 */
export function locate(text: string, path: string): Span {
  const document = readJsonDocument(text);
  if (!document.ok) return { from: document.at, to: Math.min(document.at + 1, text.length) };
  const { root } = document;
  let place: Place = { node: root, from: root.from, to: root.from + 1 };
  let rest = path;
  while (rest !== "") {
    const step = place.node.kind === "array" ? intoArray(place.node, rest) : intoObject(place.node, rest);
    if (step === undefined) return { from: place.from, to: place.to };
    place = step.place;
    rest = step.rest;
  }
  return place.node === root ? { from: place.from, to: place.to } : wholeIfShort(place);
}

interface Step {
  readonly place: Place;
  readonly rest: string;
}

function intoArray(node: JsonNode & { kind: "array" }, path: string): Step | undefined {
  const index = /^\.?(?:\[(\d+)\]|(\d+)(?=[.[]|$))/.exec(path);
  const item = index ? node.items[Number(index[1] ?? index[2])] : undefined;
  if (!index || !item) return undefined;
  const to = item.kind === "scalar" ? item.to : item.from + 1;
  return { place: { node: item, from: item.from, to }, rest: path.slice(index[0].length) };
}

/** Paths do not quote names, so a name with dots in it is found by trying the longest first. */
function intoObject(node: JsonNode, path: string): Step | undefined {
  if (node.kind !== "object") return undefined;
  const text = path.startsWith(".") ? path.slice(1) : path;
  const names = [...node.members.keys()].filter(
    (name) => name !== "" && text.startsWith(name) && /^(?:[.[]|$)/.test(text.slice(name.length)),
  );
  const name = names.sort((a, b) => b.length - a.length)[0];
  const member = name === undefined ? undefined : node.members.get(name);
  if (name === undefined || !member) return undefined;
  return { place: { node: member.value, from: member.keyFrom, to: member.keyTo }, rest: text.slice(name.length) };
}

/** The value itself where it is a plain one, since that is what has to be changed; otherwise its key. */
function wholeIfShort(place: Place): Span {
  return place.node.kind === "scalar" ? { from: place.node.from, to: place.node.to } : { from: place.from, to: place.to };
}

/** Line and column of an offset, both from 1. */
export function lineAndColumn(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}
