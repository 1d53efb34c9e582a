import { describe, expect, it } from "vitest";
import type { Context } from "#platform/context";
import { rememberRegion, workspaceObject } from "#platform/placement";

type Namespace = DurableObjectNamespace<Rpc.DurableObjectBranded>;

/** A namespace that says how it was asked. */
const namespace = (jurisdiction?: string): Namespace =>
  ({
    getByName: (name: string, options?: object) => ({ name, ...options, ...(jurisdiction && { jurisdiction }) }),
    jurisdiction: (name: string) => namespace(name),
  }) as unknown as Namespace;

/** A platform database that knows one region for every workspace, and counts the questions. */
function world(region: string) {
  const asked = { times: 0 };
  const where = async () => {
    asked.times += 1;
    return [{ region }];
  };
  const db = { select: () => ({ from: () => ({ where }) }) };
  return { ctx: { db } as unknown as Context, asked };
}

describe("a workspace's own objects", () => {
  it.each([
    ["auto", {}],
    ["weur", { locationHint: "weur" }],
    ["eu", { jurisdiction: "eu" }],
  ])("of the region %s are placed by %j", async (region, placed) => {
    const { ctx, asked } = world(region);
    for (let time = 0; time < 2; time += 1) {
      expect(await workspaceObject(ctx, namespace(), `wrk_${region}`)).toEqual({ name: `wrk_${region}`, ...placed });
    }
    expect(asked.times).toBe(1);
  });

  it("stay where they were first looked for, without a question where the region is known", async () => {
    const { ctx, asked } = world("weur");
    rememberRegion("wrk_known", "eu");
    rememberRegion("wrk_known", "weur");
    expect(await workspaceObject(ctx, namespace(), "wrk_known")).toMatchObject({ jurisdiction: "eu" });
    expect(asked.times).toBe(0);
  });
});
