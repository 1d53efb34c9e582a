import type OpenAI from "openai";
import type { ToolCall } from "./messages.ts";

type CallDelta = OpenAI.ChatCompletionChunk.Choice.Delta.ToolCall;

/** The calls of an answer that came in one piece. */
export function wholeCalls(calls: readonly OpenAI.ChatCompletionMessageToolCall[] | undefined): ToolCall[] {
  return (calls ?? []).flatMap((call, index) =>
    call.type === "function" ? [{ id: call.id || idOf(index), name: call.function.name, arguments: call.function.arguments }] : [],
  );
}

/** Puts the calls of a streamed answer together: each comes in pieces, and several may come in turns. */
export class CallAssembly {
  readonly #calls = new Map<number, ToolCall>();

  add(deltas: readonly CallDelta[] | undefined): void {
    for (const { index, id, function: piece } of deltas ?? []) {
      const known = this.#calls.get(index) ?? { id: idOf(index), name: "", arguments: "" };
      this.#calls.set(index, {
        id: id || known.id,
        // Some servers send the name again with every piece, none sends it in parts.
        name: piece?.name || known.name,
        arguments: known.arguments + (piece?.arguments ?? ""),
      });
    }
  }

  get calls(): ToolCall[] {
    return [...this.#calls.entries()].sort(([left], [right]) => left - right).map(([, call]) => call);
  }
}

/** For servers that name no call: within one answer, its place does. */
function idOf(index: number): string {
  return `call_${index}`;
}
