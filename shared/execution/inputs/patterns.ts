import { MAX_PATTERN_LENGTH } from "./declarations.ts";

/** Longest text that a pattern is tried on; shorter where it repeats without limit as often as it may. */
const MAX_SUBJECT = 1_000;
const MAX_SUBJECT_OF_MANY = 200;

/** Unlimited repetitions that a pattern may have: each multiplies the work by the length of the text. */
const MAX_UNLIMITED = 3;

/** Ways in which the limited repetitions of a pattern may share out a text: their ranges, multiplied. */
const MAX_WAYS = 1_000_000;

/** What a pattern is made of: escapes, classes, the ways a group opens, and the signs that matter here. */
const TOKENS = /\\k<|\\.|\[(?:\\.|[^\]\\])*\]|\(\?<?[=!]|\(\?(?::|<\w+>)|\{\d+(?:,\d*)?\}|./gs;

const UNLIMITED = /^(?:[*+]|\{\d+,\})$/;
const VARIABLE = /^(?:[*+?]|\{\d+,\d*\})$/;
/** What follows a group that may come more than once. */
const REPEATED = /^(?:[*+]|\{\d+(?:,\d*)?\})$/;

/**
 * Why a regular expression is refused, or `undefined` if it is fine. JavaScript's engine backtracks, so a repetition of a
 * group that itself repeats or chooses can take exponential time on a few dozen characters; such groups are refused, and
 * so are back-references and looking around.
 */
export function patternFault(pattern: string): string | undefined {
  if (pattern.length > MAX_PATTERN_LENGTH) return `The pattern is longer than ${MAX_PATTERN_LENGTH} characters.`;
  try {
    new RegExp(pattern, "u");
  } catch {
    try {
      new RegExp(pattern);
    } catch {
      return "The pattern is not a regular expression.";
    }
  }
  return hazard(pattern);
}

function tokensOf(pattern: string): string[] {
  return Array.from(pattern.matchAll(TOKENS), ([token]) => token);
}

function hazard(pattern: string): string | undefined {
  const tokens = tokensOf(pattern);
  if (tokens.some((token) => /^\\(?:[1-9]|k<)/.test(token))) return "Back-references cannot be used in a pattern.";
  if (tokens.some((token) => /^\(\?<?[=!]/.test(token))) return "A pattern cannot look ahead or behind.";
  if (repeatsRepetition(tokens)) return "A group that repeats or chooses inside cannot itself be repeated.";
  if (unlimitedIn(tokens) > MAX_UNLIMITED) return `A pattern can have ${MAX_UNLIMITED} unlimited repetitions at most.`;
  const ways = tokens.reduce((product, token) => product * rangeOf(token), 1);
  return ways > MAX_WAYS ? "The repetitions of this pattern can share out a text in too many ways." : undefined;
}

function unlimitedIn(tokens: readonly string[]): number {
  return tokens.filter((token) => UNLIMITED.test(token)).length;
}

/** Characters of the longest text that a pattern is tried on: each unlimited repetition multiplies the work by the length. */
export function maxSubject(pattern: string): number {
  return unlimitedIn(tokensOf(pattern)) < MAX_UNLIMITED ? MAX_SUBJECT : MAX_SUBJECT_OF_MANY;
}

/** In how many lengths a limited repetition comes: `?` in two, `{1,3}` in three. */
function rangeOf(token: string): number {
  if (token === "?") return 2;
  const [, least, most] = /^\{(\d+),(\d+)\}$/.exec(token) ?? [];
  return least === undefined ? 1 : Math.max(1, Number(most) - Number(least) + 1);
}

/** Whether a group that holds a repetition or a choice, at any depth, is repeated. */
function repeatsRepetition(tokens: readonly string[]): boolean {
  const groups: boolean[] = [];
  for (const [index, token] of tokens.entries()) {
    if (token.startsWith("(")) groups.push(false);
    else if (token === ")") {
      const risky = groups.pop() ?? false;
      if (risky && REPEATED.test(tokens[index + 1] ?? "")) return true;
    } else if (token === "|" || VARIABLE.test(token)) groups.fill(true);
  }
  return false;
}
