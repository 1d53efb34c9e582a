import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { verifyArchive } from "./archive-reader.ts";
import type { ArchivedRow, ArchiveHeader } from "./archive-schema.ts";
import { archiveKey, openArchive, storeArchive } from "./archive-store.ts";
import { writeArchive } from "./archive-writer.ts";

// The machine may have other things to do.
vi.setConfig({ testTimeout: 60_000 });

const header: ArchiveHeader = {
  format: "agentflow-backup/1",
  engine: "mysql",
  taken_at: "2026-11-27T00:00:00.000Z",
  tables: [
    {
      name: "notes",
      primary_key: "id",
      columns: [
        { name: "id", type: "id", nullable: false, default: null },
        { name: "text", type: "text", nullable: true, default: null },
      ],
      indexes: [],
      references: [],
    },
  ],
};

/** Longer than what compression looks back on, so that repeating it makes nothing smaller. */
const TEXT = Array.from(crypto.getRandomValues(new Uint8Array(64 * 1024)), (byte) => String.fromCharCode(0x23 + (byte % 57))).join("");

async function* pages(count: number): AsyncGenerator<ArchivedRow[]> {
  for (let page = 0; page < count; page += 1) yield [[String(page).padStart(8, "0"), TEXT]];
}

const key = archiveKey("wrk_1", "bkp_1");

describe("an archive in the bucket", () => {
  it("of several parts is what was written", async () => {
    const seal = await storeArchive(env.FILES, key, writeArchive(header, () => pages(200)).lines);
    expect(seal.bytes).toBeGreaterThan(8 * 1024 * 1024);
    const stored = await openArchive(env.FILES, key);
    expect(stored.size).toBe(seal.bytes);
    const { header: read, tallies } = await verifyArchive(stored.body, seal);
    expect(read).toEqual(header);
    expect(tallies).toMatchObject([{ table: "notes", rows: 200 }]);
  });

  it("is refused when a byte of it is another or missing", async () => {
    const seal = await storeArchive(env.FILES, key, writeArchive(header, () => pages(2)).lines);
    const bytes = new Uint8Array(await (await openArchive(env.FILES, key)).arrayBuffer());
    const altered = Uint8Array.from(bytes);
    altered[bytes.length >> 1] = (altered[bytes.length >> 1] ?? 0) ^ 1;
    for (const other of [altered, bytes.subarray(0, -1), new Uint8Array([...bytes, 0]), new Uint8Array()]) {
      await env.FILES.put(key, other);
      const { body } = await openArchive(env.FILES, key);
      await expect(verifyArchive(body, seal)).rejects.toMatchObject({ code: "invalid_state" });
    }
  });

  it("is none when its rows cannot be read to the end", async () => {
    await env.FILES.delete(key);
    async function* failing(): AsyncGenerator<ArchivedRow[]> {
      yield* pages(1);
      throw new Error("the database is gone");
    }
    await expect(storeArchive(env.FILES, key, writeArchive(header, failing).lines)).rejects.toThrow("the database is gone");
    expect(await env.FILES.head(key)).toBeNull();
    await expect(openArchive(env.FILES, key)).rejects.toMatchObject({ code: "invalid_state" });
  });
});
