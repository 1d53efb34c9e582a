/** Statements that read or change rows. The rest (SET, LOCK, DO, ALTER ROLE …) would outlive its run on a shared connection. */
const ALLOWED: ReadonlySet<string> = new Set(["select", "with", "insert", "update", "delete", "merge", "values", "table"]);

/** One piece of SQL that a semicolon cannot end: a comment, a quoted text or name, or a dollar-quoted text. */
const BLANK = /\s+|--[^\n]*/y;
const E_STRING = /[eE]'(?:[^'\\]|\\[\s\S]|'')*'/y;
const STRING = /'(?:[^']|'')*'/y;
const QUOTED_NAME = /"(?:[^"]|"")*"/y;
const DOLLAR_TAG = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;
const WORD = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|\d[\w.]*/y;

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

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

function significantTokens(text: string): string[] {
  const tokens: string[] = [];
  for (let at = 0; at < text.length; ) {
    const { end, blank } = nextToken(text, at);
    if (!blank) tokens.push(text.slice(at, end));
    at = end;
  }
  return tokens;
}

/**
 * Why a text may not run as one statement by the runtime role, or `undefined` when it may. This gives clear answers early;
 * the guards are the protocol, which takes one statement at a time, and the role's privileges.
 */
export function statementRefusal(text: string): string | undefined {
  const tokens = significantTokens(text);
  const end = tokens.indexOf(";");
  if (end !== -1 && tokens.slice(end).some((token) => token !== ";")) return "must be one statement";
  const first = tokens.find((token) => token !== "(" && token !== ";")?.toLowerCase();
  if (first === undefined) return "must be a statement";
  return ALLOWED.has(first) ? undefined : "must be a SELECT, INSERT, UPDATE, DELETE, MERGE or VALUES statement";
}
