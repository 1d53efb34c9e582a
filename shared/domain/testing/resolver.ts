import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

/** What a resolver does when it is asked for a name: its records as `<TYPE> <data>`, or something else than answering. */
type Behaviour =
  | readonly string[]
  | { readonly status: number; readonly comment?: string | readonly string[]; readonly unchecked?: readonly string[] }
  | { readonly http: number; readonly body?: string; readonly contentType?: string }
  | { readonly truncated: readonly string[] }
  /** Gives only the first alias, and leaves the rest to whoever asks. */
  | { readonly lazily: readonly string[] }
  | "never"
  | "cut";

export type Zone = Readonly<Record<string, Behaviour>>;

interface JsonRecord {
  readonly name: string;
  readonly type: number;
  readonly TTL: number;
  readonly data: string;
}

const NUMBERS: Readonly<Record<string, number>> = { A: 1, CNAME: 5, TXT: 16, AAAA: 28 };
const NX = 3;

function recordsOf(name: string, lines: readonly string[]): JsonRecord[] {
  return lines.map((line) => {
    const [type = "", ...data] = line.split(" ");
    return { name: `${name}.`, type: NUMBERS[type] ?? 0, TTL: 60, data: data.join(" ") };
  });
}

/** A name's own behaviour, or that of the wildcard above it (RFC 4592, as far as a test needs it). */
function behaviourOf(zone: Zone, name: string): Behaviour | undefined {
  const wildcard = `*.${name.split(".").slice(1).join(".")}`;
  return zone[name] ?? zone[wildcard];
}

/** A resolver's answer to a question whose records are lines: it follows aliases as far as its zone goes. */
function resolve(zone: Zone, asked: string, type: string, hops: number): { Status: number; Answer: JsonRecord[] } {
  const Answer: JsonRecord[] = [];
  let name = asked;
  for (let hop = 0; hop <= hops; hop += 1) {
    const lines = behaviourOf(zone, name);
    if (!Array.isArray(lines)) return { Status: NX, Answer };
    const records = recordsOf(name, lines);
    const alias = records.find((record) => record.type === NUMBERS["CNAME"]);
    Answer.push(...records.filter((record) => record.type === NUMBERS[type] || record === alias));
    if (alias === undefined || type === "CNAME") return { Status: 0, Answer };
    name = alias.data.toLowerCase().replace(/\.$/, "");
  }
  return { Status: 0, Answer };
}

/** What is sent back; `null`: nothing, ever. `"cut"`: the connection ends. */
type Reply = { readonly http: number; readonly contentType: string; readonly body: string } | "cut" | null;

function json(body: object): Reply {
  return { http: 200, contentType: "application/dns-json", body: JSON.stringify(body) };
}

function replyTo(zone: Zone, name: string, type: string, checkingDisabled: boolean): Reply {
  const behaviour = behaviourOf(zone, name);
  if (behaviour === "never") return null;
  if (behaviour === "cut") return behaviour;
  if (behaviour === undefined) return json({ Status: NX, TC: false });
  if ("http" in behaviour) return { contentType: "text/html", body: "", ...behaviour };
  if ("truncated" in behaviour) return json({ Status: 0, TC: true, Answer: recordsOf(name, behaviour.truncated) });
  if ("lazily" in behaviour) return json({ Status: 0, Answer: recordsOf(name, behaviour.lazily) });
  if ("status" in behaviour) {
    const { status, comment, unchecked } = behaviour;
    if (unchecked && checkingDisabled) return json({ Status: 0, Answer: recordsOf(name, unchecked) });
    return json({ Status: status, ...(comment !== undefined && { Comment: comment }) });
  }
  const { Status, Answer } = resolve(zone, name, type, 8);
  return json({ Status, TC: false, RD: true, RA: true, Question: [{ name, type: NUMBERS[type] }], Answer });
}

/** A DNS over HTTPS resolver on this machine, in the JSON form of Cloudflare and Google. */
export interface TestResolver {
  readonly address: string;
  /** Questions since it began, as `name TYPE`. */
  readonly asked: string[];
  zone: Zone;
  close(): Promise<void>;
}

export async function startTestResolver(): Promise<TestResolver> {
  const asked: string[] = [];
  const resolver = { asked, zone: {} as Zone };

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const { searchParams } = new URL(request.url ?? "/", "http://127.0.0.1");
    const name = (searchParams.get("name") ?? "").toLowerCase().replace(/\.$/, "");
    const type = searchParams.get("type") ?? "A";
    asked.push(`${name} ${type}`);
    const reply = replyTo(resolver.zone, name, type, searchParams.get("cd") === "1");
    if (reply === "cut") response.destroy();
    else if (reply !== null) response.writeHead(reply.http, { "content-type": reply.contentType }).end(reply.body);
  }

  const server = createServer(answer);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the resolver has no port");
  return Object.assign(resolver, {
    address: `http://127.0.0.1:${address.port}/dns-query`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  });
}
