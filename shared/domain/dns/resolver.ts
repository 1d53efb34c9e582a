import { z } from "zod";
import { readTxt } from "./txt.ts";

/** Numbers of RFC 1035 and RFC 3596. */
const TYPES = { A: 1, CNAME: 5, TXT: 16, AAAA: 28 } as const;
export type RecordType = keyof typeof TYPES;

/** Numbers of RFC 1035, section 4.1.1. */
const RCODE = { noError: 0, serverFailure: 2, noSuchName: 3 } as const;

/** Why a resolver had nothing to say; nothing follows from it but that it has to be asked again. */
export type Silence =
  | "timeout"
  | "unreachable"
  | "rate_limited"
  | "not_understood"
  | "truncated"
  | "servfail"
  | "dnssec"
  | "lame"
  | "refused";

export interface Found {
  readonly kind: "found";
  /** The names that were followed, the asked one first; one that comes back ends the chain, and is in it twice. */
  readonly chain: readonly string[];
  /** What the last name of the chain has of the asked type, as text; none, where it has none or does not exist. */
  readonly values: readonly string[];
  readonly loop: boolean;
  /** Whether the answer came to an end: a name that does not exist is one, a name that was not followed is not. */
  readonly complete: boolean;
}

export type Answer = Found | { readonly kind: "silent"; readonly reason: Silence };

/** Milliseconds that a resolver may take. */
const TIMEOUT = 4_000;
/** Names that are followed, over as many questions as it takes. */
const MAX_HOPS = 10;

const recordSchema = z.object({ name: z.string(), type: z.number(), data: z.string() });
const replySchema = z.object({
  Status: z.number(),
  TC: z.boolean().default(false),
  Answer: z.array(recordSchema).default([]),
  /** Google gives a text, Cloudflare a list. */
  Comment: z.union([z.string(), z.array(z.string())]).optional(),
});
type Reply = z.infer<typeof replySchema>;
type Sent = Reply | Silence;

export const bareName = (name: string): string => name.toLowerCase().replace(/\.$/, "");

async function send(resolver: string, name: string, type: RecordType, checkingDisabled: boolean): Promise<Sent> {
  const question = new URL(resolver);
  question.searchParams.set("name", name);
  question.searchParams.set("type", type);
  if (checkingDisabled) question.searchParams.set("cd", "1");
  const signal = AbortSignal.timeout(TIMEOUT);
  try {
    const response = await fetch(question, { headers: { accept: "application/dns-json" }, redirect: "manual", signal });
    if (response.ok) return await understood(response);
    await response.body?.cancel();
    if (response.status === 429) return "rate_limited";
    return response.status >= 500 ? "unreachable" : "not_understood";
  } catch {
    return signal.aborted ? "timeout" : "unreachable";
  }
}

async function understood(response: Response): Promise<Sent> {
  const text = await response.text();
  try {
    return replySchema.safeParse(JSON.parse(text)).data ?? "not_understood";
  } catch {
    return "not_understood";
  }
}

/** What a resolver adds about a failure, with the numbers of RFC 8914 where it gives them: `EDE(9): DNSKEY Missing`. */
function hinted({ Comment = "" }: Reply): Silence | null {
  const comment = [Comment].flat().join(" ");
  const code = Number(/\bEDE\(?\s*:?\s*(\d+)/i.exec(comment)?.[1] ?? Number.NaN);
  if ((code >= 5 && code <= 12) || /dnssec|bogus|signature/i.test(comment)) return "dnssec";
  return code === 22 || code === 23 || /lame|no reachable authority|unreachable/i.test(comment) ? "lame" : null;
}

/** Why a resolver failed. One that answers once it need not validate tells that the domain's DNSSEC is broken. */
async function failure(resolver: string, name: string, type: RecordType, reply: Reply): Promise<Silence> {
  if (reply.Status !== RCODE.serverFailure) return "refused";
  const hint = hinted(reply);
  if (hint !== null) return hint;
  const unchecked = await send(resolver, name, type, true);
  const answers = typeof unchecked === "object" && (unchecked.Status === RCODE.noError || unchecked.Status === RCODE.noSuchName);
  return answers ? "dnssec" : "servfail";
}

/** Follows aliases through the records of one reply. */
function follow(start: string, records: Reply["Answer"]): { readonly names: string[]; readonly loop: boolean } {
  const names = [start];
  for (;;) {
    const current = names.at(-1);
    const alias = records.find(({ name, type }) => type === TYPES.CNAME && bareName(name) === current);
    if (!alias) return { names, loop: false };
    const next = bareName(alias.data);
    const loop = names.includes(next);
    names.push(next);
    if (loop) return { names, loop };
  }
}

function valuesAt(name: string, type: RecordType, records: Reply["Answer"]): string[] {
  const own = records.filter((record) => record.type === TYPES[type] && bareName(record.name) === name);
  return own.map(({ data }) => (type === "TXT" ? readTxt(data) : type === "CNAME" ? bareName(data) : data.toLowerCase()));
}

async function askOnce(resolver: string, name: string, type: RecordType): Promise<Answer> {
  const reply = await send(resolver, name, type, false);
  if (typeof reply === "string") return { kind: "silent", reason: reply };
  const [exists, denied] = [reply.Status === RCODE.noError, reply.Status === RCODE.noSuchName];
  if (!exists && !denied) return { kind: "silent", reason: await failure(resolver, name, type, reply) };
  const { names, loop } = type === "CNAME" ? { names: [name], loop: false } : follow(name, reply.Answer);
  const values = valuesAt(names.at(-1) ?? name, type, reply.Answer);
  if (reply.TC && values.length === 0) return { kind: "silent", reason: "truncated" };
  return { kind: "found", chain: names, values, loop, complete: denied || loop || values.length > 0 || names.length === 1 };
}

/**
 * Asks one resolver (DNS over HTTPS in JSON: https://developers.cloudflare.com/1.1.1.1/encryption/dns-over-https/make-api-requests/dns-json/,
 * https://developers.google.com/speed/public-dns/docs/doh/json) for the records of a name, and follows its aliases where the
 * resolver does not. Never throws: whatever goes wrong is a silence.
 */
export async function ask(resolver: string, name: string, type: RecordType): Promise<Answer> {
  const first = await askOnce(resolver, bareName(name), type);
  let answer = first;
  while (answer.kind === "found" && !answer.complete && answer.chain.length < MAX_HOPS) {
    const before: readonly string[] = answer.chain;
    const next = await askOnce(resolver, before.at(-1) ?? name, type);
    if (next.kind === "silent") return next;
    const again = next.chain.slice(1).find((step) => before.includes(step));
    const loop = next.loop || again !== undefined;
    const chain = [...before, ...next.chain.slice(1)];
    answer = { ...next, chain, loop, complete: next.complete || loop };
  }
  return answer;
}
