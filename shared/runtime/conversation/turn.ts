import type { DurableOrder } from "../durable/order.ts";
import { fillIn, type Scope, textOf } from "../page/scope.ts";
import type { ServedVersion } from "../versions.ts";

/** What makes a run a turn of a conversation, where its app is a chat. */
export function turnOf({ chatInput, content }: ServedVersion, inputs: Readonly<Record<string, unknown>>): DurableOrder["turn"] {
  if (chatInput === null) return undefined;
  return { said: textOf(inputs[chatInput]), shows: content.ui_schema.result_view?.props.content ?? null };
}

/** What an app answered, as its page shows it: what the result view's content is filled with, or else the outputs. */
export function answerText(shows: string | null, scope: Scope): string {
  if (shows !== null) return textOf(fillIn(shows, scope));
  const values = Object.values(scope.outputs);
  return textOf(values.length === 1 ? values[0] : scope.outputs);
}
