import { z } from "zod";
import { isCloudflareAddress } from "./cloudflare-ranges.ts";
import { type Answer, bareName, type Silence } from "./resolver.ts";
import { isSameText } from "./txt.ts";

/** `pending`: not at every resolver yet. `unknown`: nothing can be said; asked again, it will be. */
const VERDICTS = ["passed", "failed", "pending", "unknown"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** What a verdict rests on. */
const REASONS = [
  "txt",
  "cname",
  "flattened",
  "found",
  "missing",
  "wrong",
  "loop",
  "mixed",
  "proxied",
  "not_everywhere",
  "no_target",
  "timeout",
  "unreachable",
  "rate_limited",
  "not_understood",
  "truncated",
  "servfail",
  "dnssec",
  "lame",
  "refused",
] as const;
type Reason = (typeof REASONS)[number];

export const findingSchema = z.object({
  state: z.enum(VERDICTS),
  reason: z.enum(REASONS),
  /** What is there instead, or too. */
  found: z.array(z.string()),
});
export type Finding = z.infer<typeof findingSchema>;

/** Texts that are kept of what was found; a name may have any number of records. */
const MAX_FOUND = 20;
const MAX_LENGTH = 255;

function finding(state: Verdict, reason: Reason, found: readonly string[] = []): Finding {
  return { state, reason, found: found.slice(0, MAX_FOUND).map((text) => text.slice(0, MAX_LENGTH)) };
}

const silent = (reason: Silence): Finding => finding("unknown", reason);

/** What one resolver says of a host. */
export interface View {
  /** TXT records at the name of the proof. */
  readonly proof: Answer;
  readonly a: Answer;
  readonly aaaa: Answer;
  /** Addresses of the target that hosts are pointed at; `null` where nobody needed to know. */
  readonly target: { readonly a: Answer; readonly aaaa: Answer } | null;
}

/** What is looked for. */
export interface Wanted {
  readonly hostname: string;
  readonly apex: boolean;
  readonly token: string;
  /** The claim's own name below the target, and the target; `null` where the deployment has none. */
  readonly alias: string | null;
  readonly target: string | null;
}

function chainOf(answer: Answer): readonly string[] {
  return answer.kind === "found" ? answer.chain : [];
}

function valuesOf(answer: Answer): readonly string[] {
  return answer.kind === "found" ? answer.values : [];
}

/** Whether whoever owns the host has proved it, as one resolver sees it: by the record for it, or by an alias that is this claim's own. */
export function ownershipAt({ proof, a, aaaa }: View, { token, alias, apex }: Wanted): Finding {
  const texts = valuesOf(proof);
  if (texts.some((text) => isSameText(text, token))) return finding("passed", "txt", texts);
  const followed = [...chainOf(a), ...chainOf(aaaa)];
  if (alias !== null && followed.includes(bareName(alias))) return finding("passed", "cname", followed.slice(1));
  if (proof.kind === "silent") return silent(proof.reason);
  // An alias might prove it, so nothing follows until it is known that there is none.
  if (!apex && a.kind === "silent") return silent(a.reason);
  return texts.length > 0 ? finding("failed", "wrong", texts) : finding("failed", "missing");
}

/** Whether a name is the target or below it. */
export function isBelow(name: string, target: string): boolean {
  return name === target || name.endsWith(`.${target}`);
}

/** Whether visitors of the host come to us, as one resolver sees it. */
export function routingAt(view: View, { target }: Wanted): Finding {
  if (target === null) return finding("unknown", "no_target");
  const { a, aaaa } = view;
  const followed = [...chainOf(a).slice(1), ...chainOf(aaaa).slice(1)];
  if (followed.some((name) => isBelow(name, bareName(target)))) return finding("passed", "cname", chainOf(a).slice(1));
  if (a.kind === "silent") return silent(a.reason);
  if (aaaa.kind === "silent") return silent(aaaa.reason);
  if (a.loop || aaaa.loop) return finding("failed", "loop", a.chain.slice(1));
  const addresses = [...a.values, ...aaaa.values];
  const found = [...a.chain.slice(1), ...addresses];
  if (addresses.length === 0) return found.length > 0 ? finding("failed", "wrong", found) : finding("failed", "missing");
  return compareAddresses(view, addresses, found);
}

/** A host at the top of its domain has no alias: its addresses are compared with those of the target. */
function compareAddresses({ target }: View, addresses: readonly string[], found: readonly string[]): Finding {
  if (target === null) return finding("failed", "wrong", found);
  if (target.a.kind === "silent") return silent(target.a.reason);
  if (target.aaaa.kind === "silent") return silent(target.aaaa.reason);
  const ours = new Set([...target.a.values, ...target.aaaa.values]);
  const leading = addresses.filter((address) => ours.has(address));
  if (leading.length === addresses.length) return finding("passed", "flattened", found);
  if (addresses.every(isCloudflareAddress)) return finding("pending", "proxied", found);
  return leading.length > 0 ? finding("failed", "mixed", found) : finding("failed", "wrong", found);
}

/** Whether a record is there with this value, as one resolver sees it. */
export function recordAt(answer: Answer, value: string): Finding {
  if (answer.kind === "silent") return silent(answer.reason);
  if (answer.values.some((text) => isSameText(bareName(text), bareName(value)))) return finding("passed", "found", answer.values);
  return answer.values.length > 0 ? finding("failed", "wrong", answer.values) : finding("failed", "missing");
}

/**
 * What all resolvers together say. What all see has passed; what only some see is on its way; where one is silent, nothing is
 * known: neither does it pass by half, nor is an outage held against anybody.
 */
export function agree(findings: readonly Finding[]): Finding {
  const [first, ...others] = findings;
  if (!first) return finding("unknown", "unreachable");
  const unknown = findings.find(({ state }) => state === "unknown");
  if (unknown) return { ...unknown, found: findings.flatMap(({ found }) => found).slice(0, MAX_FOUND) };
  if (others.every(({ state }) => state === first.state)) return findings.find(({ reason }) => reason === "wrong") ?? first;
  if (findings.some(({ state }) => state === "passed")) {
    const behind = findings.find(({ state }) => state !== "passed") ?? first;
    return finding("pending", "not_everywhere", behind.found);
  }
  return findings.find(({ state }) => state === "pending") ?? first;
}
