import { describe, expect, it } from "vitest";
import { freeSlug, slugOf, slugSchema } from "./slugs.ts";

describe("slugs made from names", () => {
  it.each([
    ["Lead desk", "lead-desk"],
    ["  Crème brûlée!  ", "creme-brulee"],
    ["A/B  test #2", "a-b-test-2"],
    ["问答", "app"],
    ["---", "app"],
    ["x".repeat(80), "x".repeat(60)],
    [`${"x".repeat(59)} y`, "x".repeat(59)],
  ])("%j becomes %s", (name, slug) => {
    expect(slugOf(name)).toBe(slug);
    expect(slugSchema.safeParse(slug).success).toBe(true);
  });
});

describe("freeSlug", () => {
  it("keeps a slug that is free", () => expect(freeSlug("desk", new Set(["desk-2"]))).toBe("desk"));
  it("takes the first free number", () => expect(freeSlug("desk", new Set(["desk", "desk-2", "desk-4"]))).toBe("desk-3"));
  it("does not give out a reserved word", () => expect(freeSlug("admin", new Set())).toBe("admin-2"));
  it("stays within the length", () => {
    const long = "x".repeat(60);
    const found = freeSlug(long, new Set([long]));
    expect(found).toBe(`${"x".repeat(58)}-2`);
    expect(slugSchema.safeParse(found).success).toBe(true);
  });
});

describe("slugSchema", () => {
  it.each(["", "Desk", "a--b", "-a", "a-", "a_b", "api", "docs", "x".repeat(61), "deleted-app-01k0"])("refuses %j", (slug) => {
    expect(slugSchema.safeParse(slug).success).toBe(false);
  });
});
