import { describe, expect, it } from "vitest";
import { rememberRegion, workspaceObject } from "#platform/placement";

/** A namespace that says how it was asked. */
const namespace = {
  getByName: (name: string, options?: object): object => ({ name, ...options }),
  jurisdiction: (jurisdiction: string) => ({ getByName: (name: string): object => ({ name, jurisdiction }) }),
};

/** The region is known: nobody is asked for it. */
const ctx = {
  get db(): never {
    throw new Error("the region was looked up");
  },
};

describe("a workspace's own objects", () => {
  it.each([
    ["auto", {}],
    ["weur", { locationHint: "weur" }],
    ["eu", { jurisdiction: "eu" }],
  ])("of the region %s are placed by %j", async (region, placed) => {
    rememberRegion(`wrk_${region}`, region);
    expect(await workspaceObject(ctx, namespace, `wrk_${region}`)).toEqual({ name: `wrk_${region}`, ...placed });
  });

  it("stay where they were first looked for", async () => {
    rememberRegion("wrk_known", "eu");
    rememberRegion("wrk_known", "weur");
    expect(await workspaceObject(ctx, namespace, "wrk_known")).toMatchObject({ jurisdiction: "eu" });
  });
});
