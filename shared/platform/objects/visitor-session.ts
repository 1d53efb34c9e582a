import { z } from "zod";

const turnSchema = z.object({
  run_id: z.string(),
  /** What the visitor wrote. */
  said: z.string(),
  /** What the app answered, as its page shows it. */
  answer: z.string(),
  /** When it was answered, in milliseconds since the Unix epoch. */
  at: z.number().int(),
});
/** A turn of a conversation. */
export type Turn = z.infer<typeof turnSchema>;

const conversationSchema = z.object({
  /** What stands for the turns that are not remembered one by one any more. */
  summary: z.string().nullable(),
  /** Oldest first. */
  turns: z.array(turnSchema),
});
/** What a visitor's session remembers. */
export type Conversation = z.infer<typeof conversationSchema>;

export const NO_CONVERSATION: Conversation = { summary: null, turns: [] };

/** Reads a conversation back from the text that a run keeps. */
export function parseConversation(text: string): Conversation {
  return conversationSchema.parse(JSON.parse(text));
}

/** What a run hears that asks for its turn; with its turn comes what has been said up to then. */
export type TurnAnswer =
  | { readonly kind: "go"; readonly conversation: Conversation }
  | { readonly kind: "wait" }
  /** As many wait as may. */
  | { readonly kind: "full" };

/** The beginning of a conversation that has grown past its bounds, to be summed up. */
export interface Overflow extends Conversation {
  /** Names the last of its turns. */
  readonly upTo: number;
}

/**
 * The conversation of one visitor with one app, and the line of the runs that are its turns. Named
 * `<workspace id>:<app id>:<session id>`.
 */
export interface VisitorSessionApi {
  /** Asks for a run's turn. Asking again gives the same answer until its turn comes; its object's `go` is called then. */
  enter(runId: string): Promise<TurnAnswer>;
  /**
   * The run has ended: its turn is kept, unless it has none to keep, and the next may go. Repeating it is harmless. Gives what
   * this run is to have summed up, or `null`.
   */
  leave(runId: string, turn: Pick<Turn, "said" | "answer"> | null): Promise<Overflow | null>;
  /** Puts a summary in the place of all turns up to one; `null` when there could be none. */
  condense(upTo: number, summary: string | null): Promise<void>;
  read(): Promise<Conversation>;
  /** Forgets what was said. Turns that go on are not stopped. */
  forget(): Promise<void>;
}
