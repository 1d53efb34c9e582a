import type { ApiDouble, Interfere } from "./api-double.ts";

export type Moment = "before" | "after";

/** The process that asks dies at its k-th request, before or after the request had its effect; what would follow never arrives. */
export function dieAt(k: number, when: Moment): Interfere {
  return ({ number }) => {
    if (number < k) return null;
    return { when: number === k ? when : "before" };
  };
}

type Outcome<T> = { readonly value: T } | { readonly error: unknown };

/**
 * Begins a call again and again, killed at its first, second, … request, until it needs no more requests than it is left with.
 * Gives what that last one gave. A call that fails with anything but a lost connection, or answers as if it had none lost, throws.
 */
export async function killedEverywhere<T>(double: Pick<ApiDouble, "interfere" | "seen">, when: Moment, call: () => Promise<T>): Promise<T> {
  for (let k = 1; ; k += 1) {
    double.interfere(dieAt(k, when));
    const outcome = await call().then<Outcome<T>, Outcome<T>>(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    const requests = double.seen.length;
    double.interfere(null);
    if ("value" in outcome) {
      if (requests >= k) throw new Error(`The call went on although request ${k} was lost`);
      return outcome.value;
    }
    const { error } = outcome;
    if (!(error instanceof Error && "code" in error && error.code === "upstream_unavailable")) throw error;
  }
}
