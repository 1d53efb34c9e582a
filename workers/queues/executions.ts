import type { Context } from "#platform/context";
import { errorMessage } from "#platform/errors";
import { deliver, durableRun, executionsMessageSchema, storeDeadLetter } from "#runtime";

/** Seconds before a message is tried again whose work could not be done for a fault of ours. */
const RETRY_DELAY = 5;

/** A message of a queue. */
type Letter = Pick<Message, "id" | "body" | "ack" | "retry" | "attempts">;

/**
 * Does what messages of the `executions` queue speak of. They only carry word: what is owed stands in its row or its object,
 * so that a message that comes twice, or never, changes nothing.
 */
export async function consumeExecutions(ctx: Context, batch: readonly Letter[]): Promise<void> {
  await Promise.all(
    batch.map(async (letter) => {
      try {
        await handle(ctx, letter);
        letter.ack();
      } catch (error) {
        ctx.log.error("a message of the executions queue could not be dealt with", error, { message_id: letter.id });
        letter.retry({ delaySeconds: RETRY_DELAY * letter.attempts });
      }
    }),
  );
}

async function handle(ctx: Context, { id, body }: Letter): Promise<void> {
  const parsed = executionsMessageSchema.safeParse(body);
  // Nothing will make sense of it later: it is kept for people to look at, and holds up nobody.
  if (!parsed.success) return storeDeadLetter(ctx, { id, queue: "executions", body, error: errorMessage(parsed.error) });
  const message = parsed.data;
  if (message.type === "delivery") return deliver(ctx, message);
  if (await durableRun(ctx, message.runId).go(message.runId)) await ctx.env.RUN_GATE.getByName(message.appId).begun(message.runId);
}

/** Keeps what the `executions` queue gave up on. */
export async function consumeDeadLetters(ctx: Context, batch: readonly Letter[]): Promise<void> {
  await Promise.all(
    batch.map(async (letter) => {
      const { id, body } = letter;
      try {
        await storeDeadLetter(ctx, { id, queue: "executions", body, error: "It failed again and again; the log says how." });
        letter.ack();
      } catch (error) {
        ctx.log.error("a dead letter could not be kept", error, { message_id: id });
        letter.retry({ delaySeconds: RETRY_DELAY * letter.attempts });
      }
    }),
  );
}
