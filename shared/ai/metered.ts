import { reserveTokens, type TokenCall } from "#billing";
import type { Context } from "#platform/context";
import { type Completion, type CompletionRequest, complete } from "./model.ts";
import { promptBound } from "./prompt-bound.ts";

/** Tokens that an answer may have where its node does not say: enough for long answers, and a bound on what a call can cost. */
export const DEFAULT_MAX_TOKENS = 4_096;

/**
 * Asks a model once, on somebody's account: the most that the call can use is reserved before, and what it has used is counted
 * after; one that fails has used nothing, as the ledger sees it. Throws `quota_exceeded` before the model is asked where less is
 * left, and otherwise as {@link complete} does.
 */
export async function completeMetered(ctx: Context, call: TokenCall, request: CompletionRequest): Promise<Completion> {
  const { maxTokens = DEFAULT_MAX_TOKENS } = request;
  const hold = await reserveTokens(ctx, call, promptBound(request) + maxTokens);
  try {
    const completion = await complete(ctx, { ...request, maxTokens });
    hold.settle(completion.usage.total_tokens);
    return completion;
  } catch (error) {
    hold.settle(0);
    throw error;
  }
}
