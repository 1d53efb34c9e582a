/** A piece of SQL that cannot be parted: a word, a sign, a quoted text or name, or a stretch of blanks and comments. */
export interface Token {
  readonly text: string;
  /** Nothing but blanks and comments. */
  readonly blank: boolean;
}

/** Statements that read or change rows. The rest (SET, LOCK, DO, ALTER ROLE …) would outlive its run on a shared connection. */
const ALLOWED: ReadonlySet<string> = new Set(["select", "with", "insert", "replace", "update", "delete", "merge", "values", "table"]);

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
  const tokens = parsed.filter((token) => !token.blank).map((token) => token.text);
  const end = tokens.indexOf(";");
  if (end !== -1 && tokens.slice(end).some((token) => token !== ";")) return "must be one statement";
  const first = tokens.find((token) => token !== "(" && token !== ";")?.toLowerCase();
  if (first === undefined) return "must be a statement";
  return ALLOWED.has(first) ? undefined : "must be a SELECT, INSERT, UPDATE, DELETE, MERGE or VALUES statement";
}
