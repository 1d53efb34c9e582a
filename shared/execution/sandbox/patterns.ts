import { z } from "zod";
import { errorCode } from "#platform/errors";
import { Sandbox } from "./sandbox.ts";

/** Milliseconds that all matching of one expression may compute. */
const COMPUTE_MS = 250;
/** Times that one expression may look for the next match: each is a way into the sandbox and back, whose cost is not counted. */
const MAX_MATCHES = 10_000;

/** Gives a function (from, text?) for a pattern, which keeps the text for the next time. */
const MATCHER = `(function (source, flags) {
  const pattern = new RegExp(source, flags);
  let text = "";
  return (from, given) => {
    if (given !== undefined) text = given;
    pattern.lastIndex = Number(from);
    const match = pattern.exec(text);
    return match === null ? undefined : JSON.stringify({ index: match.index, end: pattern.lastIndex, parts: [...match] });
  };
})`;

const matchSchema = z.object({ index: z.number(), end: z.number(), parts: z.array(z.string().nullable()) });

/**
 * A stand-in for RegExp that matches in a sandbox: the engine beneath backtracks, and nothing could end it. One for each
 * evaluation, since its time is counted over all matches.
 */
export async function meteredRegExp(): Promise<RegExpConstructor> {
  const sandbox = await Sandbox.open({ computeMs: COMPUTE_MS });
  let left = MAX_MATCHES;
  const spend = () => {
    left -= 1;
    if (left < 0) throw new Error(`Patterns match more than ${MAX_MATCHES} times.`);
  };
  return new Proxy(RegExp, { construct: (_target, [pattern]) => new MeteredPattern(sandbox, pattern, spend) });
}

/** As much of a RegExp as the expression engine uses. */
class MeteredPattern {
  lastIndex = 0;
  readonly #sandbox: Sandbox;
  readonly #match;
  readonly #spend: () => void;
  #text: string | undefined;

  constructor(sandbox: Sandbox, { source, flags }: RegExp, spend: () => void) {
    this.#sandbox = sandbox;
    this.#spend = spend;
    const matcher = sandbox.evaluate(MATCHER, "matcher");
    if (!matcher.ok) throw new Error(`the matcher does not compile: ${matcher.thrown.message}`);
    this.#match = sandbox.call(matcher.value, source, flags);
  }

  exec(text: string) {
    this.#spend();
    const answer = this.#answer(text);
    this.#text = text;
    if (answer === undefined) {
      this.lastIndex = 0;
      return null;
    }
    const { index, end, parts } = matchSchema.parse(JSON.parse(answer));
    this.lastIndex = end;
    // A group that took no part is undefined, which JSON does not know.
    return Object.assign(
      parts.map((part) => part ?? undefined),
      { index, input: text },
    );
  }

  #answer(text: string): string | undefined {
    const given = text === this.#text ? [] : [text];
    try {
      return this.#sandbox.text(this.#sandbox.call(this.#match, String(this.lastIndex), ...given));
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
      throw new Error("A pattern takes too long on this text.", { cause: error });
    }
  }
}
