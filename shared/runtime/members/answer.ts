import { answerFaults } from "#execution";
import type { Context } from "#platform/context";
import { AppError, notFound, validationFailed } from "#platform/errors";
import { callObject } from "#platform/lease/call-object";
import { type AnswerGiven, type Asked, parseAsked } from "#platform/objects/durable-run";
import { durableRun } from "../durable/start.ts";
import { type FoundMemberRun, nodeLogsOf } from "./find.ts";

/**
 * What a node of a run has asked. Throws `not_found` when it has asked nothing, and `invalid_state` when the run ended so long
 * ago that its questions are no longer kept.
 */
export async function findQuestion(ctx: Context, found: FoundMemberRun, nodePath: string): Promise<Asked> {
  if (found.source === "object") {
    const asked = parseAsked(await callObject(() => durableRun(ctx, found.run.id).question(nodePath), "The run"));
    if (asked) return asked;
  } else {
    const logs = await nodeLogsOf(ctx, found);
    if (logs.some(({ node_id, node_type }) => node_id === nodePath && node_type === "approval")) throw ended();
  }
  throw notFound("The question");
}

function ended(): AppError {
  return new AppError("invalid_state", "The run has ended, so that nothing follows from an answer any more.");
}

function answeredAlready(): AppError {
  return new AppError("conflict", "Somebody has answered already.");
}

/**
 * Answers a question; of several at once, one does. Whether the answerer may is for the caller to decide. Throws
 * `validation_failed`, `conflict` when it is answered, and `invalid_state` when it has expired or the run has ended.
 */
export async function answerQuestion(ctx: Context, runId: string, { question, answered }: Asked, answer: AnswerGiven): Promise<void> {
  if (answered) throw answeredAlready();
  const faults = answerFaults(question, answer);
  if (faults.length > 0) throw validationFailed(faults);
  const outcome = await giveAnswer(ctx, runId, question.node_id, answer);
  switch (outcome) {
    case "accepted":
      return;
    case "answered_already":
      throw answeredAlready();
    case "expired":
      throw new AppError("invalid_state", "The question has expired.");
    case "ended":
    case "not_asked":
      throw ended();
  }
}

/** Given once: an answer that was taken, though the word of it was lost, must not be told to be somebody else's. */
async function giveAnswer(ctx: Context, runId: string, nodePath: string, answer: AnswerGiven) {
  try {
    return await durableRun(ctx, runId).answer(nodePath, answer);
  } catch (cause) {
    throw new AppError("upstream_unavailable", "The run did not say whether it has taken the answer. Look at it, and try again.", {
      cause,
      retryAfter: 1,
    });
  }
}
