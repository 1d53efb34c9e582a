import { type Conversation, NO_CONVERSATION } from "#platform/objects/visitor-session";
import type { RunMessage, RunSession } from "./run.ts";

/** The session of a run as its workflow sees it. */
export function runSession(id: string | null, { summary, turns }: Conversation = NO_CONVERSATION): RunSession {
  const history = turns.flatMap(({ said, answer, at }): RunMessage[] => {
    const time = new Date(at).toISOString();
    return [
      { role: "user", content: said, at: time },
      { role: "assistant", content: answer, at: time },
    ];
  });
  return { id, history, summary };
}
