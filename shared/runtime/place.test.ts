import { describe, expect, it } from "vitest";
import { systemClock, systemRandom } from "#platform/clock";
import { isId, newId } from "#platform/ids";
import { placedRunId, placeOf, placeOfRun } from "./place.ts";

describe("place", () => {
  it.each(["AAA", "FRA", "HKG", "ZZZ"])("finds the data centre %s again in a run's id", (colo) => {
    const id = placedRunId(newId("run", systemClock, systemRandom), placeOf(colo));
    expect(isId("run", id)).toBe(true);
    expect(placeOfRun(id)).toBe(colo.toLowerCase());
  });

  it.each([undefined, "", "local", "FRA1", 7])("takes %s for no data centre", (colo) => {
    expect(placeOf(colo)).toBe("local");
    expect(placeOfRun(placedRunId(newId("run", systemClock, systemRandom), placeOf(colo)))).toBe("local");
  });

  it("finds no place where none was written", () => {
    expect(placeOfRun("run_zzz")).toBeNull();
    expect(placeOfRun("run_u!!")).toBeNull();
  });
});
