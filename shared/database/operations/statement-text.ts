/** A piece of SQL that cannot be parted: a word, a sign, a quoted text or name, or a stretch of blanks and comments. */
export interface Token {
  readonly text: string;
  /** Nothing but blanks and comments. */
  readonly blank: boolean;
}

/** Statements that read or change rows. The rest (SET, LOCK, DO, ALTER ROLE …) would outlive its run on a shared connection. */
const ALLOWED: ReadonlySet<string> = new Set(["select", "with", "insert", "replace", "update", "delete", "merge", "values", "table"]);

const READING: ReadonlySet<string> = new Set(["select", "with", "values", "table"]);
const WRITING: ReadonlySet<string> = new Set(["insert", "replace", "update", "delete", "merge"]);

/** The piece of text that a pattern with the flag y finds just here. */
export function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

/** Parts a text into tokens by a function that says where the next one ends. */
export function tokenize(text: string, next: (text: string, at: number) => { readonly end: number; readonly blank: boolean }): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    const { end, blank } = next(text, at);
    tokens.push({ text: text.slice(at, end), blank });
    at = end;
  }
  return tokens;
}

/**
 * Why a statement may not run by the runtime role, or `undefined` when it may. This gives clear answers early; the guards are
 * the protocol, which takes one statement at a time, and the role's privileges.
 */
export function statementRefusal(parsed: readonly Token[]): string | undefined {
  const tokens = words(parsed);
  const end = tokens.indexOf(";");
  if (end !== -1 && tokens.slice(end).some((token) => token !== ";")) return "must be one statement";
  const first = firstWord(tokens);
  if (first === undefined) return "must be a statement";
  return ALLOWED.has(first) ? undefined : "must be a SELECT, INSERT, UPDATE, DELETE, MERGE or VALUES statement";
}

/** Why a statement is none that reads, or `undefined` when it may be one. */
export function readingRefusal(parsed: readonly Token[]): string | undefined {
  const first = firstWord(words(parsed));
  return first !== undefined && READING.has(first) ? undefined : "must be a SELECT, WITH, VALUES or TABLE statement";
}

/**
 * Whether a statement says that it changes rows: as the whole of it, or as a part in parentheses. What a name or a function
 * makes of these words is told apart only roughly: it gives a clear answer early, and is no guard.
 */
export function writesRows(parsed: readonly Token[]): boolean {
  const tokens = words(parsed);
  const first = firstWord(tokens);
  if (first !== undefined && WRITING.has(first)) return true;
  let depth = 0;
  return tokens.some((token, index) => {
    if (token === "(") depth += 1;
    if (token === ")") depth -= 1;
    const begins = tokens[index - 1] === "(" || (first === "with" && depth === 0 && tokens[index - 1] === ")");
    return begins && WRITING.has(token) && /^[a-z_"`]/.test(tokens[index + 1] ?? "");
  });
}

/** What a statement says, in lower case, without blanks and comments. */
export function words(tokens: readonly Token[]): string[] {
  return tokens.filter((token) => !token.blank).map((token) => token.text.toLowerCase());
}

function firstWord(tokens: readonly string[]): string | undefined {
  return tokens.find((token) => token !== "(" && token !== ";");
}
