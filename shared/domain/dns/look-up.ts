import { z } from "zod";
import { type Answer, ask, type Found } from "./resolver.ts";
import { agree, type Finding, findingSchema, isBelow, ownershipAt, recordAt, routingAt, type View, type Wanted } from "./verdicts.ts";

/** A record that somebody is to set. */
export interface WantedRecord {
  readonly type: "TXT" | "CNAME";
  readonly name: string;
  readonly value: string;
}

/** What the resolvers together say of a host. */
export const dnsFactsSchema = z.object({
  ownership: findingSchema,
  routing: findingSchema,
  /** By the name and value of each further record that was asked for, such as those of a certificate. */
  records: z.array(z.object({ name: z.string(), value: z.string(), finding: findingSchema })),
});
export type DnsFacts = z.infer<typeof dnsFactsSchema>;

/** Before anybody was asked. */
export const NOTHING_KNOWN: DnsFacts = {
  ownership: { state: "unknown", reason: "unreachable", found: [] },
  routing: { state: "unknown", reason: "unreachable", found: [] },
  records: [],
};

/** The name of the record that proves a claim. */
export const proofName = (hostname: string): string => `_agentflow.${hostname}`;

const hasAddresses = (answer: Answer): answer is Found => answer.kind === "found" && answer.values.length > 0;

/** The addresses of the target are asked for only where no alias leads there and there is something to be compared. */
async function targetSeenBy(resolver: string, a: Answer, aaaa: Answer, target: string | null): Promise<View["target"]> {
  if (target === null || !(hasAddresses(a) || hasAddresses(aaaa))) return null;
  const followed = [a, aaaa].flatMap((answer) => (answer.kind === "found" ? answer.chain : []));
  if (followed.some((name) => isBelow(name, target))) return null;
  const [targetA, targetAaaa] = await Promise.all([ask(resolver, target, "A"), ask(resolver, target, "AAAA")]);
  return { a: targetA, aaaa: targetAaaa };
}

async function viewFrom(resolver: string, { hostname, target }: Wanted): Promise<View> {
  const [proof, a, aaaa] = await Promise.all([
    ask(resolver, proofName(hostname), "TXT"),
    ask(resolver, hostname, "A"),
    ask(resolver, hostname, "AAAA"),
  ]);
  return { proof, a, aaaa, target: await targetSeenBy(resolver, a, aaaa, target) };
}

async function findRecord(resolvers: readonly string[], { name, type, value }: WantedRecord): Promise<DnsFacts["records"][number]> {
  const findings = await Promise.all(resolvers.map(async (resolver): Promise<Finding> => recordAt(await ask(resolver, name, type), value)));
  return { name, value, finding: agree(findings) };
}

/** Asks every resolver about a host: who owns it, where it leads, and whether further records are there. Never throws. */
export async function lookUp(resolvers: readonly string[], wanted: Wanted, further: readonly WantedRecord[] = []): Promise<DnsFacts> {
  const [views, records] = await Promise.all([
    Promise.all(resolvers.map((resolver) => viewFrom(resolver, wanted))),
    Promise.all(further.map((record) => findRecord(resolvers, record))),
  ]);
  return {
    ownership: agree(views.map((view) => ownershipAt(view, wanted))),
    routing: agree(views.map((view) => routingAt(view, wanted))),
    records,
  };
}
