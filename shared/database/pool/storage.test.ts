import { describe, expect, it } from "vitest";
import { dbOperationSchema } from "../operations/operation.ts";
import { StorageGuard } from "./storage.ts";

const operation = (value: unknown) => dbOperationSchema.parse(value);
const insert = operation({ operation: "insert", table: "t", values: {} });

function world(limit: number | null) {
  const clock = { time: 0, now: () => clock.time };
  const far = { bytes: 0, measured: 0 };
  const guard = new StorageGuard(async () => {
    far.measured += 1;
    return far.bytes;
  }, clock);
  guard.set({ bytes: null, limit });
  const pending: Promise<unknown>[] = [];
  return { clock, far, admit: (asked = insert) => guard.admit(asked, (work) => pending.push(work)), settle: () => Promise.all(pending) };
}

describe("StorageGuard", () => {
  it("measures nothing where there is no limit, nor for what needs no room", async () => {
    const { admit, far } = world(null);
    expect(await admit()).toBe("free");
    const limited = world(100);
    for (const asked of [
      { operation: "select", table: "t" },
      { operation: "count", table: "t" },
      { operation: "delete", table: "t", where: {} },
    ]) {
      expect(await limited.admit(operation(asked))).toBe("free");
    }
    expect(far.measured + limited.far.measured).toBe(0);
  });

  it("looks at the size once a minute, and every few seconds near the limit", async () => {
    const { admit, far, clock, settle } = world(100);
    far.bytes = 50;
    for (let at = 0; at < 120_000; at += 1_000) {
      clock.time = at;
      await admit();
      await settle();
    }
    expect(far.measured).toBe(2);
    far.bytes = 95;
    for (let at = 200_000; at < 260_000; at += 1_000) {
      clock.time = at;
      await admit();
      await settle();
    }
    expect(far.measured).toBe(2 + 10);
  });

  it("refuses what would grow, lets reading and deleting go on, and opens again when there is room", async () => {
    const { admit, far, clock, settle } = world(100);
    far.bytes = 100;
    await admit();
    await settle();
    await expect(admit()).rejects.toMatchObject({ code: "quota_exceeded" });
    expect(await admit(operation({ operation: "sql", sql: "SELECT 1" }))).toBe("read_only");
    expect(await admit(operation({ operation: "sql", sql: " delete from t" }))).toBe("free");
    far.bytes = 40;
    clock.time += 4_000;
    await expect(admit()).rejects.toMatchObject({ code: "quota_exceeded" });
    clock.time += 2_000;
    expect(await admit()).toBe("free");
  });
});
