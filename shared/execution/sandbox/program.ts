/** The name of the code in stacks. */
export const FILE = "code";

/** The program that the body of an asynchronous function is. Its lines are the body's, one further on. */
export function programOf(body: string): string {
  return `(async function () { "use strict";\n${body}\n})`;
}

/** What was thrown, as texts. */
export interface Thrown {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
}

/** What happened, for the one who wrote the code. */
export function describe({ name, message }: Thrown): string {
  return name === "" ? message : `${name}: ${message}`;
}

const FRAME = new RegExp(String.raw`\b${FILE}:(\d+):(\d+)`);

/** Where in the body it was thrown: `line 3, column 5`. Both count from 1. */
export function placeOf({ stack }: Thrown): string | undefined {
  const [, line, column] = FRAME.exec(stack) ?? [];
  return line === undefined ? undefined : `line ${Math.max(1, Number(line) - 1)}, column ${column}`;
}
