import { matchAt, type Token, tokenize } from "../../operations/statement-text.ts";

/** One piece of SQL that a semicolon cannot end: a comment, a quoted text or name, or a dollar-quoted text. */
const BLANK = /\s+|--[^\n]*/y;
const E_STRING = /[eE]'(?:[^'\\]|\\[\s\S]|'')*'/y;
const STRING = /'(?:[^']|'')*'/y;
const QUOTED_NAME = /"(?:[^"]|"")*"/y;
const DOLLAR_TAG = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;
const WORD = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|\d[\w.]*/y;

/** Where a block comment that begins at `at` ends; they nest. */
function afterBlockComment(text: string, at: number): number {
  let depth = 0;
  for (let index = at; index < text.length; index += 1) {
    const pair = text.slice(index, index + 2);
    if (pair === "/*") depth += 1;
    if (pair === "*/") depth -= 1;
    if (pair === "/*" || pair === "*/") index += 1;
    if (depth === 0) return index + 1;
  }
  return text.length;
}

function afterDollarQuote(text: string, at: number, tag: string): number {
  const end = text.indexOf(tag, at + tag.length);
  return end === -1 ? text.length : end + tag.length;
}

/** The next token from `at`: where it ends, and whether it is nothing but space. */
function nextToken(text: string, at: number): { readonly end: number; readonly blank: boolean } {
  const blank = matchAt(BLANK, text, at);
  if (blank !== undefined) return { end: at + blank.length, blank: true };
  if (text.startsWith("/*", at)) return { end: afterBlockComment(text, at), blank: true };
  const tag = matchAt(DOLLAR_TAG, text, at);
  if (tag !== undefined) return { end: afterDollarQuote(text, at, tag), blank: false };
  // Words come last but one: a name such as e'…' begins like one, and a $ inside a name opens no quote.
  const token = [E_STRING, STRING, QUOTED_NAME, WORD].map((pattern) => matchAt(pattern, text, at)).find((match) => match !== undefined);
  return { end: at + (token?.length ?? 1), blank: false };
}

/** The tokens of a statement as PostgreSQL parts it (PostgreSQL, "Lexical Structure"). */
export function postgresTokens(text: string): Token[] {
  return tokenize(text, nextToken);
}
