import type { Secrecy } from "./secrecy.ts";

/**
 * A text that leaves piece by piece. What could be the beginning of a secret stays until it is clear that it is none, since the
 * rest may come with the next piece.
 */
export class StreamedText {
  readonly #secrecy: Secrecy;
  readonly #send: (text: string) => void;
  #held = "";

  constructor(secrecy: Secrecy, send: (text: string) => void) {
    this.#secrecy = secrecy;
    this.#send = send;
  }

  add(piece: string): void {
    const text = this.#held + piece;
    const end = safeEnd(text, this.#secrecy.values);
    this.#held = text.slice(end);
    this.#pass(text.slice(0, end));
  }

  /** Nothing more will come. */
  end(): void {
    const rest = this.#held;
    this.#held = "";
    this.#pass(rest);
  }

  #pass(text: string): void {
    if (text !== "") this.#send(this.#secrecy.text(text));
  }
}

/** How much of a text can go: up to where a secret may begin that is not over, and never up to within one. */
function safeEnd(text: string, secrets: readonly string[]): number {
  const longest = secrets[0]?.length ?? 0;
  let end = Math.max(0, text.length - longest + 1);
  while (end < text.length && !secrets.some((secret) => secret.startsWith(text.slice(end)))) end += 1;
  for (let before = -1; before !== end; ) {
    before = end;
    for (const secret of secrets) {
      const at = text.lastIndexOf(secret, end - 1);
      if (at >= 0 && at + secret.length > end) end = at;
    }
  }
  return end;
}
