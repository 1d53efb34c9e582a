import type { Context } from "#platform/context";
import { AppError } from "#platform/errors";
import { LEASE_LIFE_MS } from "#platform/lease/exchange";
import type { ReservationAnswer } from "#platform/objects/quota-counter";
import { type CounterName, callCounter, quotaOf } from "./counters.ts";

/** Milliseconds that a counter's word on whether tokens are to be reserved may be old. */
const TERMS_LIFE_MS = LEASE_LIFE_MS;

/** Who pays for a call of a model, and what names it: one name is one call, however often it is begun anew. */
export interface TokenCall {
  readonly workspaceId: string;
  readonly appId: string;
  readonly id: string;
}

/** Tokens that one call may use. */
export interface TokenHold {
  /** Says what the call has used: nothing, if it failed. To be called once. */
  settle(used: number): void;
}

/**
 * Takes the most tokens that a call can use out of the workspace's quota, and of the app's budget where it has one, so that
 * calls that go on together never pass a limit together. Costs one call to each counter that stops at its limit of tokens, and
 * otherwise none: the next exchange tells the counter. Errors: `quota_exceeded`, then nothing is reserved and no model is to be
 * asked; `upstream_unavailable`, `database_unavailable`.
 */
export async function reserveTokens(ctx: Context, call: TokenCall, tokens: number): Promise<TokenHold> {
  const { workspaceId, appId } = call;
  const whole = { workspaceId, appId: null };
  const { budgetedApps } = await latestTerms(ctx, whole);
  const names: CounterName[] = budgetedApps.includes(appId) ? [whole, { workspaceId, appId }] : [whole];
  const outcomes = await Promise.allSettled(names.map((name) => hold(ctx, name, call.id, tokens)));
  const holds = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  const settle = (used: number) => {
    for (const each of holds) each.settle(used);
  };
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed) {
    settle(0);
    throw failed.reason;
  }
  return { settle };
}

/** Gives back tokens of a run that was never acknowledged: it is not billed for them. */
export function refundTokens(ctx: Context, workspaceId: string, appId: string, quantity: number): void {
  const whole = { workspaceId, appId: null };
  note(ctx, whole, -quantity);
  if (quotaOf(ctx, whole).quota.holder.last?.budgetedApps.includes(appId)) note(ctx, { workspaceId, appId }, -quantity);
}

function latestTerms(ctx: Context, name: CounterName) {
  const { quota, caller } = quotaOf(ctx, name);
  return quota.holder.latest(caller, TERMS_LIFE_MS);
}

async function hold(ctx: Context, name: CounterName, id: string, tokens: number): Promise<TokenHold> {
  const { reservesTokens } = await latestTerms(ctx, name);
  if (!reservesTokens) return { settle: (used) => note(ctx, name, used) };
  const answer = await callCounter(ctx, name, (counter) => counter.reserve(id, tokens));
  if (!answer.ok) throw refusal(name, tokens, answer);
  return { settle: (used) => ctx.waitUntil(settleReservation(ctx, name, id, used)) };
}

/** What could not be told stays reserved until the counter looks into the ledger for it. */
async function settleReservation(ctx: Context, name: CounterName, id: string, used: number): Promise<void> {
  try {
    await callCounter(ctx, name, (counter) => counter.settle(id, used));
  } catch (error) {
    ctx.log.error("a reservation of tokens could not be settled", error, { workspace_id: name.workspaceId, reservation: id });
  }
}

/** Costs no call: the next one to the counter brings it, within seconds. */
function note(ctx: Context, name: CounterName, tokens: number): void {
  if (tokens === 0) return;
  const { quota, caller } = quotaOf(ctx, name);
  quota.note("tokens", tokens);
  quota.holder.remind(caller);
}

function refusal({ appId }: CounterName, tokens: number, answer: Extract<ReservationAnswer, { ok: false }>): AppError {
  const whose = appId === null ? "the workspace's plan" : "the app's budget";
  const message = `Of the ${answer.limit} tokens of ${whose} in this period, ${answer.left} are left; this call may need ${tokens}.`;
  return new AppError("quota_exceeded", message, { retryAfter: Math.max(1, Math.ceil(answer.resetMs / 1_000)) });
}
