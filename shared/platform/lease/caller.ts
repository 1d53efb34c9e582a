import type { Context } from "#platform/context";
import type { Exchange, Grant } from "./exchange.ts";
import type { Caller } from "./holder.ts";

/** A request's way to a counter. `hasMore` says whether `exchange` has something of its own to bring. */
export function callerOf<A extends Grant>(
  ctx: Context,
  exchange: (request: Exchange) => Promise<A>,
  hasMore: () => boolean = () => false,
): Caller<A> {
  return {
    exchange,
    hasMore,
    now: () => ctx.clock.now(),
    sleep: (ms) => new Promise((wake) => setTimeout(wake, ms)),
    newLeaseId: () => btoa(String.fromCharCode(...ctx.random.bytes(12))),
    waitUntil: (work) => ctx.waitUntil(work),
    warn: (error) => ctx.log.error("a counter could not be told", error),
  };
}
