import { quoteLiteral } from "./quoting.ts";

const UTF8 = new TextDecoder();

/** Texts that every server and every view of its catalog writes alike. */
const PLAIN = /^[ !#-&(-[\]-~]*$/;

/**
 * A text as an expression for a column's default. The views of the catalog spell quotes and backslashes in their own ways and
 * lose characters beyond three bytes, so that such texts are given by their bytes.
 */
export function textExpression(text: string): string {
  if (PLAIN.test(text)) return `(${quoteLiteral(text)})`;
  const hex = Array.from(new TextEncoder().encode(text), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `(CONVERT(UNHEX('${hex}') USING utf8mb4))`;
}

/** The text of a constant as a catalog shows it: bare, quoted, or by its bytes. MySQL marks quoted ones with their character set. */
export function constantText(shown: string): string | undefined {
  const hex = /unhex\((?:_[a-z0-9]+)?\\?'([0-9a-f]*)\\?'\)/i.exec(shown)?.[1];
  if (hex !== undefined) return UTF8.decode(Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16)));
  const quoted = /^\(?(?:_[a-z0-9]+)?\\?'([^'\\]*)\\?'\)?$/.exec(shown)?.[1];
  if (quoted !== undefined) return quoted;
  return /^[-+\w.: ]+$/.test(shown) ? shown : undefined;
}
