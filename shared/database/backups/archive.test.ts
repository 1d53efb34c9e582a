import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { errorCode } from "#platform/errors";
import { type ArchiveEvent, type ArchiveSeal, readArchive, verifyArchive } from "./archive-reader.ts";
import type { ArchivedRow, ArchiveHeader } from "./archive-schema.ts";
import { writeArchive } from "./archive-writer.ts";
import { asBytes, through } from "./byte-streams.ts";
import { createDigest } from "./tally.ts";

const table = (name: string) => ({
  name,
  primary_key: "id",
  columns: [
    { name: "id", type: "id" as const, nullable: false, default: null },
    { name: "note", type: "text" as const, nullable: true, default: null },
  ],
  indexes: [],
  references: [],
});

const header: ArchiveHeader = {
  format: "agentflow-backup/1",
  engine: "postgres",
  taken_at: "2026-11-27T00:00:00.000Z",
  tables: [table("empty"), table("notes")],
};

const rows: ArchivedRow[] = [
  ["01", "a"],
  ["02", null],
  ["03", "𝄞 \u2028\n"],
];

async function* pages<Row>(all: readonly Row[], size: number): AsyncGenerator<readonly Row[]> {
  for (let at = 0; at < all.length; at += size) yield all.slice(at, at + size);
}

async function* chunked(bytes: Uint8Array<ArrayBuffer>, size = 7): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function textOf(pageSize = 2): Promise<string> {
  const { lines } = writeArchive(header, ({ name }) => pages(name === "notes" ? rows : [], pageSize));
  let text = "";
  for await (const line of lines) text += line;
  return text;
}

function sealOf(bytes: Uint8Array): ArchiveSeal {
  const digest = createDigest();
  digest.add(bytes);
  return { bytes: bytes.length, sha256: digest.end() };
}

/** The code with which an archive is refused, or `undefined` when it is taken. */
async function refusalOf(bytes: Uint8Array<ArrayBuffer>, seal = sealOf(bytes)): Promise<string | undefined> {
  try {
    await verifyArchive(chunked(bytes), seal);
    return undefined;
  } catch (error) {
    return errorCode(error) ?? String(error);
  }
}

describe("an archive", () => {
  it("gives back what was written, page by page, whatever the pages", async () => {
    for (const size of [1, 2, 3]) {
      const bytes = new Uint8Array(gzipSync(await textOf(size)));
      const events: ArchiveEvent[] = [];
      for await (const event of readArchive(chunked(bytes), sealOf(bytes))) events.push(event);
      expect(events[0]).toEqual({ kind: "header", header });
      expect(events.flatMap((event) => (event.kind === "rows" ? event.rows : []))).toEqual(rows);
      const tallies = events.flatMap((event) => (event.kind === "table_end" ? [event.tally] : []));
      expect(tallies.map(({ table: name, rows: count }) => [name, count])).toEqual([
        ["empty", 0],
        ["notes", 3],
      ]);
    }
  });

  it("tells how much it holds", async () => {
    const draft = writeArchive(header, ({ name }) => pages(name === "notes" ? rows : [], 1));
    for await (const _ of draft.lines);
    expect(draft.totals()).toEqual({ tables: 2, rows: 3 });
  });

  it("has the same tallies however its rows came in pages", async () => {
    const tallies = async (size: number) => {
      const bytes = new Uint8Array(gzipSync(await textOf(size)));
      return (await verifyArchive(chunked(bytes), sealOf(bytes))).tallies;
    };
    expect(await tallies(1)).toEqual(await tallies(3));
  });

  it("is refused when it ends too soon, at whatever byte", async () => {
    const bytes = new Uint8Array(gzipSync(await textOf()));
    for (let length = 0; length < bytes.length; length += 1) {
      expect([length, await refusalOf(bytes.slice(0, length), sealOf(bytes))]).toEqual([length, "invalid_state"]);
    }
  });

  it("is refused when a bit of it is another, whichever", async () => {
    const bytes = new Uint8Array(gzipSync(await textOf()));
    for (let bit = 0; bit < bytes.length * 8; bit += 3) {
      const altered = Uint8Array.from(bytes);
      altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect([bit, await refusalOf(altered, sealOf(bytes))]).toEqual([bit, "invalid_state"]);
    }
  });

  it("is refused when something follows it", async () => {
    const bytes = new Uint8Array(gzipSync(await textOf()));
    expect(await refusalOf(Uint8Array.from([...bytes, 0]))).toBe("invalid_state");
    expect(await refusalOf(new Uint8Array(gzipSync(`${await textOf()}{}\n`)))).toBe("invalid_state");
  });

  it("is refused when its text is another, even where the bytes are those that were stored", async () => {
    const text = await textOf();
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length - 1), fc.constantFrom("", "0", "1", '"', "x", "\n"), async (at, put) => {
        const altered = `${text.slice(0, at)}${put}${text.slice(at + 1)}`;
        fc.pre(altered !== text);
        expect(await refusalOf(new Uint8Array(gzipSync(altered)))).toBe("invalid_state");
      }),
      { numRuns: 300 },
    );
  });

  it("is refused when lines are missing, doubled or in another order", async () => {
    const lines = (await textOf()).trimEnd().split("\n");
    const refused = async (changed: readonly string[]) =>
      expect(await refusalOf(new Uint8Array(gzipSync(changed.map((line) => `${line}\n`).join(""))))).toBe("invalid_state");
    for (const [at, line] of lines.entries()) {
      await refused(lines.toSpliced(at, 1));
      await refused(lines.toSpliced(at, 0, line));
      if (at > 0) await refused(lines.toSpliced(at - 1, 2, line, lines[at - 1] ?? ""));
    }
  });

  it("is not taken for damaged when it cannot be read", async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(gzipSync(await textOf())).subarray(0, 20);
      throw new Error("connection lost");
    }
    await expect(verifyArchive(broken(), { bytes: 1, sha256: "" })).rejects.toMatchObject({ code: "upstream_unavailable" });
  });
});

describe("bytes through a transform", () => {
  it("come out as they went in", async () => {
    const parts: Uint8Array[] = [];
    for await (const part of through(asBytes(pagesOfText()), new CompressionStream("gzip"), (error) => error)) parts.push(part);
    expect(gunzipSync(Buffer.concat(parts)).toString()).toBe("one\ntwo\n");
  });

  it("end with the error of their source", async () => {
    async function* failing(): AsyncGenerator<string> {
      yield "one";
      throw new Error("gone");
    }
    const read = async () => {
      for await (const _ of through(asBytes(failing()), new CompressionStream("gzip"), () => new Error("another")));
    };
    await expect(read()).rejects.toThrow("gone");
  });

  it("close their source when nobody takes them any more", async () => {
    let isClosed = false;
    async function* endless(): AsyncGenerator<string> {
      try {
        for (let at = 0; ; at += 1) yield `${Math.sin(at)}`.repeat(1000);
      } finally {
        isClosed = true;
      }
    }
    for await (const _ of through(asBytes(endless()), new CompressionStream("gzip"), (error) => error)) break;
    expect(isClosed).toBe(true);
  });
});

async function* pagesOfText(): AsyncGenerator<string> {
  yield "one\n";
  yield "two\n";
}
