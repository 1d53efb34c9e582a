import { describe, expect, it } from "vitest";
import { systemClock, systemRandom } from "#platform/clock";
import { isId, newId } from "#platform/ids";
import { placeOf, placeOfRun } from "./place.ts";
import { durableRunId, durableRunName, inlineRunId, isDurableRunId, keyedRunName } from "./run-id.ts";

const fresh = () => newId("run", systemClock, systemRandom);

describe("a run's id", () => {
  it.each(["AAA", "FRA", "HKG", "ZZZ"])("tells the data centre %s", (colo) => {
    for (const id of [inlineRunId(fresh(), placeOf(colo)), durableRunId(fresh(), placeOf(colo))]) {
      expect(isId("run", id)).toBe(true);
      expect(placeOfRun(id)).toBe(colo.toLowerCase());
    }
  });

  it.each([undefined, "", "local", "FRA1", 7])("takes %s for no data centre", (colo) => {
    expect(placeOf(colo)).toBe("local");
    expect(placeOfRun(inlineRunId(fresh(), placeOf(colo)))).toBe("local");
  });

  it("names no place where none was written", () => {
    expect(placeOfRun("run_zzz")).toBeNull();
    expect(placeOfRun("run_u!!")).toBeNull();
  });

  it("tells whether the run has an object of its own, and its name, wherever it was started", () => {
    const id = fresh();
    expect(isDurableRunId(inlineRunId(id, "local"))).toBe(false);
    const [here, there] = [durableRunId(id, "fra"), durableRunId(id, "hkg")];
    expect([here, there].map(isDurableRunId)).toEqual([true, true]);
    expect(durableRunName(here)).toBe(durableRunName(there));
    expect(durableRunName(durableRunId(fresh(), "fra"))).not.toBe(durableRunName(here));
  });

  it("is found by its key", async () => {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode("key")));
    const id = durableRunId(fresh(), "fra", keyedRunName(digest));
    expect(isId("run", id)).toBe(true);
    expect(durableRunName(id)).toBe(keyedRunName(digest));
  });
});
