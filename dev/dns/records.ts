import { isIP } from "node:net";
import { z } from "zod";

/** A record of the local zone: an address, the name that another one stands for, or a text. */
export type DnsRecord = z.infer<typeof recordSchema>;
export type RecordType = DnsRecord["type"];

/** Numbers of RFC 1035 and RFC 3596. */
export const TYPE_NUMBERS: Readonly<Record<RecordType, number>> = { A: 1, CNAME: 5, TXT: 16, AAAA: 28 };
export const RECORD_TYPES = ["A", "AAAA", "CNAME", "TXT"] as const;

const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;
/** Bytes that a TXT record may have, so that any number of its strings fits into one answer. */
const MAX_TEXT = 4_096;

const nameSchema = z
  .string()
  .transform((text) => text.trim().toLowerCase().replace(/\.$/, ""))
  .refine(isName, "Must be a name such as shop.example.test; *.example.test stands for all names below one");

export const recordSchema = z
  .strictObject({ name: nameSchema, type: z.enum(RECORD_TYPES), data: z.string().min(1).max(MAX_TEXT) })
  .transform((record, context) => {
    if (record.type === "TXT") return record;
    const data = record.data.trim().toLowerCase().replace(/\.$/, "");
    const fits = record.type === "CNAME" ? isIP(data) === 0 && isName(data) && !data.startsWith("*") : isIP(data) === FAMILIES[record.type];
    if (fits) return { ...record, data };
    context.addIssue({ code: "custom", path: ["data"], message: `Must be ${WANTED[record.type]}` });
    return z.NEVER;
  });

const FAMILIES = { A: 4, AAAA: 6 } as const;
const WANTED = { A: "an IPv4 address", AAAA: "an IPv6 address", CNAME: "a name" } as const;

function isName(text: string): boolean {
  const labels = text.split(".");
  return text.length <= 253 && (labels[0] === "*" ? labels.slice(1) : labels).every((label) => LABEL.test(label)) && text !== "*";
}

/** Which records to take away; all of a name where nothing more is said. */
export const removalSchema = z.strictObject({
  name: nameSchema,
  type: z.enum(RECORD_TYPES).optional(),
  data: z.string().optional(),
});

/** What is wrong with a name's server: it fails, refuses, is slow, does not answer, or has no room in a datagram. */
export const faultSchema = z.strictObject({
  name: nameSchema,
  kind: z.enum(["servfail", "refused", "delay", "silent", "truncated"]),
  /** Milliseconds that `delay` takes. */
  delay_ms: z.number().int().min(0).max(60_000).default(1_000),
});
export type DnsFault = z.infer<typeof faultSchema>;

/** Names that lead where the user says: `name=address` or `name=other name`, separated by commas; a name may have several. */
export function parseRecords(text: string): DnsRecord[] {
  const entries = text.split(",").flatMap((entry) => entry.trim() || []);
  return entries.map((entry) => {
    const [name = "", data = "", ...more] = entry.split("=").map((part) => part.trim().toLowerCase());
    if (name === "" || data === "" || more.length > 0) throw new Error(`${JSON.stringify(entry)} is not name=address`);
    const family = isIP(data);
    return { name, type: family === 4 ? "A" : family === 6 ? "AAAA" : "CNAME", data };
  });
}
