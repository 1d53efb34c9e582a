import { matchAt, type Token, tokenize } from "../../operations/statement-text.ts";

/** Comments end with their line; two dashes begin one only before a blank. What begins with a slash and `*!` is none: the server runs it. */
const BLANK = /\s+|#[^\n]*|--(?=\s|$)[^\n]*|\/\*(?![!M])[\s\S]*?(?:\*\/|$)/y;
const STRING = /'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"/sy;
const QUOTED_NAME = /`(?:[^`]|``)*`/y;
const PARAMETER = /\$\d+/y;
const WORD = /[\p{L}_][\p{L}\d_$]*|\d[\w.]*/uy;

function nextToken(text: string, at: number): { readonly end: number; readonly blank: boolean } {
  const blank = matchAt(BLANK, text, at);
  if (blank !== undefined) return { end: at + blank.length, blank: true };
  const token = [STRING, QUOTED_NAME, PARAMETER, WORD].map((pattern) => matchAt(pattern, text, at)).find((match) => match !== undefined);
  return { end: at + (token?.length ?? 1), blank: false };
}

/** The tokens of a statement as MySQL parts it (MySQL 8.4, "Language Structure"), in its default SQL mode. */
export function mysqlTokens(text: string): Token[] {
  return tokenize(text, nextToken);
}
