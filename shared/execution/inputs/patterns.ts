import { MAX_PATTERN_LENGTH } from "./declarations.ts";

/** Longest text that a pattern is tried on. */
export const MAX_PATTERN_SUBJECT = 1_000;

/** Unlimited repetitions that a pattern may have: each multiplies the work by the length of the text. */
const MAX_UNLIMITED = 3;

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

function hazard(pattern: string): string | undefined {
  const tokens = Array.from(pattern.matchAll(TOKENS), ([token]) => token);
  if (tokens.some((token) => /^\\(?:[1-9]|k<)/.test(token))) return "Back-references cannot be used in a pattern.";
  if (tokens.some((token) => /^\(\?<?[=!]/.test(token))) return "A pattern cannot look ahead or behind.";
  if (repeatsRepetition(tokens)) return "A group that repeats or chooses inside cannot itself be repeated.";
  const unlimited = tokens.filter((token) => UNLIMITED.test(token)).length;
  return unlimited > MAX_UNLIMITED ? `A pattern can have ${MAX_UNLIMITED} unlimited repetitions at most.` : undefined;
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
