import { lookup } from "node:dns/promises";
import { createServer, type ServerResponse } from "node:http";
import { sendJson } from "../http-body.ts";
import { listen } from "../listen.ts";
import type { DnsRecord } from "./records.ts";

export interface DnsServer {
  /** What takes `?name=&type=` and answers as DNS over HTTPS resolvers do in JSON. */
  readonly address: string;
  close(): Promise<void>;
}

const TYPE = { A: 1, CNAME: 5, AAAA: 28 } as const;
const STATUS = { ok: 0, failed: 2, noSuchName: 3 } as const;
/** Seconds that an answer holds. Short: whoever edits the machine's hosts wants to see it. */
const TTL = 5;
/** Names that may stand for one another in a row. */
const MAX_CHAIN = 8;

interface Answer {
  readonly status: number;
  readonly records: readonly DnsRecord[];
}

/**
 * Answers for names as this machine's own resolver does, its hosts file included, since that is what the Worker's requests
 * will use; and for `planted` names as they say. Listens on this machine only.
 */
export async function startDnsServer(planted: readonly DnsRecord[]): Promise<DnsServer> {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    const [name, type] = [searchParams.get("name")?.toLowerCase().replace(/\.$/, ""), searchParams.get("type")];
    if (pathname !== "/dns-query" || !name || (type !== "A" && type !== "AAAA")) return sendJson(response, 400, { error: "Invalid query" });
    resolve(name, planted).then(
      (answer) => sendAnswer(response, type, answer),
      () => response.destroy(),
    );
  });
  const port = await listen(server, 0);
  return {
    address: `http://127.0.0.1:${port}/dns-query`,
    async close() {
      const closed = new Promise((done) => server.close(done));
      server.closeAllConnections();
      await closed;
    },
  };
}

function sendAnswer(response: ServerResponse, asked: "A" | "AAAA", { status, records }: Answer): void {
  const wanted = records.filter(({ type }) => type === asked || type === "CNAME");
  sendJson(response, 200, { Status: status, Answer: wanted.map(({ name, type, data }) => ({ name, type: TYPE[type], TTL, data })) });
}

async function resolve(name: string, planted: readonly DnsRecord[], depth = 0): Promise<Answer> {
  const own = planted.filter((record) => record.name === name);
  if (own.length === 0) return await ofThisMachine(name);
  const alias = own.find(({ type }) => type === "CNAME");
  if (!alias || depth === MAX_CHAIN) return { status: alias ? STATUS.failed : STATUS.ok, records: own };
  const { status, records } = await resolve(alias.data, planted, depth + 1);
  return { status, records: [...own, ...records] };
}

async function ofThisMachine(name: string): Promise<Answer> {
  try {
    const found = await lookup(name, { all: true });
    const records = found.map(({ address, family }) => ({ name, type: family === 6 ? "AAAA" : "A", data: address }) as const);
    return { status: STATUS.ok, records };
  } catch (error) {
    const unknown = error instanceof Error && "code" in error && error.code === "ENOTFOUND";
    return { status: unknown ? STATUS.noSuchName : STATUS.failed, records: [] };
  }
}
