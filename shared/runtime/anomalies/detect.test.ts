import { describe, expect, it } from "vitest";
import type { AnomalyRules } from "#app";
import { judgeApp, judgeNetwork } from "./detect.ts";

const OFF: AnomalyRules = { frequency: null, failure_rate: null, spike: null };

const QUIET = { network: "net", runs: 0, ended: 0, failed: 0 };

describe("judgeNetwork", () => {
  it("finds more runs than the rule allows, and not one less", () => {
    const rules: AnomalyRules = { ...OFF, frequency: { max_runs: 10, window_seconds: 30, action: "block", duration_seconds: 120 } };
    expect(judgeNetwork(rules, { ...QUIET, runs: 10 })).toEqual([]);
    expect(judgeNetwork(rules, { ...QUIET, runs: 11 })).toEqual([
      {
        source: "frequency",
        kind: "deny",
        match: { type: "network", value: "net" },
        lastsMs: 120_000,
        found: { network: "net", runs: 11, max_runs: 10, window_seconds: 30 },
      },
    ]);
  });

  it("finds a rate of failures above the rule's, of enough runs", () => {
    const failure_rate = { min_runs: 10, max_failed_percent: 50, window_seconds: 300, action: "slow", duration_seconds: 60 } as const;
    const rules: AnomalyRules = { ...OFF, failure_rate };
    expect(judgeNetwork(rules, { ...QUIET, ended: 9, failed: 9 })).toEqual([]);
    expect(judgeNetwork(rules, { ...QUIET, ended: 10, failed: 5 })).toEqual([]);
    expect(judgeNetwork(rules, { ...QUIET, ended: 10, failed: 6 })).toMatchObject([{ source: "failure_rate", kind: "slow" }]);
  });

  it("finds nothing where the rules are off", () => {
    expect(judgeNetwork(OFF, { network: "net", runs: 1e6, ended: 1e6, failed: 1e6 })).toEqual([]);
  });
});

describe("judgeApp", () => {
  const spike = { factor: 3, min_runs: 100, window_seconds: 60, action: "challenge", duration_seconds: 60 } as const;
  const judge = (runs: number, usual: number) => judgeApp(spike, { runs, usual });

  it("finds many times what is usual, from a number that matters", () => {
    expect(judge(99, 1)).toBeNull();
    expect(judge(100, 34)).toBeNull();
    expect(judge(102, 34)).toMatchObject({ source: "spike", kind: "challenge", match: { type: "all", value: "" } });
    expect(judge(100, 0)).not.toBeNull();
  });
});
