/**
 * What DNS says: the data of all records of a type that stand at a name itself, none where there is none, `null` where the name's
 * servers fail. TXT strings are joined.
 */
export type LookUp = (name: string, type: "A" | "AAAA" | "CNAME" | "TXT") => Promise<readonly string[] | null>;

/** Names that may stand for one another in a row. */
const MAX_CHAIN = 8;

const bare = (name: string) => name.toLowerCase().replace(/\.$/, "");

/**
 * Whether a hostname leads to a target: by a CNAME to it or to a name below it, through others, or by the same addresses, as
 * where a provider flattens a CNAME at an apex. `null` while DNS does not say.
 */
export async function leadsTo(lookUp: LookUp, hostname: string, target: string): Promise<boolean | null> {
  let name = bare(hostname);
  for (let step = 0; step < MAX_CHAIN; step += 1) {
    const found = await lookUp(name, "CNAME");
    if (found === null) return null;
    const [next] = found;
    if (next === undefined) break;
    name = bare(next);
    if (name === target || name.endsWith(`.${target}`)) return true;
  }
  const [own, theirs] = await Promise.all([addresses(lookUp, name), addresses(lookUp, target)]);
  return own === null || theirs === null ? null : own.some((address) => theirs.includes(address));
}

async function addresses(lookUp: LookUp, name: string): Promise<readonly string[] | null> {
  const [four, six] = await Promise.all([lookUp(name, "A"), lookUp(name, "AAAA")]);
  return four === null || six === null ? null : [...four, ...six];
}
