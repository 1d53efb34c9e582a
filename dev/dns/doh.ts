import type { Answer, DecodedPacket } from "dns-packet";
import { RECORD_TYPES, type RecordType, TYPE_NUMBERS } from "./records.ts";
import { RCODE } from "./resolve.ts";

/**
 * The two JSON forms of DNS over HTTPS: https://developers.cloudflare.com/1.1.1.1/encryption/dns-over-https/make-api-requests/dns-json/
 * and https://developers.google.com/speed/public-dns/docs/doh/json. They differ in how they write names and texts.
 */
export type DohForm = "cloudflare" | "google";

/** The type that a question asks for, by its name or number; `null` for one that the zone has none of. */
export function typeOf(text: string | null): RecordType | null {
  const wanted = text?.toUpperCase() ?? "A";
  return RECORD_TYPES.find((type) => type === wanted || String(TYPE_NUMBERS[type]) === wanted) ?? null;
}

/** An answer as the resolver's JSON has it; a server that did not answer is a failure. */
export function dohAnswer(form: DohForm, name: string, type: RecordType, answer: DecodedPacket | null): object {
  const bare = name.replace(/\.$/, "");
  const question = { name: form === "google" ? `${bare}.` : bare, type: TYPE_NUMBERS[type] };
  const status = answer === null ? RCODE.failed : (answer.flags ?? 0) & 0xf;
  const found = (answer?.answers ?? []).flatMap((record) => onWire(form, record));
  return {
    Status: status,
    TC: false,
    RD: true,
    RA: true,
    AD: false,
    CD: false,
    Question: [question],
    ...(found.length > 0 ? { Answer: found } : {}),
    ...(answer === null ? { Comment: ["The name's servers do not answer"] } : {}),
  };
}

function onWire(form: DohForm, record: Answer): object[] {
  const type = RECORD_TYPES.find((known) => known === record.type);
  if (type === undefined || !("data" in record)) return [];
  const name = form === "google" ? `${record.name}.` : record.name;
  return [{ name, type: TYPE_NUMBERS[type], TTL: "ttl" in record ? record.ttl : 0, data: dataOf(form, record) }];
}

function dataOf(form: DohForm, record: Answer): string {
  if (record.type === "TXT") return textOf(form, [record.data].flat().map(String));
  const data = "data" in record ? String(record.data) : "";
  return record.type === "CNAME" ? `${data}.` : data;
}

/** Cloudflare writes each string of a text in quotes; Google joins them. */
function textOf(form: DohForm, strings: readonly string[]): string {
  if (form === "google") return strings.join("");
  return strings.map((text) => `"${text.replace(/["\\]/g, "\\$&")}"`).join(" ");
}
