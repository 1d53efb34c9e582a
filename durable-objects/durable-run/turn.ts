import { summaryEvent } from "#billing";
import { summarise } from "#execution";
import type { Context } from "#platform/context";
import type { Env } from "#platform/env";
import { type Conversation, type Overflow, parseConversation } from "#platform/objects/visitor-session";
import type { ExecutionRecord, RunError, RunRecord } from "#platform/records";
import { answerText, conversationName, type DurableOrder } from "#runtime";
import type { Texts } from "./texts.ts";

/** Milliseconds after which a run asks again whether its turn has come: it is told, but word may be lost. */
export const ASK_AGAIN = 30_000;
/** Milliseconds for which a run waits for its turn. */
const MAX_WAIT = 3_600_000;

/** What becomes of a run that asks for its turn. */
export type TurnOutcome = "go" | "wait" | keyof typeof REFUSALS;

const REFUSALS = {
  full: { code: "rate_limited", message: "As much is under way here as may be at once." },
  late: { code: "run_timeout", message: "Its turn in the conversation did not come." },
} as const;

/** Why a run ends that has not got its turn, or `null` when it goes on. */
export function refusalOf(outcome: TurnOutcome): RunError | null {
  return outcome === "full" || outcome === "late" ? REFUSALS[outcome] : null;
}

/** A run's part in its visitor's conversation: it waits for its turn, knows what was said, and leaves what it has answered. */
export class ChatTurn {
  readonly #env: Env;
  readonly #texts: Texts;

  constructor(env: Env, texts: Texts) {
    this.#env = env;
    this.#texts = texts;
  }

  /** What had been said when its turn came. It stays as it was then, whatever life of the run asks. */
  get conversation(): Conversation | undefined {
    const text = this.#texts.get("conversation");
    return text === undefined ? undefined : parseConversation(text);
  }

  /** Asks for its turn. Asking again is harmless; what cannot be asked now is to be asked again. */
  async take(ctx: Context, order: DurableOrder): Promise<TurnOutcome> {
    const { id, started_at } = order.execution;
    try {
      const outcome = await this.#ask(order);
      if (outcome !== "wait") return outcome;
    } catch (error) {
      ctx.log.error("a run could not ask for its turn; it asks again", error, { run_id: id });
    }
    return ctx.clock.now() - started_at > MAX_WAIT ? "late" : "wait";
  }

  /** First the conversation's turn, and then a place among the app's runs: the other way round, two could wait for each other. */
  async #ask({ execution, config, gated }: DurableOrder): Promise<"go" | "wait" | "full"> {
    const { id, app_id } = execution;
    if (this.conversation === undefined) {
      const answer = await this.#session(execution).enter(id);
      if (answer.kind !== "go") return answer.kind;
      this.#texts.set("conversation", JSON.stringify(answer.conversation));
    }
    return gated && config.concurrency ? this.#env.RUN_GATE.getByName(app_id).enter(id, app_id, config.concurrency) : "go";
  }

  /** Gives its turn up before it has begun. Where that cannot be told, the session finds out that there is no such run. */
  async giveUp({ execution }: DurableOrder): Promise<void> {
    await Promise.allSettled([this.#session(execution).leave(execution.id, null)]);
  }

  /**
   * Leaves what was said and answered, and lets the next go. Where that makes the conversation too long, its beginning is summed
   * up, at this run's cost. A run that was not completed has answered nothing. Repeating it is harmless.
   */
  async leave(ctx: Context, { turn }: DurableOrder, record: RunRecord): Promise<void> {
    const { id, status, inputs, outputs } = record.execution;
    const answer = status === "completed" ? answerText(turn?.shows ?? null, { inputs, outputs: outputs ?? {} }) : null;
    const session = this.#session(record.execution);
    const overflow = await session.leave(id, turn && answer !== null ? { said: turn.said, answer } : null);
    if (overflow === null) return;
    await session.condense(overflow.upTo, this.#texts.get("summary") ?? (await this.#summarise(ctx, record, overflow)));
  }

  /** The summary, kept together with what it has used; `null` when there can be none. */
  async #summarise(ctx: Context, record: RunRecord, overflow: Overflow): Promise<string | null> {
    const { id, workspace_id, app_id } = record.execution;
    try {
      const { text, usage } = await summarise(ctx, { workspaceId: workspace_id, appId: app_id, runId: id }, overflow);
      const event = summaryEvent(id, usage.total_tokens, ctx.clock.now());
      this.#texts.set("record", JSON.stringify({ ...record, usage_events: [...record.usage_events, event] } satisfies RunRecord));
      this.#texts.set("summary", text);
      return text.trim() || null;
    } catch (error) {
      ctx.log.error("a conversation could not be summed up; its beginning is forgotten", error, { run_id: id });
      return null;
    }
  }

  #session({ workspace_id, app_id, session_id }: ExecutionRecord) {
    if (session_id === null) throw new Error("a turn needs a session");
    return this.#env.VISITOR_SESSION.getByName(conversationName(workspace_id, app_id, session_id));
  }
}
