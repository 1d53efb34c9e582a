import { z } from "zod";
import { AppError } from "#platform/errors";
import { hostOf, isException, isPublicName } from "./address.ts";
import { asHost, isPublicIp } from "./ip.ts";
import type { Verdict } from "./name-verdicts.ts";
import type { OutgoingPolicy } from "./policy.ts";

/** How requests leave; the platform's own, or a test's. */
export type Fetch = (address: URL, init: RequestInit) => Promise<Response>;

/** Milliseconds that a resolver may take. */
const TIMEOUT = 5_000;

/** Numbers of RFC 1035 and RFC 3596. */
const TYPE = { A: 1, CNAME: 5, AAAA: 28 } as const;
const NO_ERROR = 0;
const NO_SUCH_NAME = 3;

const answerSchema = z.object({
  Status: z.number(),
  Answer: z.array(z.object({ type: z.number(), TTL: z.number(), data: z.string() })).default([]),
});
type DnsAnswer = z.infer<typeof answerSchema>;
type DnsRecord = DnsAnswer["Answer"][number];

/**
 * Refuses (`validation_failed`) an address whose name does not exist or leads anywhere that is not public; without an answer
 * from the resolver, refuses too (`upstream_unavailable`).
 *
 * This is the second line. A Worker cannot say which of a name's addresses its request goes to, so the name may have changed
 * between this look-up and the request; but requests leave from Cloudflare's network, which reaches no private network of ours.
 */
export async function checkName(address: URL, policy: OutgoingPolicy, fetch: Fetch, signal?: AbortSignal | null): Promise<void> {
  const { resolver, verdicts } = policy;
  const name = hostOf(address);
  if (resolver === null || isPublicIp(address.hostname) !== undefined || isException(address, policy)) return;
  let verdict = verdicts.get(name);
  if (verdict === undefined) {
    const records = await recordsOf(name, resolver, fetch, signal);
    verdict = verdictOn(records);
    verdicts.set(name, verdict, Math.min(...records.map(({ TTL }) => TTL)));
  }
  if (verdict === "private")
    throw new AppError("validation_failed", "Only public addresses can be called, and this name leads to another.");
}

async function recordsOf(name: string, resolver: string, fetch: Fetch, signal?: AbortSignal | null): Promise<DnsRecord[]> {
  const limit = AbortSignal.any([AbortSignal.timeout(TIMEOUT), ...(signal ? [signal] : [])]);
  const answers = await Promise.all((["A", "AAAA"] as const).map((type) => ask(name, type, resolver, fetch, limit)));
  const records = answers.flatMap(({ Answer }) => Answer);
  if (records.some(({ type }) => type === TYPE.A || type === TYPE.AAAA)) return records;
  const exists = answers.some(({ Status }) => Status !== NO_SUCH_NAME);
  throw new AppError("validation_failed", exists ? "The address's name leads to no server." : "The address's name does not exist.");
}

async function ask(name: string, type: "A" | "AAAA", resolver: string, fetch: Fetch, signal: AbortSignal): Promise<DnsAnswer> {
  const question = new URL(resolver);
  question.searchParams.set("name", name);
  question.searchParams.set("type", type);
  const answer = await send(question, fetch, signal);
  if (answer.Status !== NO_ERROR && answer.Status !== NO_SUCH_NAME) throw unresolved();
  return answer;
}

async function send(question: URL, fetch: Fetch, signal: AbortSignal): Promise<DnsAnswer> {
  try {
    const response = await fetch(question, { headers: { accept: "application/dns-json" }, redirect: "manual", signal });
    if (response.ok) return answerSchema.parse(await response.json());
    await response.body?.cancel();
  } catch (error) {
    throw unresolved(error);
  }
  throw unresolved();
}

function unresolved(cause?: unknown): AppError {
  return new AppError("upstream_unavailable", "The address's name could not be looked up.", { cause });
}

/** All must be public: which of them a request goes to is not ours to choose. */
function verdictOn(records: readonly DnsRecord[]): Verdict {
  return records.every(leadsOutside) ? "public" : "private";
}

function leadsOutside({ type, data }: DnsRecord): boolean {
  if (type === TYPE.CNAME) return isPublicName(data.toLowerCase().replace(/\.$/, ""));
  if (type !== TYPE.A && type !== TYPE.AAAA) return true;
  const host = asHost(data);
  return host !== undefined && isPublicIp(host) === true;
}
