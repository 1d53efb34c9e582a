import type { QuickJSHandle } from "quickjs-emscripten-core";
import { z } from "zod";
import { AppError, errorCode, errorMessage } from "#platform/errors";
import { FileReads, type OpenFile } from "./file-reads.ts";
import { PRELUDE } from "./prelude.ts";
import { describe, FILE, placeOf, programOf, type Thrown } from "./program.ts";
import { isOutOfMemory, outOfMemory, Sandbox } from "./sandbox.ts";

/** Characters of JSON that code is given, and that it may give. */
const MAX_GIVEN = 4_194_304;
const MAX_ANSWER = 1_048_576;
/** Characters shown of what code throws. */
const MAX_SHOWN = 1_000;

export interface CodeRun {
  /** The body of an asynchronous function. */
  readonly body: string;
  /** What it sees, by name; JSON. */
  readonly given: Readonly<Record<string, unknown>>;
  readonly openFile: OpenFile;
  /** Milliseconds that it may compute. */
  readonly computeMs: number;
  readonly signal: AbortSignal;
}

const resultSchema = z.object({ value: z.unknown(), logs: z.array(z.string()) });
const answerSchema = z.union([
  z.object({ thrown: z.object({ name: z.string(), message: z.string(), stack: z.string() }) }),
  z.object({ unfit: z.string() }),
  resultSchema,
]);

export type CodeResult = z.infer<typeof resultSchema>;

/**
 * Runs JavaScript in a sandbox of its own, to its end. Fails with `node_timeout` when it computes for too long, and with
 * `node_failed` for everything else that it does wrong.
 */
export async function runCode({ body, given, openFile, computeMs, signal }: CodeRun): Promise<CodeResult> {
  const json = JSON.stringify(given);
  if (json.length > MAX_GIVEN) {
    throw new AppError("node_failed", `inputs and nodes are ${json.length} characters of JSON; a code node takes ${MAX_GIVEN}.`);
  }
  const sandbox = await Sandbox.open({ computeMs });
  const reads = new FileReads(openFile, sandbox);
  const control = sandbox.call(evaluated(sandbox, PRELUDE, "prelude"), json, reads.ask);
  sandbox.call(control, "begin", evaluated(sandbox, programOf(body), FILE));
  for (;;) {
    sandbox.settle();
    const answer = sandbox.text(sandbox.call(control, "answer"));
    if (answer !== undefined) return resultOf(answer);
    const read = await reads.next();
    signal.throwIfAborted();
    if (!read) throw new AppError("node_failed", "The code waits for a promise that nothing settles.");
    const { id, content } = read;
    if ("text" in content) sandbox.call(control, "read", id, content.text);
    else sandbox.call(control, "unread", id, presentable(content.error));
  }
}

function evaluated(sandbox: Sandbox, program: string, file: string): QuickJSHandle {
  const made = sandbox.evaluate(program, file);
  if (made.ok) return made.value;
  throw failed(made.thrown);
}

function resultOf(answer: string): CodeResult {
  if (answer.length > MAX_ANSWER) {
    throw new AppError("node_failed", `The code gives ${answer.length} characters of JSON; ${MAX_ANSWER} are allowed.`);
  }
  const ended = answerSchema.parse(JSON.parse(answer));
  if ("thrown" in ended) throw failed(ended.thrown);
  if ("unfit" in ended) throw new AppError("node_failed", `The code's value is not JSON: ${ended.unfit}.`);
  return ended;
}

function failed(thrown: Thrown): AppError {
  if (isOutOfMemory(thrown)) return outOfMemory();
  const text = describe(thrown).slice(0, MAX_SHOWN);
  return new AppError("node_failed", `The code failed${at(thrown)}: ${text}`);
}

function at(thrown: Thrown): string {
  const place = placeOf(thrown);
  return place === undefined ? "" : ` in ${place}`;
}

/** What the code may know of a failure. One that was not written for users ends the node. */
function presentable(error: unknown): string {
  if (errorCode(error) === undefined) throw error;
  return errorMessage(error);
}
