import { isIP } from "node:net";

/** One line of a DNS answer: an address, or the name that another one stands for. */
export interface DnsRecord {
  readonly name: string;
  readonly type: "A" | "AAAA" | "CNAME";
  readonly data: string;
}

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
