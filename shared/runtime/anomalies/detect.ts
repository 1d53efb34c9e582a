import type { AnomalyAction, AnomalyRules, AutomaticRule } from "#app";

/** A network's runs of an app within the windows of the app's rules. */
export interface NetworkTraffic {
  /** Keyed hash. */
  readonly network: string;
  /** Runs begun within the window of `frequency`. */
  readonly runs: number;
  /** Runs begun within the window of `failure_rate` that have ended, and those of them that failed. */
  readonly ended: number;
  readonly failed: number;
}

/** All visitors' runs of an app. */
export interface AppTraffic {
  /** Runs begun within the window of `spike`. */
  readonly runs: number;
  /** What is usual for a window of that length. */
  readonly usual: number;
}

const KINDS = { challenge: "challenge", slow: "slow", block: "deny" } as const satisfies Record<AnomalyAction, AutomaticRule["kind"]>;

/** What an app's rules say of one network. */
export function judgeNetwork({ frequency, failure_rate }: AnomalyRules, traffic: NetworkTraffic): AutomaticRule[] {
  const { network, runs, ended, failed } = traffic;
  const match = { type: "network", value: network } as const;
  const found: AutomaticRule[] = [];
  if (frequency !== null && runs > frequency.max_runs) {
    const { action, duration_seconds, window_seconds, max_runs } = frequency;
    const what = { network, runs, max_runs, window_seconds };
    found.push({ source: "frequency", kind: KINDS[action], match, lastsMs: duration_seconds * 1_000, found: what });
  }
  if (failure_rate !== null && ended >= failure_rate.min_runs && failed * 100 > ended * failure_rate.max_failed_percent) {
    const { action, duration_seconds, window_seconds, max_failed_percent } = failure_rate;
    const what = { network, runs: ended, failed, max_failed_percent, window_seconds };
    found.push({ source: "failure_rate", kind: KINDS[action], match, lastsMs: duration_seconds * 1_000, found: what });
  }
  return found;
}

/** What the rule about spikes says of an app's traffic; `null` when it is as usual. */
export function judgeApp(spike: NonNullable<AnomalyRules["spike"]>, { runs, usual }: AppTraffic): AutomaticRule | null {
  const { action, duration_seconds, window_seconds, factor, min_runs } = spike;
  if (runs < min_runs || runs < factor * usual) return null;
  const what = { runs, usual, factor, window_seconds };
  return { source: "spike", kind: KINDS[action], match: { type: "all", value: "" }, lastsMs: duration_seconds * 1_000, found: what };
}
