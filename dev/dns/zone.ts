import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { type DnsFault, type DnsRecord, recordSchema, type removalSchema } from "./records.ts";

export interface Zone {
  /** Those that were planted at the start, then those that were added, in order. */
  records(): readonly DnsRecord[];
  /** The records that answer for a name, by a wildcard above it where it has none itself (RFC 4592); `null` where the zone knows none. */
  at(name: string): readonly DnsRecord[] | null;
  /** Whether the name, or one below it, has records. */
  exists(name: string): boolean;
  /** Adds a record; one that is there already stays as it is. Says why it cannot where a CNAME would stand beside others. */
  add(record: DnsRecord): Promise<{ readonly refusal: string | null }>;
  /** Takes away what was added; gives what that was. What was planted at the start stays. */
  remove(what: z.infer<typeof removalSchema>): Promise<readonly DnsRecord[]>;
  fault(name: string): DnsFault | undefined;
  faults(): readonly DnsFault[];
  /** `null` mends the name's server. */
  setFault(name: string, fault: DnsFault | null): void;
}

/** The local zone. With a file, what is added is there again after a restart. */
export async function openZone({ planted, file }: { planted: readonly DnsRecord[]; file: string | null }): Promise<Zone> {
  let added = file === null ? [] : await readRecords(file);
  const faults = new Map<string, DnsFault>();
  const all = () => [...planted, ...added];
  const own = (name: string) => all().filter((record) => record.name === name);
  const exists = (name: string) => all().some((record) => record.name === name || record.name.endsWith(`.${name}`));
  let saved: Promise<void> = Promise.resolve();

  /** One after the other, so that the file ends as the last change says. */
  function save(): Promise<void> {
    if (file === null) return Promise.resolve();
    const text = `${JSON.stringify(added, null, 2)}\n`;
    saved = saved.then(() => replaceFile(file, text));
    return saved;
  }

  return {
    records: all,
    exists,
    at(name) {
      const records = own(name);
      if (records.length > 0) return records;
      for (let labels = name.split(".").slice(1); labels.length > 0; labels = labels.slice(1)) {
        const parent = labels.join(".");
        const wild = own(`*.${parent}`);
        if (wild.length > 0) return wild.map((record) => ({ ...record, name }));
        if (exists(parent)) return null;
      }
      return null;
    },
    async add(record) {
      const beside = own(record.name);
      if (beside.some(({ type, data }) => type === record.type && data === record.data)) return { refusal: null };
      if (beside.some(({ type }) => type === "CNAME") || (record.type === "CNAME" && beside.length > 0)) {
        return { refusal: "A CNAME stands alone: no other record may have its name (RFC 1034, section 3.6.2)." };
      }
      added = [...added, record];
      await save();
      return { refusal: null };
    },
    async remove({ name, type, data }) {
      const goes = (record: DnsRecord) =>
        record.name === name && (type === undefined || record.type === type) && (data === undefined || record.data === data);
      const gone = added.filter(goes);
      added = added.filter((record) => !goes(record));
      if (gone.length > 0) await save();
      return gone;
    },
    fault: (name) => faults.get(name),
    faults: () => [...faults.values()],
    setFault(name, fault) {
      if (fault === null) faults.delete(name);
      else faults.set(name, fault);
    },
  };
}

async function readRecords(file: string): Promise<DnsRecord[]> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "[]";
    throw error;
  });
  return z.array(recordSchema).parse(JSON.parse(text));
}

async function replaceFile(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}
